//! The lock of a protected snippet.
//!
//! Its contents are sealed with a random key; storage holds that key sealed with another
//! one, which Argon2id makes from the password. Neither the password nor either key is ever stored.

use argon2::Argon2;
use subtle::ConstantTimeEq;

use crate::seal::{SealKey, random};

/// Greatest length of a password, bytes.
pub const MAX_PASSWORD_BYTES: usize = 200;
const SALT_BYTES: usize = 16;
/// Characters of a fingerprint that name a lock.
const NAME_CHARACTERS: usize = 16;

/// A lock, as it is stored.
#[derive(Debug, Clone)]
pub struct Lock {
    fingerprint: String,
    salt: [u8; SALT_BYTES],
    sealed_key: Vec<u8>,
}

impl Lock {
    /// A fresh lock with its key. Takes a good part of a second of a processor, and 19 MiB.
    #[must_use]
    pub fn new(password: &str) -> (Self, SealKey) {
        let (key, salt) = (SealKey::random(), random());
        let sealed_key = slow_key(password, &salt).seal(key.reveal().as_bytes());
        (Self { fingerprint: key.fingerprint(), salt, sealed_key }, key)
    }

    /// The key, if this is the password. Takes as long as [`Self::new`].
    #[must_use]
    pub fn open(&self, password: &str) -> Option<SealKey> {
        let key = slow_key(password, &self.salt).open(&self.sealed_key)?;
        SealKey::parse(std::str::from_utf8(&key).ok()?)
    }

    /// Whether this key opens it; takes as long whatever the answer.
    #[must_use]
    pub fn is_opened_by(&self, key: &SealKey) -> bool {
        self.fingerprint.as_bytes().ct_eq(key.fingerprint().as_bytes()).into()
    }

    /// A short name; forks share their origin's lock.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.fingerprint[..NAME_CHARACTERS]
    }

    /// What is stored.
    pub(super) fn text(&self) -> String {
        format!("1 {} {} {}", self.fingerprint, hex::encode(self.salt), hex::encode(&self.sealed_key))
    }

    /// Reads what is stored.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        parts.next().filter(|&version| version == "1")?;
        let fingerprint = parts.next().filter(|text| text.len() == 64 && text.is_ascii())?.to_owned();
        let mut salt = [0; SALT_BYTES];
        hex::decode_to_slice(parts.next()?, &mut salt).ok()?;
        Some(Self { fingerprint, salt, sealed_key: hex::decode(parts.next()?).ok()? })
    }
}

/// Argon2id with the parameters that OWASP names first.
fn slow_key(password: &str, salt: &[u8]) -> SealKey {
    let mut bytes = [0; 32];
    let made = Argon2::default().hash_password_into(password.as_bytes(), salt, &mut bytes);
    made.expect("lengths of salt and key are within Argon2's limits");
    SealKey::of(bytes)
}

/// The keys that somebody holds.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Vec<SealKey>);

impl Keyring {
    /// With these keys.
    #[must_use]
    pub fn new(keys: Vec<SealKey>) -> Self {
        Self(keys)
    }

    /// Adds one.
    pub fn add(&mut self, key: SealKey) {
        self.0.push(key);
    }

    /// The key that opens this lock.
    #[must_use]
    pub fn opening(&self, lock: &Lock) -> Option<&SealKey> {
        self.0.iter().find(|key| lock.is_opened_by(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_opens_a_lock_that_was_stored() {
        let (lock, key) = Lock::new("correct horse");
        let lock = Lock::read(&lock.text()).unwrap();
        assert_eq!(lock.open("correct horse"), Some(key.clone()));
        assert_eq!(lock.open("Correct horse"), None);
        assert!(!lock.text().contains("horse") && !lock.text().contains(&key.reveal()));
        let keyring = Keyring::new(vec![SealKey::random(), key.clone()]);
        assert_eq!(keyring.opening(&lock), Some(&key));
        assert!(Keyring::default().opening(&lock).is_none());
    }

    #[test]
    fn a_damaged_lock_is_none() {
        for text in ["", "1", "2 a b c", "1 é b c"] {
            assert!(Lock::read(text).is_none(), "{text}");
        }
    }
}
