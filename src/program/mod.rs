//! Program: what a run executes and a revision keeps (language, files, arguments, stdin), checked at the edge.
//! Not here: who owns it (`snippets`) and how it is executed (`runs`, `runner`).

pub mod file;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::languages::{LanguageId, Languages};
use crate::program::file::SourceFile;

/// Greatest length of one file's path, bytes.
pub const MAX_PATH_BYTES: usize = 200;
/// Greatest depth of one file's path, folders and the name together.
pub const MAX_PATH_PARTS: usize = 10;

/// A checked program. Made by [`Draft::parse`] only; serialized into Redis as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The language that runs it.
    pub language: LanguageId,
    /// At least one file; the first is the main file.
    pub files: Vec<SourceFile>,
    /// The program's arguments.
    #[serde(default, rename = "args")]
    pub arguments: Vec<String>,
    /// Text given to stdin at the start. Without a terminal stdin is closed after it, and left open when
    /// there is none: viewers may type, and close it.
    #[serde(default)]
    pub stdin: Option<String>,
}

/// A program as a visitor sent it: not checked yet.
#[derive(Debug, Clone, Deserialize)]
pub struct Draft {
    /// A language's id or alias.
    pub language: String,
    /// The files; an empty path on the first means the language's own main file name.
    pub files: Vec<SourceFile>,
    /// The arguments.
    #[serde(default, rename = "args")]
    pub arguments: Vec<String>,
    /// Text for stdin.
    #[serde(default)]
    pub stdin: Option<String>,
}

/// Sizes a program may have; set by the operator.
#[derive(Debug, Clone, Copy)]
pub struct ProgramLimits {
    /// All files together, bytes.
    pub source_bytes: usize,
    /// Number of files.
    pub files: usize,
    /// All arguments together, bytes.
    pub argument_bytes: usize,
    /// Stdin given up front, bytes.
    pub stdin_bytes: usize,
}

impl Default for ProgramLimits {
    fn default() -> Self {
        Self { source_bytes: 256 * 1024, files: 32, argument_bytes: 16 * 1024, stdin_bytes: 1024 * 1024 }
    }
}

/// A limit's size as people read it: to the byte, and in KiB where it is a whole number of them.
#[derive(Debug, Clone, Copy)]
pub struct Size(pub usize);

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes >= 1024 && bytes.is_multiple_of(1024) => {
                write!(formatter, "{} KiB ({bytes} bytes)", bytes / 1024)
            }
            bytes => write!(formatter, "{bytes} bytes"),
        }
    }
}

/// Why a draft is not a program. The text is for the visitor.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProgramError {
    /// No such language.
    #[error("there is no language called “{0}” here; choose one from the list on this server's first page")]
    UnknownLanguage(String),
    /// No file at all.
    #[error("there is no file to run; send at least one")]
    NoFile,
    /// Too many files.
    #[error("{0} files are too many; at most {1} are kept")]
    TooManyFiles(usize, usize),
    /// Too many source bytes.
    #[error("the source is {0} bytes long; at most {size} are kept", size = Size(*.1))]
    SourceTooLarge(usize, usize),
    /// Too many argument bytes.
    #[error("the arguments are {0} bytes long; at most {size} are passed on", size = Size(*.1))]
    ArgumentsTooLarge(usize, usize),
    /// A quote in the arguments line that nothing ends.
    #[error("the arguments hold a {0} that is never closed; close it, or put \\ before it if it is meant as it stands")]
    OpenQuote(char),
    /// An argument the kernel cannot pass on.
    #[error("argument {0} holds a zero byte, which no program can be given")]
    ZeroInArgument(usize),
    /// Too many stdin bytes.
    #[error("the input is {0} bytes long; at most {size} are passed on", size = Size(*.1))]
    StdinTooLarge(usize, usize),
    /// A path that cannot be used.
    #[error("file {number} cannot be called “{path}”: {reason}")]
    BadPath {
        /// Counted from 1.
        number: usize,
        /// The path, shortened and without control characters.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl ProgramError {
    /// Whether there is too much of something, where nothing else is wrong.
    #[must_use]
    pub fn is_excess(&self) -> bool {
        matches!(
            self,
            Self::TooManyFiles(..) | Self::SourceTooLarge(..) | Self::ArgumentsTooLarge(..) | Self::StdinTooLarge(..)
        )
    }

    /// A stable word for programs that read the answer.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownLanguage(_) => "unknown_language",
            Self::NoFile => "no_file",
            Self::TooManyFiles(..) => "too_many_files",
            Self::SourceTooLarge(..) => "source_too_large",
            Self::ArgumentsTooLarge(..) => "arguments_too_large",
            Self::OpenQuote(_) => "open_quote",
            Self::ZeroInArgument(_) => "bad_argument",
            Self::StdinTooLarge(..) => "stdin_too_large",
            Self::BadPath { .. } => "bad_path",
        }
    }
}

