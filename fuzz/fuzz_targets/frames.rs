//! What a forged agent may send, as after an escape inside its container: any bytes, in pieces of any size.
//!
//! Beside that nothing panics it must hold that the reader keeps one frame and one piece at most, that a message
//! takes no more memory than the bytes that carried it, and that it means the same when it is written again.
#![no_main]

use codecube::protocol::frame::{MAX_FRAME_FROM_AGENT, MAX_FRAME_TO_AGENT};
use codecube::protocol::{FromAgent, ToAgent};
use libfuzzer_sys::fuzz_target;

/// Bytes in front of a frame's body.
const HEAD: usize = 4;

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, wire)) = bytes.split_first() else { return };
    let pieces = || wire.chunks(usize::from(size).max(1) * 257);
    from_agent(pieces());
    to_agent(pieces());
});

/// As the runner reads.
fn from_agent<'a>(pieces: impl Iterator<Item = &'a [u8]>) {
    let mut buffer = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            let before = buffer.len();
            let Ok(taken) = FromAgent::decode(&mut buffer) else { return };
            let Some(message) = taken else { break };
            check(&message, before - buffer.len());
        }
        assert!(buffer.len() < HEAD + MAX_FRAME_FROM_AGENT, "more than a frame is kept");
    }
}

fn check(message: &FromAgent, taken: usize) {
    assert!(taken > HEAD && taken <= HEAD + MAX_FRAME_FROM_AGENT);
    if let FromAgent::Output(_, bytes) = message {
        assert_eq!(bytes.len() + HEAD + 1, taken);
    }
    let mut again = Vec::new();
    message.encode(&mut again);
    assert!(again.len() <= taken, "it takes more than it came with");
    assert_eq!(FromAgent::decode(&mut again).unwrap().as_ref(), Some(message));
}

/// As the agent reads; what it hears is the runner's, but it parses before it has the program.
fn to_agent<'a>(pieces: impl Iterator<Item = &'a [u8]>) {
    let mut buffer = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match ToAgent::decode(&mut buffer) {
                Err(_) => return,
                Ok(None) => break,
                Ok(Some(_)) => {}
            }
        }
        assert!(buffer.len() < HEAD + MAX_FRAME_TO_AGENT);
    }
}
