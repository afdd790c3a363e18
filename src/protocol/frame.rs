//! Frames: the messages as bytes, and back from a stream that comes in pieces of any size.

use serde::{Deserialize, Serialize};

use crate::protocol::{FromAgent, OutputStream, ToAgent};

/// Greatest frame the runner accepts from an agent, in bytes (an agent's longest is one chunk of output).
pub const MAX_FRAME_FROM_AGENT: usize = 64 * 1024;

/// Greatest frame the agent accepts: a job carries the source files and the stdin given up front.
pub const MAX_FRAME_TO_AGENT: usize = 8 * 1024 * 1024;

/// Why bytes are not a frame.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// The length field is over the limit.
    #[error("a frame of {0} bytes is over the limit of {1}")]
    TooLong(usize, usize),
    /// The kind byte is not known.
    #[error("unknown frame kind {0}")]
    UnknownKind(u8),
    /// The body is not what its kind promises.
    #[error("malformed body of frame kind {0}")]
    Malformed(u8),
}

impl ToAgent {
    /// Appends this message as one frame.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Job(job) => put(buffer, 1, &serialize(job)),
            Self::Input(bytes) => put(buffer, 2, bytes),
            Self::Eof => put(buffer, 3, &[]),
            Self::Resize(size) => put(buffer, 4, &serialize(size)),
            Self::Signal(number) => put(buffer, 5, &serialize(number)),
            Self::Stop => put(buffer, 6, &[]),
            Self::Prestart(prestart) => put(buffer, 7, &serialize(prestart)),
        }
    }

    /// Takes the first whole frame out of `buffer`, `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes cannot be a frame; the stream is then useless.
    pub fn decode(buffer: &mut Vec<u8>) -> Result<Option<Self>, FrameError> {
        take(buffer, MAX_FRAME_TO_AGENT, |kind, body| match kind {
            1 => deserialize(kind, body).map(|job| Self::Job(Box::new(job))),
            2 => Ok(Self::Input(body.to_vec())),
            3 => Ok(Self::Eof),
            4 => deserialize(kind, body).map(Self::Resize),
            5 => deserialize(kind, body).map(Self::Signal),
            6 => Ok(Self::Stop),
            7 => deserialize(kind, body).map(Self::Prestart),
            other => Err(FrameError::UnknownKind(other)),
        })
    }
}

impl FromAgent {
    /// Appends this message as one frame.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Ready(ready) => put(buffer, 64, &serialize(ready)),
            Self::Stage(stage) => put(buffer, 65, &serialize(stage)),
            Self::Output(OutputStream::Stdout, bytes) => put(buffer, 66, bytes),
            Self::Output(OutputStream::Stderr, bytes) => put(buffer, 67, bytes),
            Self::Output(OutputStream::Terminal, bytes) => put(buffer, 68, bytes),
            Self::Usage(usage) => put(buffer, 69, &serialize(usage)),
            Self::End(end) => put(buffer, 70, &serialize(end)),
        }
    }

    /// Takes the first whole frame out of `buffer`, `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes cannot be a frame; the sandbox is then not to be believed any more.
    pub fn decode(buffer: &mut Vec<u8>) -> Result<Option<Self>, FrameError> {
        take(buffer, MAX_FRAME_FROM_AGENT, |kind, body| match kind {
            64 => deserialize(kind, body).map(Self::Ready),
            65 => deserialize(kind, body).map(Self::Stage),
            66 => Ok(Self::Output(OutputStream::Stdout, body.to_vec())),
            67 => Ok(Self::Output(OutputStream::Stderr, body.to_vec())),
            68 => Ok(Self::Output(OutputStream::Terminal, body.to_vec())),
            69 => deserialize(kind, body).map(Self::Usage),
            70 => deserialize(kind, body).map(Self::End),
            other => Err(FrameError::UnknownKind(other)),
        })
    }
}

fn serialize<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("these types have no form that postcard cannot write")
}

