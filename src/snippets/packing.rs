//! Packing: how a content is written for storage. A line of JSON says what there is, and the files follow byte by byte,
//! so that no character of them need be looked at. What is long is compressed.

use std::borrow::Cow;
use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::languages::LanguageId;
use crate::program::Program;
use crate::program::file::{FileContent, SourceFile};
use crate::snippets::revision::Content;

/// What is longer is compressed.
const COMPRESS_FROM_BYTES: usize = 4096;
/// What decompressing may yield at most; greater than any program the limits let in.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Room for the line, mostly.
const LINE_BYTES: usize = 256;

/// The first byte says which form it is.
const PLAIN: u8 = b'p';
const COMPRESSED: u8 = b'c';
/// Forms that are read and not written any more: all of it as JSON.
const JSON: u8 = b'j';
const COMPRESSED_JSON: u8 = b'z';

/// The line.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    title: Cow<'a, str>,
    language: Cow<'a, str>,
    files: Vec<FileLine<'a>>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    args: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stdin: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct FileLine<'a> {
    path: Cow<'a, str>,
    bytes: usize,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    binary: bool,
}

/// Whether it begins as one of the forms does.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(&(PLAIN | COMPRESSED | JSON | COMPRESSED_JSON)))
}

/// Packs a content.
pub(super) fn pack(content: &Content) -> Vec<u8> {
    let Program { language, files, arguments, stdin } = &content.program;
    let line = Line {
        title: Cow::Borrowed(&content.title),
        language: Cow::Borrowed(&language.0),
        files: files.iter().map(FileLine::of).collect(),
        args: Cow::Borrowed(arguments),
        stdin: stdin.as_deref().map(Cow::Borrowed),
    };
    // In memory that is taken once, for this is done for every save.
    let length: usize = files.iter().map(|file| file.content.len() + file.path.len()).sum();
    let mut bytes = Vec::with_capacity(length + LINE_BYTES);
    bytes.push(PLAIN);
    serde_json::to_writer(&mut bytes, &line).expect("content has no form that JSON cannot write");
    bytes.push(b'\n');
    files.iter().for_each(|file| bytes.extend_from_slice(file.content.as_bytes()));
    compressed(&bytes[1..]).unwrap_or(bytes)
}

fn compressed(plain: &[u8]) -> Option<Vec<u8>> {
    if plain.len() < COMPRESS_FROM_BYTES {
        return None;
    }
    // Compressing into memory does not fail; if it did, plain would be as good.
    let small = zstd::bulk::compress(plain, zstd::DEFAULT_COMPRESSION_LEVEL).ok()?;
    Some([&[COMPRESSED], small.as_slice()].concat())
}

/// Reads what [`pack`] wrote, now or in an older version.
pub(super) fn unpack(packed: &[u8]) -> Result<Content, String> {
    let content = unpacked(packed)?;
    if content.program.files.is_empty() { Err("no file".to_owned()) } else { Ok(content) }
}

fn unpacked(packed: &[u8]) -> Result<Content, String> {
    match packed.split_first() {
        Some((&PLAIN, plain)) => read(plain),
        Some((&COMPRESSED, small)) => read(&expanded(small)?),
        Some((&JSON, json)) => serde_json::from_slice(json).map_err(|error| error.to_string()),
        Some((&COMPRESSED_JSON, small)) => serde_json::from_slice(&expanded(small)?).map_err(|error| error.to_string()),
        _ => Err("strange form".to_owned()),
    }
}

fn expanded(small: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let reader = zstd::Decoder::new(small).map_err(|error| error.to_string())?;
    reader.take(MAX_BYTES).read_to_end(&mut plain).map_err(|error| error.to_string())?;
    Ok(plain)
}

fn read(plain: &[u8]) -> Result<Content, String> {
    let end = plain.iter().position(|&byte| byte == b'\n').ok_or("the line has no end")?;
    let line: Line<'_> = serde_json::from_slice(&plain[..end]).map_err(|error| error.to_string())?;
    let (mut files, mut rest) = (Vec::with_capacity(line.files.len()), &plain[end + 1..]);
    for file in line.files {
        let (own, others) = rest.split_at_checked(file.bytes).ok_or("a file is cut off")?;
        files.push(file.with(own)?);
        rest = others;
    }
    if !rest.is_empty() {
        return Err("more than its files".to_owned());
    }
    let program = Program {
        language: LanguageId(line.language.into_owned()),
        files,
        arguments: line.args.into_owned(),
        stdin: line.stdin.map(Cow::into_owned),
    };
    Ok(Content { title: line.title.into_owned(), program })
}

impl<'a> FileLine<'a> {
    fn of(file: &'a SourceFile) -> Self {
        let binary = file.content.as_text().is_none();
        Self { path: Cow::Borrowed(&file.path), bytes: file.content.len(), binary }
    }

    fn with(self, bytes: &[u8]) -> Result<SourceFile, String> {
        let content = match self.binary {
            true => FileContent::Binary(bytes.to_vec()),
            false => FileContent::Text(String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())?),
        };
        Ok(SourceFile { path: self.path.into_owned(), content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(files: Vec<SourceFile>) -> Content {
        let program = Program { language: LanguageId("python".into()), files, arguments: vec![], stdin: None };
        Content { title: String::new(), program }
    }

    #[test]
    fn all_of_a_content_reads_back_large_or_small() {
        for times in [1, 10_000] {
            let text = "print('é\0\n')".repeat(times);
            let bytes = (0..=255).collect::<Vec<u8>>().repeat(times);
            let binary = SourceFile { path: "a/b.png".into(), content: FileContent::from_bytes(bytes) };
            let empty = SourceFile::text("empty", "");
            let mut whole = content(vec![SourceFile::text("main.py", text), empty, binary]);
            whole.title = "A \"title\"\n".into();
            whole.program.arguments = vec!["--a".into(), String::new()];
            for stdin in [None, Some(String::new()), Some("in\nput".to_owned())] {
                whole.program.stdin = stdin;
                assert_eq!(unpack(&pack(&whole)), Ok(whole.clone()));
            }
        }
    }

    #[test]
    fn equal_contents_are_packed_alike() {
        for times in [1, 10_000] {
            let whole = content(vec![SourceFile::text("main.py", "print(1)\n".repeat(times))]);
            assert_eq!(pack(&whole), pack(&whole.clone()));
            assert!(pack(&whole).len() < 1000);
        }
    }

    #[test]
    fn what_older_versions_packed_still_reads() {
        let json =
            br#"{"title":"","program":{"language":"python","files":[{"path":"main.py","content":"x"}],"args":[]}}"#;
        let small = zstd::bulk::compress(json, 3).unwrap();
        for older in [[&[JSON], json.as_slice()].concat(), [&[COMPRESSED_JSON], small.as_slice()].concat()] {
            assert_eq!(unpack(&older), Ok(content(vec![SourceFile::text("main.py", "x")])));
        }
    }

    #[test]
    fn what_is_damaged_is_an_error() {
        let whole = pack(&content(vec![SourceFile::text("main.py", "text"), SourceFile::text("b", "é")]));
        for length in 0..whole.len() {
            assert!(unpack(&whole[..length]).is_err(), "{length}");
        }
        let split_letter = String::from_utf8_lossy(&whole).replace("\"bytes\":4", "\"bytes\":5");
        for damaged in [
            [&whole[..], b"x"].concat(),
            split_letter.into(),
            b"j{}".to_vec(),
            pack(&content(vec![])),
            b"zabc".to_vec(),
            b"cabc".to_vec(),
        ] {
            assert!(unpack(&damaged).is_err(), "{damaged:?}");
        }
    }
}
