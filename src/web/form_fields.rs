//! The fields of the page's form: what is sent without a script. Each file is a `path` and then its `content`
//! (or `base64`, for what is no text), with its `original` between them where a text field would change it; a browser
//! sends them in the order in which they stand on the page.

use crate::languages::Languages;
use crate::program::Draft;
use crate::program::file::{FileContent, SourceFile};
use crate::snippets::lifetime::Lifetime;
use crate::web::arguments;
use crate::web::error::WebError;
use crate::web::refusal::Refusal;
use crate::web::secrets::door::Choices;
use crate::web::text_field;

/// What was sent.
#[derive(Debug, Default, Clone)]
pub(super) struct Fields {
    pub(super) language: String,
    /// Absent where the title is somebody else's.
    pub(super) title: Option<String>,
    /// On a page that is not saved yet: what it will be a fork of.
    pub(super) fork: Option<String>,
    /// The arguments line.
    pub(super) arguments: String,
    /// The revision that the page showed; a save over another is refused.
    pub(super) revision: Option<u64>,
    /// What the page showed had a password, or was a fork of something that had.
    pub(super) was_protected: bool,
    stdin: String,
    /// What was chosen for a snippet that is not saved yet.
    expires: Option<String>,
    password: Option<String>,
    burns: bool,
    /// Another name for the first file.
    first: Option<String>,
    /// The fields that only a page without a script has were there.
    is_by_hand: bool,
    files: Vec<SourceFile>,
    /// Files to leave out, counted from 0.
    removed: Vec<usize>,
    /// All files were sent. A browser whose script did not come sends the first alone, and the others stay.
    are_all: bool,
    /// A file to be moved before the one that stands before it.
    up: Option<usize>,
    /// Files were chosen, and their names alone were sent.
    has_unsent: bool,
}

/// What was chosen of how to keep a snippet, as a page may show it again: never the password itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) lifetime: Lifetime,
    pub(super) has_password: bool,
    pub(super) burns: bool,
}

impl Chosen {
    /// Whether anything differs from what is kept for ever and open to everybody.
    pub(super) fn is_any(self) -> bool {
        self != Self::default()
    }
}

impl Fields {
    /// Reads names and values as they came.
    pub(super) fn read(pairs: Vec<(String, String)>) -> Result<Self, WebError> {
        let strange = || WebError::Malformed("This form cannot be understood.");
        let mut fields = Self::default();
        let (mut path, mut original) = (String::new(), None);
        for (name, value) in pairs {
            match name.as_str() {
                "language" => fields.language = value,
                "title" => fields.title = Some(value),
                "fork" => fields.fork = Some(value),
                "args" => fields.arguments = value,
                "stdin" => fields.stdin = text_field::line_ends(&value),
                "revision" => fields.revision = Some(value.parse().map_err(|_| strange())?),
                "expires" => fields.expires = Some(value),
                "password" => fields.password = Some(value),
                "protected" => fields.was_protected = true,
                "burn" => fields.burns = true,
                "first" => fields.first = Some(value),
                "path" => path = value,
                "original" => original = Some(FileContent::from_base64(&value).ok_or_else(strange)?),
                "content" => {
                    let content = text_field::brought_back(&value, original.take());
                    fields.files.push(SourceFile { path: std::mem::take(&mut path), content });
                }
                "base64" => {
                    let content = FileContent::from_base64(&value).ok_or_else(strange)?;
                    fields.files.push(SourceFile { path: std::mem::take(&mut path), content });
                }
                "remove" => fields.removed.push(value.parse().map_err(|_| strange())?),
                "up" => fields.up = Some(value.parse().map_err(|_| strange())?),
                "upload" => fields.has_unsent |= !value.is_empty(),
                "files" => fields.are_all = value == "all",
                _ => {}
            }
        }
        let main = fields.files.first_mut().ok_or_else(strange)?;
        if let Some(name) = fields.first.take() {
            main.path = name;
            fields.is_by_hand = true;
        }
        Ok(fields)
    }

