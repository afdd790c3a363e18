//! The difference between two revisions: files that came, went or changed, line by line, and in changed lines the
//! words that differ.

use std::time::{Duration, Instant};

use similar::{ChangeTag, DiffOp, TextDiff};

use crate::program::file::{FileContent, SourceFile};

/// Time for one comparison; beyond it the answer is coarser, not later.
const COMPARE_WITHIN: Duration = Duration::from_millis(300);
/// Lines shown around each change.
const CONTEXT_LINES: usize = 3;

/// One file's difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileDifference {
    pub(super) path: String,
    /// `added`, `removed` or `changed`.
    pub(super) kind: &'static str,
    /// What is said of content that has no lines; empty for text.
    pub(super) binary: String,
    pub(super) hunks: Vec<Hunk>,
}

/// Changes that stand close together, side by side.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    pub(super) rows: Vec<Row>,
}

/// One row: a line of the old text, of the new, or both.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) old: Option<Line>,
    pub(super) new: Option<Line>,
    /// The same on both sides.
    pub(super) is_equal: bool,
}

/// A line in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) pieces: Vec<Piece>,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Other than on the other side.
    pub(super) is_changed: bool,
    pub(super) text: String,
}

/// Compares all files, in the order of the new ones; those that went stand last.
pub(super) fn of_files<'a>(old: &'a [SourceFile], new: &'a [SourceFile]) -> Vec<FileDifference> {
    let deadline = Instant::now() + COMPARE_WITHIN;
    let find =
        |files: &'a [SourceFile], path: &str| files.iter().find(|file| file.path == path).map(|file| &file.content);
    let kept_or_added = new.iter().map(|file| (file.path.clone(), find(old, &file.path), Some(&file.content)));
    let removed = old.iter().filter(|file| find(new, &file.path).is_none());
    let removed = removed.map(|file| (file.path.clone(), Some(&file.content), None));
    let all = kept_or_added.chain(removed).filter(|(_, old, new)| old != new);
    all.map(|(path, old, new)| {
        let kind = match (&old, &new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let (binary, hunks) = match (lines(old), lines(new)) {
            (Some(old), Some(new)) => (String::new(), hunks(old, new, deadline)),
            _ => (sizes(old, new), Vec::new()),
        };
        FileDifference { path, kind, binary, hunks }
    })
    .collect()
}

/// Text to compare; a file that is not there has no lines.
fn lines(content: Option<&FileContent>) -> Option<&str> {
    content.map_or(Some(""), FileContent::as_text)
}

/// What can be said of bytes.
fn sizes(old: Option<&FileContent>, new: Option<&FileContent>) -> String {
    match (old.map(FileContent::len), new.map(FileContent::len)) {
        (Some(old), Some(new)) => format!("Binary: {old} bytes before, {new} bytes after."),
        (old, new) => format!("Binary, {} bytes.", old.or(new).unwrap_or_default()),
    }
}

/// The same as a patch.
pub(super) fn patch<'a>(old: &'a [SourceFile], new: &'a [SourceFile]) -> String {
    let files = of_files(old, new);
    let text = |files: &'a [SourceFile], path: &str| {
        files.iter().find(|file| file.path == path).and_then(|file| file.content.as_text()).unwrap_or_default()
    };
    let mut patch = String::new();
    for FileDifference { path, kind, binary, .. } in &files {
        let old_name = if *kind == "added" { "/dev/null".to_owned() } else { format!("a/{path}") };
        let new_name = if *kind == "removed" { "/dev/null".to_owned() } else { format!("b/{path}") };
        if !binary.is_empty() {
            patch.push_str(&format!("Binary files {old_name} and {new_name} differ\n"));
            continue;
        }
        let diff = TextDiff::configure().timeout(COMPARE_WITHIN).diff_lines(text(old, path), text(new, path));
        patch.push_str(&diff.unified_diff().context_radius(CONTEXT_LINES).header(&old_name, &new_name).to_string());
    }
    patch
}

