//! Output: gathers what a run says until it is written to the log, as valid UTF-8 and in order.

use std::mem::take;

use crate::protocol::{OutputStream, Usage};
use crate::runs::event::{EventKind, OutputSource};

/// Greatest text of one output event, about.
const EVENT_BYTES: usize = 32 * 1024;
/// Output events written at once before streams are no longer kept in step with each other. A program that
/// prints single bytes to both in turn would fill Redis with events otherwise.
const IN_STEP: usize = 32;
/// The same, for a run that has many events already.
const IN_STEP_LATER: usize = 2;
/// Events after which a run has many.
const MANY: usize = 1000;

/// Events that wait to be written. Holds no more than the output limit lets through.
#[derive(Default)]
pub(super) struct Output {
    events: Vec<EventKind>,
    usage: Option<Usage>,
    waiting_bytes: usize,
    waiting_outputs: usize,
    taken: usize,
    /// The beginning of a character whose rest has not come yet, per stream.
    tails: [Vec<u8>; 3],
}

impl Output {
    /// The program printed; neighbours from one stream become one event.
    pub(super) fn push_bytes(&mut self, stream: OutputStream, bytes: &[u8]) {
        let (index, source) = match stream {
            OutputStream::Stdout => (0, OutputSource::Stdout),
            OutputStream::Stderr => (1, OutputSource::Stderr),
            OutputStream::Terminal => (2, OutputSource::Terminal),
        };
        let text = decode(&mut self.tails[index], bytes);
        self.push_text(source, text);
    }

    /// Anything but output and usage.
    pub(super) fn push_event(&mut self, event: EventKind) {
        self.events.push(event);
    }

    /// Replaces figures that nobody has seen yet.
    pub(super) fn push_usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Nothing more comes: characters that never became whole are shown as such.
    pub(super) fn finish(&mut self) {
        let sources = [OutputSource::Stdout, OutputSource::Stderr, OutputSource::Terminal];
        for (index, source) in sources.into_iter().enumerate() {
            if !take(&mut self.tails[index]).is_empty() {
                self.push_text(source, "\u{fffd}".to_owned());
            }
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.usage.is_none()
    }

    /// Bytes of output that wait.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Everything that waits.
    pub(super) fn take(&mut self) -> Vec<EventKind> {
        let mut events = take(&mut self.events);
        let usage = self.usage.take();
        events.extend(usage.map(|usage| EventKind::Usage { cpu_ms: usage.cpu_ms, memory_bytes: usage.memory_bytes }));
        (self.waiting_bytes, self.waiting_outputs) = (0, 0);
        self.taken += events.len();
        events
    }

    fn push_text(&mut self, source: OutputSource, text: String) {
        if text.is_empty() {
            return;
        }
        self.waiting_bytes += text.len();
        if let Some(data) = self.neighbour(source, text.len()) {
            data.push_str(&text);
            return;
        }
        self.waiting_outputs += 1;
        self.events.push(EventKind::Output { stream: source, data: text });
    }

    /// The waiting text that this much more of the same stream may be added to.
    fn neighbour(&mut self, source: OutputSource, length: usize) -> Option<&mut String> {
        let in_step = self.waiting_outputs < if self.taken < MANY { IN_STEP } else { IN_STEP_LATER };
        for event in self.events.iter_mut().rev() {
            let EventKind::Output { stream, data } = event else { return None };
            if *stream == source {
                return (data.len() + length <= EVENT_BYTES).then_some(data);
            }
            if in_step {
                return None;
            }
        }
        None
    }
}

/// What of `tail` and `bytes` is text; the beginning of a character at the end stays in `tail`.
fn decode(tail: &mut Vec<u8>, bytes: &[u8]) -> String {
    tail.extend_from_slice(bytes);
    let held = take(tail);
    let mut text = String::with_capacity(held.len());
    let mut rest = held.as_slice();
    while !rest.is_empty() {
        let (good, error) = match std::str::from_utf8(rest) {
            Ok(good) => (good, None),
            Err(error) => {
                let good = std::str::from_utf8(&rest[..error.valid_up_to()]);
                (good.expect("valid up to here, as the error says"), Some(error))
            }
        };
        text.push_str(good);
        rest = &rest[good.len()..];
        match error.map(|error| error.error_len()) {
            Some(Some(length)) => {
                text.push('\u{fffd}');
                rest = &rest[length..];
            }
            Some(None) => {
                rest.clone_into(tail);
                return text;
            }
            None => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(events: &[EventKind]) -> Vec<(OutputSource, &str)> {
        let output = events.iter().filter_map(|event| match event {
            EventKind::Output { stream, data } => Some((*stream, data.as_str())),
            _ => None,
        });
        output.collect()
    }

    #[test]
    fn text_cut_anywhere_comes_out_as_it_went_in() {
        let text = "aé→😀\0z";
        for step in 1..=text.len() {
            let mut output = Output::default();
            for chunk in text.as_bytes().chunks(step) {
                output.push_bytes(OutputStream::Terminal, chunk);
            }
            output.finish();
            assert_eq!(texts(&output.take()), [(OutputSource::Terminal, text)]);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such_and_hold_nothing_back() {
        let mut output = Output::default();
        output.push_bytes(OutputStream::Stdout, b"a\xff\xc3(b\xe2\x82");
        assert_eq!(texts(&output.take()), [(OutputSource::Stdout, "a\u{fffd}\u{fffd}(b")]);
        output.finish();
        assert_eq!(texts(&output.take()), [(OutputSource::Stdout, "\u{fffd}")]);
    }

    #[test]
    fn streams_keep_their_order_and_their_own_half_characters() {
        let mut output = Output::default();
        output.push_bytes(OutputStream::Stdout, b"1\xc3");
        output.push_bytes(OutputStream::Stderr, b"2");
        output.push_bytes(OutputStream::Stdout, b"\xa93");
        assert_eq!(
            texts(&output.take()),
            [(OutputSource::Stdout, "1"), (OutputSource::Stderr, "2"), (OutputSource::Stdout, "é3")]
        );
    }

    #[test]
    fn a_flood_becomes_few_events_and_old_figures_are_forgotten() {
        let mut output = Output::default();
        for _ in 0..1000 {
            output.push_bytes(OutputStream::Stdout, &[b'x'; 100]);
            output.push_usage(Usage { cpu_ms: 1, memory_bytes: 2 });
        }
        assert_eq!(output.waiting_bytes(), 100_000);
        let events = output.take();
        assert_eq!(events.iter().filter(|event| matches!(event, EventKind::Usage { .. })).count(), 1);
        assert!(events.len() <= 6, "{}", events.len());
    }

    #[test]
    fn streams_in_turn_lose_their_step_but_not_a_byte() {
        let mut output = Output::default();
        for _ in 0..10_000 {
            output.push_bytes(OutputStream::Stdout, b"1");
            output.push_bytes(OutputStream::Stderr, b"2");
        }
        let events = output.take();
        assert!(events.len() <= IN_STEP + 2, "{}", events.len());
        let text: String = texts(&events).into_iter().map(|(_, text)| text).collect();
        assert_eq!(text.matches('1').count(), 10_000);
        assert_eq!(text.len(), 20_000);
    }
}
