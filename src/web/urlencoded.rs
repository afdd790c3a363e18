//! A form as it comes in urlencoded, decoded part by part: it may take six times the room of what it holds, and is never in
//! memory itself.

use bytes::Bytes;
use percent_encoding::percent_decode;

use crate::web::api::body::{FormRoom, make_room};
use crate::web::error::WebError;
use crate::web::posted;

/// What has come so far.
pub(super) struct Decoder {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// The last name is whole, and its value comes.
    is_in_value: bool,
    /// The end of the last part, when a percent sign stands there whose digits may follow.
    carried: Vec<u8>,
    room: FormRoom,
    /// What the form may hold, and its encoded form may still take.
    left: (usize, usize),
}

impl Decoder {
    pub(super) fn new(room: FormRoom) -> Self {
        let left = (room.held_bytes, room.all.bytes);
        Self { pairs: vec![Default::default()], is_in_value: false, carried: Vec::new(), room, left }
    }

    /// Takes the next part.
    pub(super) fn push(&mut self, part: &[u8]) -> Result<(), WebError> {
        let full = || WebError::TooLarge(self.room.all.excess);
        self.left.1 = self.left.1.checked_sub(part.len()).ok_or_else(full)?;
        let whole = [std::mem::take(&mut self.carried).as_slice(), part].concat();
        let open = whole.iter().rev().take(2).position(|byte| *byte == b'%').map_or(0, |back| back + 1);
        let (now, later) = whole.split_at(whole.len() - open);
        self.carried = later.to_vec();
        self.decode(now)
    }

    /// The names and values, once everything has come.
    pub(super) fn finish(mut self) -> Result<Vec<(String, String)>, WebError> {
        let rest = std::mem::take(&mut self.carried);
        self.decode(&rest)?;
        let there = self.pairs.into_iter().filter(|(name, value)| !name.is_empty() || !value.is_empty());
        there.map(|(name, value)| Ok((text(name)?, text(value)?))).collect()
    }

    fn decode(&mut self, encoded: &[u8]) -> Result<(), WebError> {
        for (number, field) in encoded.split(|byte| *byte == b'&').enumerate() {
            if number > 0 {
                self.begin_field()?;
            }
            let mut rest = field;
            if !self.is_in_value {
                let end = field.iter().position(|byte| *byte == b'=');
                self.extend(&field[..end.unwrap_or(field.len())])?;
                let Some(end) = end else { continue };
                self.is_in_value = true;
                rest = &field[end + 1..];
            }
            self.extend(rest)?;
        }
        Ok(())
    }

    fn begin_field(&mut self) -> Result<(), WebError> {
        if self.pairs.len() >= self.room.fields {
            return Err(WebError::TooLarge(self.room.many));
        }
        self.pairs.push(Default::default());
        self.is_in_value = false;
        Ok(())
    }

    /// Adds to the last name, or to its value.
    fn extend(&mut self, encoded: &[u8]) -> Result<(), WebError> {
        let (name, value) = self.pairs.last_mut().expect("there is one from the start");
        let field = if self.is_in_value { value } else { name };
        for (number, words) in encoded.split(|byte| *byte == b'+').enumerate() {
            let decoded = percent_decode(words);
            let more = decoded.clone().count() + usize::from(number > 0);
            let left = self.left.0.checked_sub(more).ok_or(WebError::TooLarge(self.room.all.excess))?;
            self.left.0 = left;
            make_room(field, more, field.len() + more + left);
            if number > 0 {
                field.push(b' ');
            }
            field.extend(decoded);
        }
        Ok(())
    }
}

/// Taken for UTF-8, what is none would be kept with signs that nobody wrote.
fn text(bytes: Vec<u8>) -> Result<String, WebError> {
    posted::text(Bytes::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::ProgramLimits;

    fn decoded_in(form: &[u8], step: usize, room: FormRoom) -> Result<Vec<(String, String)>, WebError> {
        let mut decoder = Decoder::new(room);
        form.chunks(step.max(1)).try_for_each(|part| decoder.push(part))?;
        decoder.finish()
    }

    fn decoded(form: &str) -> Vec<(String, String)> {
        let room = FormRoom::of_words(1000);
        let whole = decoded_in(form.as_bytes(), form.len(), room).unwrap();
        for step in 1..5 {
            assert_eq!(decoded_in(form.as_bytes(), step, room).unwrap(), whole, "{form} in steps of {step}");
        }
        whole
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_is_the_same_in_whatever_parts_it_comes() {
        for (form, fields) in [
            ("a=1&b=2", &[("a", "1"), ("b", "2")][..]),
            ("a=%C3%A9+%25&b=x%3Dy%26z", &[("a", "é %"), ("b", "x=y&z")]),
            ("a=%zz&b=%&c=%4", &[("a", "%zz"), ("b", "%"), ("c", "%4")]),
            ("a=b=c&d&&e=", &[("a", "b=c"), ("d", ""), ("e", "")]),
            ("a%3D=%2B+%20", &[("a=", "+  ")]),
            ("a=é", &[("a", "é")]),
            ("", &[]),
        ] {
            assert_eq!(decoded(form), pairs(fields), "{form}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for form in [&b"a=%ff"[..], b"%ff=a", b"a=%C3&b=%A9", b"a=%ED%A0%80", b"a=\xff"] {
            assert!(matches!(decoded_in(form, 1, FormRoom::of_words(1000)), Err(WebError::FormNotText)), "{form:?}");
        }
    }

    #[test]
    fn more_than_a_form_may_hold_or_take_is_refused_as_soon_as_it_is_there() {
        let limits = ProgramLimits { source_bytes: 10, stdin_bytes: 10, argument_bytes: 1, files: 1 };
        let room = FormRoom { held_bytes: 20, ..FormRoom::of_page(limits, 100) };
        let is_refused = |form: &str| matches!(decoded_in(form.as_bytes(), 7, room), Err(WebError::TooLarge(_)));
        assert!(!is_refused("a=1234567890123456789") && is_refused("a=12345678901234567890"));
        assert!(!is_refused(&format!("a={}", "%61".repeat(19))) && is_refused(&format!("a={}", "%61".repeat(20))));
        assert!(is_refused(&"&".repeat(101)) && is_refused(&"&".repeat(room.fields)));
    }
}
