//! One file of a program: its path, and its content as text or as bytes.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};

/// One source file. Its JSON is `{path, content}`; content that is not text is base64, and says so in `encoding`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenFile", into = "WrittenFile")]
pub struct SourceFile {
    /// Relative path below the working directory.
    pub path: String,
    /// The content.
    pub content: FileContent,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// Text, to be shown and edited.
    Text(String),
    /// Anything else, kept byte by byte.
    Binary(Vec<u8>),
}

impl SourceFile {
    /// A file of text.
    pub fn text(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), content: FileContent::Text(text.into()) }
    }
}

impl FileContent {
    /// Text, if these bytes are that: UTF-8 without a zero byte, which no editor and no form brings back.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Self::Text(text),
            Ok(text) => Self::Binary(text.into_bytes()),
            Err(error) => Self::Binary(error.into_bytes()),
        }
    }

    /// Bytes that came as base64, as a form sends them; `None` when they are not.
    #[must_use]
    pub fn from_base64(words: &str) -> Option<Self> {
        BASE64_STANDARD.decode(words).ok().map(Self::from_bytes)
    }

    /// The bytes as base64.
    #[must_use]
    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(self.as_bytes())
    }

    /// The text; `None` when it is none.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// As a page shows it: the text, or how much there is of something else.
impl fmt::Display for FileContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Binary(bytes) => write!(formatter, "(binary, {} bytes)", bytes.len()),
        }
    }
}

impl From<String> for FileContent {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for FileContent {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// How a file is written in JSON: stored, and on the socket.
#[derive(Serialize, Deserialize)]
struct WrittenFile {
    path: String,
    content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding: Option<Encoding>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Base64,
}

impl From<SourceFile> for WrittenFile {
    fn from(file: SourceFile) -> Self {
        let (content, encoding) = match file.content {
            FileContent::Text(text) => (text, None),
            binary @ FileContent::Binary(_) => (binary.base64(), Some(Encoding::Base64)),
        };
        Self { path: file.path, content, encoding }
    }
}

impl TryFrom<WrittenFile> for SourceFile {
    type Error = String;

    fn try_from(written: WrittenFile) -> Result<Self, String> {
        let content = match written.encoding {
            None => FileContent::Text(written.content),
            Some(Encoding::Base64) => FileContent::from_base64(&written.content).ok_or("this is not base64")?,
        };
        Ok(Self { path: written.path, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<SourceFile, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn text_is_written_as_it_always_was() {
        let json = r#"{"path":"a.py","content":"print('é')\n"}"#;
        let file = SourceFile::text("a.py", "print('é')\n");
        assert_eq!(read(json).unwrap(), file);
        assert_eq!(serde_json::to_string(&file).unwrap(), json);
    }

    #[test]
    fn bytes_come_back_as_they_were() {
        let bytes: Vec<u8> = (0..=255).collect();
        let file = SourceFile { path: "a.png".into(), content: FileContent::from_bytes(bytes.clone()) };
        let json = serde_json::to_string(&file).unwrap();
        assert!(json.contains(r#""encoding":"base64""#), "{json}");
        assert_eq!(read(&json).unwrap().content.as_bytes(), bytes);
        assert_eq!(file.content.to_string(), "(binary, 256 bytes)");
    }

    #[test]
    fn what_is_text_is_told_by_the_bytes() {
        assert_eq!(FileContent::from_bytes(b"plain".to_vec()), FileContent::from("plain"));
        for bytes in [b"a\0b".as_slice(), b"\xff\xfe", b"\x89PNG\r\n"] {
            assert_eq!(FileContent::from_bytes(bytes.to_vec()), FileContent::Binary(bytes.to_vec()));
        }
    }

    #[test]
    fn strange_encodings_are_refused() {
        assert!(read(r#"{"path":"a","content":"%%%","encoding":"base64"}"#).is_err());
        assert!(read(r#"{"path":"a","content":"","encoding":"rot13"}"#).is_err());
    }
}
