//! The key of a snippet: the random part of its URL, and all that protects an unlisted snippet from guessing.

use std::fmt;

use rand::RngCore;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::db::keys::ALPHABET;
use crate::snippets::owner::OwnerHash;

/// Characters in a key: 70 bits.
pub const KEY_LENGTH: usize = 12;

/// Which bytes may stand in a key.
const IN_KEYS: [bool; 256] = {
    let mut table = [false; 256];
    let mut index = 0;
    while index < ALPHABET.len() {
        table[ALPHABET[index] as usize] = true;
        index += 1;
    }
    table
};

/// Random bytes for a key, of a generator that the operating system seeds anew now and then: asking that for each key
/// costs more than all else of one.
fn random_bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A key that has the right form; whether a snippet stands under it is known to the store only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnippetKey(String);

impl SnippetKey {
    /// A fresh key.
    #[must_use]
    pub fn random() -> Self {
        Self(nanoid::nanoid!(KEY_LENGTH, &ALPHABET, random_bytes))
    }

    /// The key of the first snippet of an owner who was nobody before. It follows from who they are, so that no list need
    /// name it; nobody can go the other way.
    #[must_use]
    pub fn first_of(owner: &OwnerHash) -> Self {
        let digest = Sha256::new().chain_update("first snippet of ").chain_update(owner.as_str()).finalize();
        let letter = |two: &[u8; 2]| ALPHABET[usize::from(u16::from_be_bytes(*two)) % ALPHABET.len()];
        Self(digest.as_chunks().0.iter().take(KEY_LENGTH).map(letter).collect())
    }

    /// Reads a key that came from outside.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sound = text.len() == KEY_LENGTH && text.bytes().all(|byte| IN_KEYS[usize::from(byte)]);
        sound.then(|| Self(text.to_owned()))
    }

    /// Whether text looks like a key, at a glance: every key does.
    #[must_use]
    pub fn is_alike(text: &str) -> bool {
        text.len() == KEY_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SnippetKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Text that is no key.
#[derive(Debug, thiserror::Error)]
#[error("not a snippet's key")]
pub struct NotAKey;

impl TryFrom<String> for SnippetKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        Self::parse(&text).ok_or(NotAKey)
    }
}

impl From<SnippetKey> for String {
    fn from(key: SnippetKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::snippets::owner::OwnerSecret;

    #[test]
    fn first_keys_are_keys_and_as_many_as_owners() {
        let owners: Vec<OwnerHash> = (0..1000).map(|_| OwnerSecret::random().hash()).collect();
        let keys: HashSet<SnippetKey> = owners.iter().map(SnippetKey::first_of).collect();
        assert_eq!(keys.len(), owners.len());
        assert!(keys.iter().all(|key| SnippetKey::parse(key.as_str()).as_ref() == Some(key)));
        let used: HashSet<char> = keys.iter().flat_map(|key| key.as_str().chars()).collect();
        assert_eq!(used.len(), ALPHABET.len());
    }

    #[test]
    fn a_fresh_key_reads_back_and_a_strange_one_does_not() {
        let key = SnippetKey::random();
        assert_eq!(SnippetKey::parse(key.as_str()), Some(key.clone()));
        for strange in ["", "abc", "abcdefghijkm2", "abcdefghijk0", "abcdefghij/.", "abcdefghijké", "abcdefghijk\n"] {
            assert_eq!(SnippetKey::parse(strange), None, "{strange:?}");
        }
    }
}