fn deserialize<'a, T: Deserialize<'a>>(kind: u8, body: &'a [u8]) -> Result<T, FrameError> {
    postcard::from_bytes(body).map_err(|_| FrameError::Malformed(kind))
}

fn put(buffer: &mut Vec<u8>, kind: u8, body: &[u8]) {
    let length = u32::try_from(body.len() + 1).expect("a body is far below 4 GiB");
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.push(kind);
    buffer.extend_from_slice(body);
}

fn take<T>(
    buffer: &mut Vec<u8>,
    limit: usize,
    parse: impl FnOnce(u8, &[u8]) -> Result<T, FrameError>,
) -> Result<Option<T>, FrameError> {
    let Some(head) = buffer.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*head) as usize;
    if length > limit {
        return Err(FrameError::TooLong(length, limit));
    }
    if buffer.len() < 4 + length {
        return Ok(None);
    }
    let Some((&kind, body)) = buffer[4..4 + length].split_first() else {
        return Err(FrameError::Malformed(0));
    };
    let message = parse(kind, body)?;
    buffer.drain(..4 + length);
    Ok(Some(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{End, Ending, Ready, Stage, Usage, VERSION};

    #[test]
    fn messages_survive_the_way_there_in_pieces_of_any_size() {
        let sent = [
            FromAgent::Ready(Ready { version: VERSION }),
            FromAgent::Output(OutputStream::Terminal, b"hello".to_vec()),
            FromAgent::Usage(Usage { cpu_ms: 1, memory_bytes: 2 }),
        ];
        let mut wire = Vec::new();
        sent.iter().for_each(|message| message.encode(&mut wire));
        for step in 1..wire.len() {
            let (mut buffer, mut received) = (Vec::new(), Vec::new());
            for piece in wire.chunks(step) {
                buffer.extend_from_slice(piece);
                while let Some(message) = FromAgent::decode(&mut buffer).unwrap() {
                    received.push(message);
                }
            }
            assert_eq!(received, sent);
        }
    }

    #[test]
    fn a_forged_length_is_refused_before_any_memory_is_taken_for_it() {
        let mut buffer = u32::MAX.to_le_bytes().to_vec();
        assert!(matches!(FromAgent::decode(&mut buffer), Err(FrameError::TooLong(..))));
    }

    /// What a forged agent may send, as after an escape inside the container: true frames with some bytes changed.
    #[test]
    fn damaged_frames_end_the_stream_and_never_the_runner() {
        let end = End {
            ending: Ending::CouldNotStart("why".to_owned()),
            stage: Stage::Run,
            wall_ms: 1,
            cpu_ms: 2,
            peak_memory_bytes: 3,
            output_bytes: 4,
            truncated: false,
            left_memory_bytes: 0,
        };
        let mut wire = Vec::new();
        FromAgent::Ready(Ready { version: VERSION }).encode(&mut wire);
        FromAgent::Output(OutputStream::Stdout, vec![7; 40]).encode(&mut wire);
        FromAgent::End(end).encode(&mut wire);
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..50_000 {
            let mut damaged = wire.clone();
            for _ in 0..=random(4) {
                let place = random(damaged.len());
                damaged[place] = random(256).to_le_bytes()[0];
            }
            let (mut said, mut heard) = (0, damaged.clone());
            while let Ok(Some(_)) = FromAgent::decode(&mut damaged) {
                said += 1;
            }
            while let Ok(Some(_)) = ToAgent::decode(&mut heard) {}
            assert!(said <= wire.len() / 5, "more messages than the bytes can hold");
        }
    }

    #[test]
    fn an_empty_frame_and_an_unknown_kind_are_refused() {
        assert_eq!(FromAgent::decode(&mut vec![0; 4]), Err(FrameError::Malformed(0)));
        assert_eq!(FromAgent::decode(&mut vec![1, 0, 0, 0, 9]), Err(FrameError::UnknownKind(9)));
    }
}
