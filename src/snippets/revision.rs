//! A revision: one saved state of a snippet, never changed after; and the form it has in storage.

use std::borrow::Cow;
use std::io::Read;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::db::DbError;
use crate::program::{Program, turns_text};
use crate::seal::SealKey;
use crate::snippets::history::Summary;

/// Greatest length of a title, characters.
pub const MAX_TITLE_CHARACTERS: usize = 200;
/// JSON longer than this is compressed.
const COMPRESS_FROM_BYTES: usize = 4096;
/// What decompressing may yield at most; greater than any program the limits let in.
const MAX_JSON_BYTES: u64 = 64 * 1024 * 1024;
const PLAIN: u8 = b'j';
const COMPRESSED: u8 = b'z';
/// One of the two above, sealed.
const SEALED: u8 = b's';

/// What the owner chose: everything of a revision but its number and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Empty when nobody named it.
    #[serde(default)]
    pub title: String,
    /// The program.
    pub program: Program,
}

impl Content {
    /// What tells it from any other.
    pub(super) fn digest(&self) -> String {
        digest_of(&serde_json::to_vec(self).expect("content has no form that JSON cannot write"))
    }
}

/// One saved state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// From 1.
    pub number: u64,
    /// What was saved.
    pub content: Content,
    /// When, milliseconds by the clock of Redis.
    pub created_ms: u64,
}

/// A title as it may stand in a heading and in the browser's tab: one line, no control characters, cut at the limit.
#[must_use]
pub fn clean_title(text: &str) -> String {
    let hidden = |character: char| character.is_control() || turns_text(character);
    let visible = text.chars().map(|character| if hidden(character) { ' ' } else { character });
    let cut: String = visible.take(MAX_TITLE_CHARACTERS).collect();
    cut.trim().to_owned()
}

/// Content ready for storage, and what stands beside it.
pub(super) struct Packed {
    /// First byte: plain, compressed or sealed; then JSON.
    pub(super) bytes: Vec<u8>,
    /// Tells equal contents without reading them back.
    pub(super) digest: String,
    /// Empty where it is sealed, as the language is.
    pub(super) title: String,
    pub(super) language: String,
    /// For the history.
    pub(super) summary: String,
}

impl Packed {
    pub(super) fn of(content: &Content) -> Self {
        let json = serde_json::to_vec(content).expect("content has no form that JSON cannot write");
        let digest = digest_of(&json);
        Self {
            bytes: compressed(&json).unwrap_or_else(|| tagged(PLAIN, &json)),
            digest,
            title: content.title.clone(),
            language: content.program.language.0.clone(),
            summary: Summary::of(content).json(),
        }
    }

    /// The same for a protected snippet: nothing of it can be read, or told from another, without the key.
    pub(super) fn sealed(content: &Content, key: &SealKey) -> Self {
        let plain = Self::of(content);
        Self {
            bytes: tagged(SEALED, &key.seal(&plain.bytes)),
            digest: hex::encode(key.digest(plain.digest.as_bytes())),
            title: String::new(),
            language: String::new(),
            summary: hex::encode(key.seal(plain.summary.as_bytes())),
        }
    }
}

fn digest_of(json: &[u8]) -> String {
    hex::encode(Sha256::digest(json))
}

fn compressed(json: &[u8]) -> Option<Vec<u8>> {
    if json.len() < COMPRESS_FROM_BYTES {
        return None;
    }
    // Compressing into memory does not fail; if it did, plain would be as good.
    let small = zstd::bulk::compress(json, zstd::DEFAULT_COMPRESSION_LEVEL).ok()?;
    Some(tagged(COMPRESSED, &small))
}

fn tagged(form: u8, bytes: &[u8]) -> Vec<u8> {
    [&[form], bytes].concat()
}

/// Reads what the scripts wrote: the time, a space, then [`Packed::bytes`].
pub(super) fn unpack(number: u64, stored: &[u8], key: Option<&SealKey>) -> Result<Revision, DbError> {
    let (created_ms, packed) = opened(number, stored, key)?;
    let content = content(&packed).map_err(|error| damaged(number, &error))?;
    Ok(Revision { number, content, created_ms })
}

/// What the scripts wrote under another key, or none. What it holds is not looked at.
pub(super) fn reseal(
    number: u64,
    stored: &[u8],
    old: Option<&SealKey>,
    new: Option<&SealKey>,
) -> Result<Vec<u8>, DbError> {
    let (created_ms, packed) = opened(number, stored, old)?;
    let bytes = new.map_or_else(|| packed.to_vec(), |key| tagged(SEALED, &key.seal(&packed)));
    Ok([format!("{created_ms} ").as_bytes(), &bytes].concat())
}

