//! A revision: one saved state of a snippet, never changed after; and the form it has in storage.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::db::DbError;
use crate::program::{Program, turns_text};
use crate::seal::SealKey;
use crate::snippets::history::Summary;
use crate::snippets::packing;

/// Greatest length of a title, characters.
pub const MAX_TITLE_CHARACTERS: usize = 200;
/// First byte of what is packed and sealed.
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
    /// What [`packing::pack`] makes of it, or that sealed behind the byte [`SEALED`].
    pub(super) bytes: Vec<u8>,
    /// Of two contents with one id, one is the other. In clear it is like no other's; sealed, equal contents have one, so
    /// that they are told without the key.
    pub(super) id: String,
    /// Empty where it is sealed, as the language is.
    pub(super) title: String,
    pub(super) language: String,
    /// For the history.
    pub(super) summary: String,
}

impl Packed {
    pub(super) fn of(content: &Content) -> Self {
        Self {
            id: fresh_id(),
            bytes: packing::pack(content),
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
            id: hex::encode(key.digest(&plain.bytes)),
            title: String::new(),
            language: String::new(),
            summary: hex::encode(key.seal(plain.summary.as_bytes())),
        }
    }
}

/// An id of a content that is like no other's.
pub(super) fn fresh_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

fn tagged(form: u8, bytes: &[u8]) -> Vec<u8> {
    [&[form], bytes].concat()
}

/// Reads what the scripts wrote: the time, a space, then [`Packed::bytes`].
pub(super) fn unpack(number: u64, stored: &[u8], key: Option<&SealKey>) -> Result<Revision, DbError> {
    let (created_ms, packed) = opened(number, stored, key)?;
    let content = packing::unpack(&packed).map_err(|error| damaged(number, &error))?;
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
        (_, None) if packing::is_packed(&stored[space + 1..]) => Cow::Borrowed(&stored[space + 1..]),
        (_, None) => return Err(damaged("strange form")),
    };
    Ok((created_ms, packed))
}

fn damaged(number: u64, what: &str) -> DbError {
    DbError::Damaged(format!("revision {number}: {what}"))
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
        assert_ne!(packed.id, plain.id);
        for new in [None, Some(&SealKey::random())] {
            let resealed = reseal(1, &stored, Some(&key), new).unwrap();
            assert_eq!(unpack(1, &resealed, new).unwrap(), unpack(1, &stored, Some(&key)).unwrap());
            assert!(new.is_none() || unpack(1, &resealed, Some(&key)).is_err());
        }
        assert!(packed.title.is_empty() && packed.language.is_empty() && !packed.summary.contains("python"));
    }
}
