//! What a text field of a page makes of a file's text, and how the file comes back to the byte nevertheless: where a
//! field would change the text, the file itself stands beside the field, hidden, as base64.

use crate::program::file::FileContent;

/// The file as it has to stand beside its field; `None` where the field brings the very text back, or there is no text.
pub(super) fn original(content: &FileContent) -> Option<String> {
    (content.as_text().is_some() && !is_exact(content)).then(|| content.base64())
}

/// Whether a field holds this to the byte.
pub(super) fn is_exact(content: &FileContent) -> bool {
    content.as_text().is_some_and(|text| !text.contains(['\r', '\0']))
}

/// What came back: the original, if nobody changed what the field showed of it, or else the field's text.
pub(super) fn brought_back(field: &str, original: Option<FileContent>) -> FileContent {
    let text = line_ends(field);
    let original = original.and_then(|original| String::from_utf8(original.as_bytes().to_vec()).ok());
    FileContent::Text(original.filter(|original| shown(original) == shown(&text)).unwrap_or(text))
}

/// Browsers send line ends of a text field as CR LF whatever was typed.
pub(super) fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// What a text field makes of a text.
fn shown(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser sends of a field that holds this text.
    fn sent(text: &str) -> String {
        shown(text).replace('\n', "\r\n")
    }

    #[test]
    fn a_text_comes_back_to_the_byte_unless_somebody_changes_it() {
        for text in ["", "a\nb\n", "a\r\nb\rc\r\n", "\r", "a\0b", "\r\n\r\n", "\na"] {
            let original = original(&FileContent::from(text)).and_then(|base64| FileContent::from_base64(&base64));
            assert_eq!(original.is_some(), text.contains(['\r', '\0']), "{text:?}");
            assert_eq!(brought_back(&sent(text), original.clone()), FileContent::from(text), "{text:?}");
            assert_eq!(brought_back("x\r\ny", original), FileContent::from("x\ny"), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_text_needs_no_field() {
        assert_eq!(original(&FileContent::from_bytes(vec![255, 13])), None);
        assert_eq!(brought_back("\u{fffd}", Some(FileContent::Binary(vec![255]))), FileContent::from("\u{fffd}"));
    }
}
