//! The inbox between a socket and its viewer. What comes in is never refused; instead the socket stops reading
//! while much is unread, so the client's own sending stalls and memory stays bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tokio::sync::mpsc;

/// Unread bytes from which on the socket reads no more. One message beyond it can be in the making.
const FULL_FROM_BYTES: usize = 64 * 1024;
/// What a message costs beside its bytes, so that many small ones fill the inbox too.
const MESSAGE_COST_BYTES: usize = 64;

#[derive(Default)]
struct Unread {
    bytes: AtomicUsize,
    waiting: AtomicWaker,
}

/// The socket's end.
pub(super) struct Writer {
    texts: mpsc::UnboundedSender<String>,
    unread: Arc<Unread>,
}

/// Tells the socket whether it may read on.
pub(super) struct Gate(Arc<Unread>);

/// The viewer's end.
pub(super) struct Reader {
    texts: mpsc::UnboundedReceiver<String>,
    unread: Arc<Unread>,
}

/// An empty inbox.
pub(super) fn inbox() -> (Writer, Gate, Reader) {
    let (sender, texts) = mpsc::unbounded_channel();
    let unread = Arc::new(Unread::default());
    (Writer { texts: sender, unread: unread.clone() }, Gate(unread.clone()), Reader { texts, unread })
}

impl Writer {
    /// Puts a text in; it is lost when the viewer has ended.
    pub(super) fn put(&self, text: String) {
        // Counted before it can be taken out, or the count could fall below zero.
        self.unread.bytes.fetch_add(text.len() + MESSAGE_COST_BYTES, Ordering::AcqRel);
        if let Err(mpsc::error::SendError(text)) = self.texts.send(text) {
            self.unread.bytes.fetch_sub(text.len() + MESSAGE_COST_BYTES, Ordering::AcqRel);
        }
    }
}

impl Gate {
    /// Ready when little is unread.
    pub(super) fn poll_open(&self, context: &mut Context<'_>) -> Poll<()> {
        self.0.waiting.register(context.waker());
        let bytes = self.0.bytes.load(Ordering::Acquire);
        if bytes < FULL_FROM_BYTES { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Reader {
    /// The next text; `None` when the socket has ended. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<String> {
        let text = self.texts.recv().await?;
        self.unread.bytes.fetch_sub(text.len() + MESSAGE_COST_BYTES, Ordering::AcqRel);
        self.unread.waiting.wake();
        Some(text)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.texts.close();
        while let Ok(text) = self.texts.try_recv() {
            self.unread.bytes.fetch_sub(text.len() + MESSAGE_COST_BYTES, Ordering::AcqRel);
        }
        self.unread.waiting.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_inbox_closes_the_gate_until_it_is_read() {
        let (writer, gate, mut reader) = inbox();
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(gate.poll_open(&mut context).is_ready());
        writer.put("x".repeat(FULL_FROM_BYTES));
        assert!(gate.poll_open(&mut context).is_pending());
        assert_eq!(reader.next().await.map(|text| text.len()), Some(FULL_FROM_BYTES));
        assert!(gate.poll_open(&mut context).is_ready());
    }
}