    /// Gives the main file the usual name in the language that was chosen, if it has the usual name in another one, as the
    /// page's script does: a compiler goes by it.
    pub(super) fn name_main_for(&mut self, languages: &Languages) {
        let Some(chosen) = languages.find(&self.language).filter(|_| self.is_by_hand) else { return };
        let is_usual = languages.all().iter().any(|language| language.main == self.files[0].path);
        let is_free = self.files.iter().all(|file| file.path != chosen.main);
        if is_usual && is_free {
            self.files[0].path.clone_from(&chosen.main);
        }
    }

    /// Refuses what would lose files that were chosen: the buttons that save and run do not send them.
    pub(super) fn check_sent(&self) -> Result<(), WebError> {
        if self.has_unsent { Err(WebError::Refused(Refusal::FilesNotSent)) } else { Ok(()) }
    }

    /// Adds a file, in the place of one of the same name.
    pub(super) fn add(&mut self, file: SourceFile) {
        match self.files.iter_mut().find(|known| known.path == file.path) {
            Some(known) => *known = file,
            None => {
                // Before the empty one that is there to be filled in.
                let is_last_blank = self.files.last().is_some_and(is_blank) && self.files.len() > 1;
                let at = self.files.len() - usize::from(is_last_blank);
                self.files.insert(at, file);
            }
        }
    }

    /// Moves the file up that was asked for; whether one was.
    pub(super) fn move_up(&mut self) -> bool {
        let Some(index) = self.up.take().filter(|index| (1..self.files.len()).contains(index)) else {
            return false;
        };
        self.files.swap(index - 1, index);
        for removed in &mut self.removed {
            match *removed {
                at if at == index => *removed = index - 1,
                at if at + 1 == index => *removed = index,
                _ => {}
            }
        }
        true
    }

    /// How the snippet is to be kept, if it is a new one.
    pub(super) fn choices(&self) -> Choices<'_> {
        Choices { expires: self.expires.as_deref(), password: self.password.as_deref(), burns: self.burns }
    }

    /// The same to be shown again.
    pub(super) fn chosen(&self) -> Chosen {
        let lifetime = self.expires.as_deref().and_then(Lifetime::parse).unwrap_or_default();
        let has_password = self.password.as_deref().is_some_and(|password| !password.is_empty());
        Chosen { lifetime, has_password, burns: self.burns }
    }

    /// What was sent as a program, with what the form cannot bring back taken from `base`, where it was made from.
    pub(super) fn draft(&self, base: &[SourceFile]) -> Result<Draft, WebError> {
        let arguments = arguments::split(&self.arguments)?;
        Ok(Draft { arguments, ..self.draft_without_arguments(base) })
    }

    /// What was sent, to be shown again: the arguments line may be a broken one, and one file there always is.
    pub(super) fn shown(&self, base: &[SourceFile]) -> Draft {
        let mut draft = self.draft_without_arguments(base);
        if draft.files.is_empty() {
            draft.files.extend(self.files.first().cloned());
        }
        draft
    }

    /// The same where the arguments line may be a broken one.
    fn draft_without_arguments(&self, base: &[SourceFile]) -> Draft {
        Draft {
            language: self.language.clone(),
            files: self.files(base),
            arguments: Vec::new(),
            stdin: Some(self.stdin.clone()),
        }
    }

    fn files(&self, base: &[SourceFile]) -> Vec<SourceFile> {
        let sent = self.files.iter().enumerate().filter(|(index, file)| self.is_wanted(*index, file));
        let mut files: Vec<SourceFile> = sent.map(|(_, file)| file.clone()).collect();
        if !self.are_all {
            let main = self.files[0].path.as_str();
            files.extend(base.iter().skip(1).filter(|file| file.path != main).cloned());
        }
        files
    }

    /// Neither marked to be removed, nor the empty one that is there to be filled in.
    fn is_wanted(&self, index: usize, file: &SourceFile) -> bool {
        let is_left_empty = index > 0 && is_blank(file);
        !is_left_empty && !self.removed.contains(&index)
    }
}

