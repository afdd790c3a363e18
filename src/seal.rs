//! Seals: 256 random bits that close a text so that storage alone cannot read it. Whoever holds the bits opens it; storage
//! keeps a fingerprint at most.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

const KEY_BYTES: usize = 32;
/// Long enough to be random each time, for ever.
const NONCE_BYTES: usize = 24;

/// What seals and opens. Never logged, and never in storage.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey([u8; KEY_BYTES]);

impl SealKey {
    /// A fresh one from the operating system.
    #[must_use]
    pub fn random() -> Self {
        Self(random())
    }

    pub(crate) fn of(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads the form that [`Self::reveal`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; KEY_BYTES];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The key as text, for its holder only.
    #[must_use]
    pub fn reveal(&self) -> String {
        hex::encode(self.0)
    }

    /// What storage may know it by.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(self.digest(b"codecube seal"))
    }

    /// Another key, which whoever holds this one can make again; it tells nothing of this one.
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        Self(self.digest(purpose.as_bytes()))
    }

    /// A digest of something that tells nothing of it to whoever lacks the key.
    pub(crate) fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(bytes).finalize().into()
    }

    pub(crate) fn seal(&self, bytes: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random();
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), bytes);
        [nonce.as_slice(), &sealed.expect("what fits into memory can be sealed")].concat()
    }

    /// `None` when it was sealed with another key, or is damaged.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher().decrypt(&XNonce::from(*nonce), rest).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealKey(…)")
    }
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers once it is up");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_key_opens_a_sealed_text_and_every_change_shows() {
        let key = SealKey::random();
        let sealed = key.seal(b"plain");
        assert_eq!(key.open(&sealed).as_deref(), Some(b"plain".as_slice()));
        assert_ne!(key.seal(b"plain"), sealed);
        assert_eq!(SealKey::random().open(&sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&changed), None);
        }
        assert_eq!((key.open(b""), key.open(&sealed[..30])), (None, None));
    }

    #[test]
    fn a_key_reads_back_and_does_not_show_in_a_log() {
        let key = SealKey::random();
        assert_eq!(SealKey::parse(&key.reveal()), Some(key.clone()));
        assert_eq!((SealKey::parse("00"), format!("{key:?}")), (None, "SealKey(…)".to_owned()));
    }
}