impl Draft {
    /// Checks everything a visitor can get wrong.
    ///
    /// # Errors
    /// The first thing that is wrong, in words for the visitor.
    pub fn parse(mut self, languages: &Languages, limits: &ProgramLimits) -> Result<Program, ProgramError> {
        let Some(language) = languages.find(&self.language) else {
            return Err(ProgramError::UnknownLanguage(shown(&self.language)));
        };
        if self.files.is_empty() {
            return Err(ProgramError::NoFile);
        }
        if self.files.len() > limits.files {
            return Err(ProgramError::TooManyFiles(self.files.len(), limits.files));
        }
        if self.files[0].path.is_empty() {
            self.files[0].path.clone_from(&language.main);
        }
        check_sizes(&self, limits)?;
        check_paths(&self.files)?;
        Ok(Program { language: language.id.clone(), files: self.files, arguments: self.arguments, stdin: self.stdin })
    }
}

fn check_sizes(draft: &Draft, limits: &ProgramLimits) -> Result<(), ProgramError> {
    let source = draft.files.iter().map(|file| file.content.len()).sum();
    if source > limits.source_bytes {
        return Err(ProgramError::SourceTooLarge(source, limits.source_bytes));
    }
    let arguments = draft.arguments.iter().map(|argument| argument.len() + 1).sum();
    if arguments > limits.argument_bytes {
        return Err(ProgramError::ArgumentsTooLarge(arguments, limits.argument_bytes));
    }
    if let Some(index) = draft.arguments.iter().position(|argument| argument.contains('\0')) {
        return Err(ProgramError::ZeroInArgument(index + 1));
    }
    let stdin = draft.stdin.as_ref().map_or(0, String::len);
    if stdin > limits.stdin_bytes {
        return Err(ProgramError::StdinTooLarge(stdin, limits.stdin_bytes));
    }
    Ok(())
}

fn check_paths(files: &[SourceFile]) -> Result<(), ProgramError> {
    for (index, file) in files.iter().enumerate() {
        let earlier = &files[..index];
        let reason = path_fault(&file.path).or_else(|| path_clash(&file.path, earlier));
        if let Some(reason) = reason {
            return Err(ProgramError::BadPath { number: index + 1, path: shown(&file.path), reason });
        }
    }
    Ok(())
}

fn path_fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("a file needs a name");
    }
    if path.len() > MAX_PATH_BYTES {
        return Some("the name is longer than 200 bytes");
    }
    if path.chars().any(char::is_control) {
        return Some("control characters are not allowed in names");
    }
    if path.chars().any(turns_text) {
        return Some("characters that turn the direction of text are not allowed in names");
    }
    if path.starts_with('/') || path.contains('\\') {
        return Some("use a relative path with forward slashes");
    }
    if path.split('/').count() > MAX_PATH_PARTS {
        return Some("folders are nested more than 10 deep");
    }
    path.split('/')
        .any(|part| part.is_empty() || part == "." || part == "..")
        .then_some("a path may not have empty parts, “.” or “..”")
}

fn path_clash(path: &str, earlier: &[SourceFile]) -> Option<&'static str> {
    earlier.iter().find_map(|other| {
        if other.path == path {
            return Some("another file has this name already");
        }
        let nested = |folder: &str, file: &str| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        (nested(&other.path, path) || nested(path, &other.path)).then_some("a file and a folder cannot share a name")
    })
}

/// Line and direction controls: in a name or a title they could turn what stands beside it, and make a file's ending look
/// like another.
#[must_use]
pub fn turns_text(character: char) -> bool {
    matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A visitor's word as it may stand in a sentence: short, without control characters.
fn shown(text: &str) -> String {
    let hidden = |character: char| character.is_control() || turns_text(character);
    text.chars().take(40).map(|character| if hidden(character) { '\u{fffd}' } else { character }).collect()
}