fn hunks(old: &str, new: &str, deadline: Instant) -> Vec<Hunk> {
    let diff = TextDiff::configure().deadline(deadline).diff_lines(old, new);
    let groups = diff.grouped_ops(CONTEXT_LINES);
    groups.iter().map(|group| Hunk { rows: group.iter().flat_map(|op| rows(&diff, op, deadline)).collect() }).collect()
}

/// The rows of one operation: where lines were replaced, the old and the new stand beside each other.
fn rows(diff: &TextDiff<'_, '_, str>, op: &DiffOp, deadline: Instant) -> Vec<Row> {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut rows = Vec::new();
    for change in diff.iter_inline_changes_deadline(op, Some(deadline)) {
        let pieces: Vec<Piece> = change
            .iter_strings_lossy()
            .map(|(is_changed, text)| Piece { is_changed, text: text.trim_end_matches(['\n', '\r']).to_owned() })
            .collect();
        let line = |index: Option<usize>| index.map(|index| Line { number: index + 1, pieces: pieces.clone() });
        match change.tag() {
            ChangeTag::Equal => {
                rows.push(Row { old: line(change.old_index()), new: line(change.new_index()), is_equal: true })
            }
            ChangeTag::Delete => old.extend(line(change.old_index())),
            ChangeTag::Insert => new.extend(line(change.new_index())),
        }
    }
    let (mut old, mut new) = (old.into_iter(), new.into_iter());
    loop {
        let row = Row { old: old.next(), new: new.next(), is_equal: false };
        if row.old.is_none() && row.new.is_none() {
            return rows;
        }
        rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> SourceFile {
        SourceFile::text(path, content)
    }

    #[test]
    fn bytes_differ_without_lines() {
        let binary = |bytes: &[u8]| [SourceFile { path: "a".into(), content: FileContent::from_bytes(bytes.to_vec()) }];
        let (before, after) = (binary(b"\xff1"), binary(b"\xff22"));
        let files = of_files(&before, &after);
        assert_eq!((files[0].binary.as_str(), files[0].hunks.len()), ("Binary: 2 bytes before, 3 bytes after.", 0));
        assert_eq!(patch(&before, &after), "Binary files a/a and b/a differ\n");
        assert_eq!(of_files(&before, &[file("a", "text\n")])[0].binary, "Binary: 2 bytes before, 5 bytes after.");
        assert_eq!(of_files(&[], &after)[0].binary, "Binary, 3 bytes.");
    }

    fn changed_words(line: &Line) -> Vec<&str> {
        line.pieces.iter().filter(|piece| piece.is_changed).map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn a_changed_word_is_marked_on_both_sides() {
        let before = [file("a", "one\nthe quick brown fox\nthree\n")];
        let after = [file("a", "one\nthe quick green fox\nthree\n")];
        let files = of_files(&before, &after);
        let rows = &files[0].hunks[0].rows;
        assert_eq!((files[0].kind, rows.len(), rows[0].is_equal), ("changed", 3, true));
        let (old, new) = (rows[1].old.as_ref().unwrap(), rows[1].new.as_ref().unwrap());
        assert_eq!((changed_words(old), changed_words(new), old.number), (vec!["brown"], vec!["green"], 2));
    }

    #[test]
    fn files_come_and_go_and_the_same_ones_are_not_told() {
        let before = [file("same", "x\n"), file("gone", "y\n")];
        let after = [file("same", "x\n"), file("fresh", "z\n")];
        let kinds: Vec<_> = of_files(&before, &after).into_iter().map(|file| (file.path, file.kind)).collect();
        assert_eq!(kinds, [("fresh".to_owned(), "added"), ("gone".to_owned(), "removed")]);
        let patch = patch(&before, &after);
        assert!(patch.contains("--- /dev/null\n+++ b/fresh\n") && patch.contains("-y\n"), "{patch}");
    }

    #[test]
    fn two_large_unlike_texts_take_bounded_time() {
        let text = |seed: u64| -> String {
            (0..30_000_u64).map(|line| format!("{}\n", line.wrapping_mul(seed) % 977)).collect()
        };
        let started = Instant::now();
        of_files(&[file("a", &text(7919))], &[file("a", &text(104_729))]);
        assert!(started.elapsed() < COMPARE_WITHIN * 10, "{:?}", started.elapsed());
    }
}