/// The time, and the content packed in clear.
fn opened<'a>(number: u64, stored: &'a [u8], key: Option<&SealKey>) -> Result<(u64, Cow<'a, [u8]>), DbError> {
    let damaged = |what: &str| damaged(number, what);
    let space = stored.iter().position(|&byte| byte == b' ').ok_or_else(|| damaged("no time"))?;
    let created = std::str::from_utf8(&stored[..space]).ok().and_then(|text| text.parse().ok());
    let created_ms = created.ok_or_else(|| damaged("strange time"))?;
    let packed = match (stored[space + 1..].split_first(), key) {
        (Some((&SEALED, sealed)), Some(key)) => {
            Cow::Owned(key.open(sealed).ok_or_else(|| damaged("sealed otherwise"))?)
        }
        (_, Some(_)) => return Err(damaged("not sealed")),
        (Some((&(PLAIN | COMPRESSED), _)), None) => Cow::Borrowed(&stored[space + 1..]),
        (_, None) => return Err(damaged("strange form")),
    };
    Ok((created_ms, packed))
}

fn damaged(number: u64, what: &str) -> DbError {
    DbError::Damaged(format!("revision {number}: {what}"))
}

fn content(packed: &[u8]) -> Result<Content, String> {
    let read = match packed.split_first() {
        Some((&PLAIN, json)) => serde_json::from_slice(json),
        Some((&COMPRESSED, small)) => {
            let reader = zstd::Decoder::new(small).map_err(|error| error.to_string())?;
            serde_json::from_reader(std::io::BufReader::new(reader.take(MAX_JSON_BYTES)))
        }
        _ => return Err("strange form".to_owned()),
    };
    read.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::LanguageId;
    use crate::program::file::SourceFile;

    fn content(text: &str) -> Content {
        let files = vec![SourceFile::text("main.py", text)];
        let program = Program { language: LanguageId("python".into()), files, arguments: vec![], stdin: None };
        Content { title: String::new(), program }
    }

    #[test]
    fn small_and_large_contents_read_back() {
        for text in ["print(1)".to_owned(), "print(1)\n".repeat(10_000)] {
            let packed = Packed::of(&content(&text));
            let stored = [b"17 ".as_slice(), &packed.bytes].concat();
            let revision = unpack(3, &stored, None).unwrap();
            assert_eq!(revision, Revision { number: 3, content: content(&text), created_ms: 17 });
        }
    }

    #[test]
    fn what_was_stored_before_files_had_an_encoding_still_reads() {
        let stored =
            br#"17 j{"title":"","program":{"language":"python","files":[{"path":"main.py","content":"x"}],"args":[]}}"#;
        assert_eq!(unpack(1, stored, None).unwrap().content, content("x"));
        let packed = Packed::of(&content("x")).bytes;
        assert!(!String::from_utf8(packed).unwrap().contains("encoding"));
    }

    #[test]
    fn a_large_content_is_stored_small() {
        assert!(Packed::of(&content(&"print(1)\n".repeat(10_000))).bytes.len() < 1000);
    }

    #[test]
    fn a_damaged_revision_is_an_error() {
        for stored in [b"".as_slice(), b"1", b"x j{}", b"1 j{}", b"1 zabc", b"1 q", b"1 sabc"] {
            assert!(unpack(1, stored, None).is_err());
        }
    }

    #[test]
    fn a_title_is_one_short_line() {
        assert_eq!(clean_title(" a\nb\u{1b} \u{202e}"), "a b");
        assert_eq!(clean_title(&"é".repeat(500)).chars().count(), MAX_TITLE_CHARACTERS);
    }

    #[test]
    fn a_sealed_content_needs_its_key_and_shows_nothing() {
        let key = SealKey::random();
        let packed = Packed::sealed(&content("print('hidden')"), &key);
        let stored = [b"17 ".as_slice(), &packed.bytes].concat();
        assert_eq!(unpack(1, &stored, Some(&key)).unwrap().content, content("print('hidden')"));
        assert!(unpack(1, &stored, None).is_err() && unpack(1, &stored, Some(&SealKey::random())).is_err());
        let plain = Packed::of(&content("print('hidden')"));
        assert!(unpack(1, &[b"17 ".as_slice(), &plain.bytes].concat(), Some(&key)).is_err());
        assert_ne!(packed.digest, plain.digest);
        for new in [None, Some(&SealKey::random())] {
            let resealed = reseal(1, &stored, Some(&key), new).unwrap();
            assert_eq!(unpack(1, &resealed, new).unwrap(), unpack(1, &stored, Some(&key)).unwrap());
            assert!(new.is_none() || unpack(1, &resealed, Some(&key)).is_err());
        }
        assert!(packed.title.is_empty() && packed.language.is_empty() && !packed.summary.contains("python"));
    }
}