fn is_blank(file: &SourceFile) -> bool {
    file.path.is_empty() && file.content.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)], base: &[SourceFile]) -> Vec<(String, String)> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let draft = Fields::read(pairs).unwrap().draft(base).unwrap();
        draft.files.into_iter().map(|file| (file.path, file.content.to_string())).collect()
    }

    fn named(paths: &[(&str, &str)]) -> Vec<(String, String)> {
        paths.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    fn base() -> [SourceFile; 2] {
        [SourceFile::text("main.py", "old"), SourceFile::text("lib/a.py", "a\r\nb\r\n")]
    }

    #[test]
    fn a_form_with_the_first_file_alone_keeps_the_others() {
        let sent = files(&[("path", "main.py"), ("content", "new\r\n")], &base());
        assert_eq!(sent, named(&[("main.py", "new\n"), ("lib/a.py", "a\r\nb\r\n")]));
    }

    #[test]
    fn all_files_are_taken_in_their_order_and_the_empty_one_is_not() {
        let sent = files(
            &[
                ("path", "hidden.py"),
                ("path", "main.py"),
                ("content", "x"),
                ("path", "lib/a.py"),
                ("original", "YQ0KYg0K"),
                ("content", "a\r\nb\r\n"),
                ("path", "b.bin"),
                ("base64", "/w=="),
                ("path", ""),
                ("content", ""),
                ("files", "all"),
            ],
            &base(),
        );
        assert_eq!(sent, named(&[("main.py", "x"), ("lib/a.py", "a\r\nb\r\n"), ("b.bin", "(binary, 1 bytes)")]));
    }

    #[test]
    fn a_marked_file_goes_and_a_nameless_one_with_text_is_not_dropped() {
        let pairs =
            [("path", "a"), ("content", "1"), ("remove", "0"), ("path", ""), ("content", "2"), ("files", "all")];
        assert_eq!(files(&pairs, &base()), named(&[("", "2")]));
        let kept = [("path", "lib/a.py"), ("original", "YQ0KYg0K"), ("content", "a\nb\n"), ("first", "b")];
        let pairs = [&kept[..], &[("files", "all")]].concat();
        assert_eq!(files(&pairs, &base()), named(&[("b", "a\r\nb\r\n")]), "renamed, and kept to the byte");
    }

    #[test]
    fn what_differs_in_line_ends_alone_is_taken() {
        let pairs = [("path", "lib/a.py"), ("content", "a\r\nb\r\n"), ("files", "all")];
        assert_eq!(files(&pairs, &base()), named(&[("lib/a.py", "a\nb\n")]));
    }

    #[test]
    fn a_file_moves_up_with_its_mark_and_an_added_one_takes_its_namesakes_place() {
        let pairs = ["path", "a", "content", "1", "path", "b", "content", "2", "remove", "1", "up", "1"];
        let pairs = pairs.chunks(2).chain([["path", ""].as_slice(), &["content", ""], &["files", "all"]]);
        let mut fields = Fields::read(pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()).unwrap();
        assert!(fields.move_up() && !fields.move_up());
        assert_eq!((fields.files[0].path.as_str(), fields.removed.as_slice()), ("b", [0].as_slice()));
        fields.add(SourceFile::text("a", "3"));
        fields.add(SourceFile::text("c", "4"));
        let paths: Vec<_> = fields.draft(&[]).unwrap().files.into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["a", "c"]);
        assert_eq!(fields.files[1].content, FileContent::from("3"));
    }

    #[test]
    fn a_form_without_a_file_and_one_with_nonsense_are_refused() {
        for pairs in [
            vec![("language", "python")],
            vec![("content", "x"), ("revision", "y")],
            vec![("base64", "%")],
            vec![("original", "%"), ("content", "x")],
        ] {
            let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert!(Fields::read(pairs).is_err());
        }
    }
}
