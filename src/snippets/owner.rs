//! The owner of a snippet: whoever holds the secret. Only the secret's hash is ever stored.

use std::fmt;

use rand::RngCore;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const SECRET_BYTES: usize = 32;

/// 256 random bits that one browser keeps in a cookie; they own every snippet made with them.
/// Never logged and never stored by the server.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnerSecret([u8; SECRET_BYTES]);

impl OwnerSecret {
    /// A fresh secret, of a generator made for secrets that the operating system seeds anew now and then.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; SECRET_BYTES];
        rand::rng().fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Reads the form that [`Self::reveal`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; SECRET_BYTES];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The secret as text, for its holder only.
    #[must_use]
    pub fn reveal(&self) -> String {
        hexadecimal(&self.0)
    }

    /// What may be stored.
    #[must_use]
    pub fn hash(&self) -> OwnerHash {
        OwnerHash(hexadecimal(&Sha256::digest(self.0).into()))
    }
}

/// Every request needs it: `hex::encode`, which makes each character by itself, takes ten times as long.
fn hexadecimal(bytes: &[u8; SECRET_BYTES]) -> String {
    let mut text = vec![0; 2 * SECRET_BYTES];
    hex::encode_to_slice(bytes, &mut text).expect("the text has two places for each byte");
    String::from_utf8(text).expect("hexadecimal digits are ASCII")
}

impl fmt::Debug for OwnerSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OwnerSecret(…)")
    }
}

/// SHA-256 of an owner's secret, as hexadecimal text. No `PartialEq`, so that nobody compares it in haste.
#[derive(Debug, Clone)]
pub struct OwnerHash(String);

impl OwnerHash {
    /// Takes a hash out of storage.
    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are the same owner's; takes as long whatever the answer.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.is_text(&other.0)
    }

    /// Whether this hash was written as `text` elsewhere; takes as long whatever the answer.
    #[must_use]
    pub fn is_text(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_owns_what_it_made() {
        let secret = OwnerSecret::random();
        let read = OwnerSecret::parse(&secret.reveal()).unwrap();
        assert!(read.hash().is(&secret.hash()));
        assert!(!OwnerSecret::random().hash().is(&secret.hash()));
    }

    #[test]
    fn a_mangled_secret_is_none() {
        let long = "0".repeat(66);
        for mangled in ["", "00", "g".repeat(64).as_str(), long.as_str()] {
            assert_eq!(OwnerSecret::parse(mangled), None);
        }
    }

    #[test]
    fn a_secret_does_not_show_in_a_log() {
        assert_eq!(format!("{:?}", OwnerSecret::random()), "OwnerSecret(…)");
    }
}
