//! What is asked of a runner: a program, how it talks (terminal or pipes), and for which snippet.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::db::keys;
use crate::program::Program;

/// Characters of a run's random part, and of a runner's.
pub const ALPHABET: [char; 57] = keys::ALPHABET;

/// What stands before the random part of the id of a sealed run.
const SEALED: &str = "sealed-";

/// A run's id: its queue shard and a random part, `0-…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A fresh id on this shard.
    #[must_use]
    pub fn random(shard: u16) -> Self {
        Self(format!("{shard}-{}", nanoid::nanoid!(16, &ALPHABET)))
    }

    /// A fresh id of a run that must not be read in Redis: it says so itself, to everybody who writes or reads.
    #[must_use]
    pub fn random_sealed(shard: u16) -> Self {
        Self(format!("{shard}-{SEALED}{}", nanoid::nanoid!(16, &ALPHABET)))
    }

    /// Whether it is the id of such a run.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.0.split_once('-').is_some_and(|(_, random)| random.starts_with(SEALED))
    }

    /// Reads an id that came from outside.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (shard, random) = text.split_once('-')?;
        let random = random.strip_prefix(SEALED).unwrap_or(random);
        let sound = shard.parse::<u16>().is_ok_and(|number| number.to_string() == shard)
            && random.chars().count() == 16
            && random.chars().all(|character| ALPHABET.contains(&character));
        sound.then(|| Self(text.to_owned()))
    }

    /// The queue shard it belongs to.
    #[must_use]
    pub fn shard(&self) -> u16 {
        self.0.split('-').next().and_then(|shard| shard.parse().ok()).unwrap_or(0)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Size of a viewer's terminal in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Characters in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// A run's request, as it is stored for the runner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// What to execute.
    pub program: Program,
    /// A terminal of this size, or pipes.
    #[serde(default)]
    pub terminal: Option<Terminal>,
    /// Which snippet's revision this is; absent for code sent directly.
    #[serde(default)]
    pub snippet: Option<SnippetRevision>,
    /// Input for this run alone, in place of the program's own: any bytes. Only with pipes; closed after it.
    #[serde(default, with = "hexadecimal", skip_serializing_if = "Option::is_none")]
    pub stdin_bytes: Option<Vec<u8>>,
}

/// Bytes as JSON can hold them.
mod hexadecimal {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_str(&hex::encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| hex::decode(text).map_err(D::Error::custom)).transpose()
    }
}

/// A snippet's revision, named from the outside of `snippets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnippetRevision {
    /// The snippet's key.
    pub key: String,
    /// The revision's number.
    pub revision: u64,
}

/// The newest run of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestRun {
    /// Its id.
    pub id: RunId,
    /// The revision that was run; the snippet may have a newer one by now.
    pub revision: u64,
}

impl LatestRun {
    /// As the snippet's stream names it.
    #[must_use]
    pub fn read(id: &str, revision: u64) -> Option<Self> {
        RunId::parse(id).map(|id| Self { id, revision })
    }
}

/// What a viewer may say to a run while it waits or runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Control {
    /// Text for stdin.
    Input {
        /// As typed.
        data: String,
    },
    /// Close stdin.
    Eof,
    /// The terminal has a new size.
    Resize(Terminal),
    /// End the run now.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_id_reads_back_and_a_strange_one_does_not() {
        let id = RunId::random(7);
        assert_eq!(RunId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(id.shard(), 7);
        let sealed = RunId::random_sealed(7);
        assert_eq!(RunId::parse(sealed.as_str()), Some(sealed.clone()));
        assert!(sealed.is_sealed() && !id.is_sealed() && sealed.shard() == 7);
        for strange in ["", "0", "0-", "07-aaaaaaaaaaaaaaaa", "0-aaaaaaaaaaaaaaa0", "x-aaaaaaaaaaaaaaaa"] {
            assert_eq!(RunId::parse(strange), None, "{strange}");
        }
    }
}
