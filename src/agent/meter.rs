//! Counts output against its limit.

/// The output of all stages of a run together.
#[derive(Debug)]
pub(super) struct Meter {
    limit_bytes: u64,
    sent_bytes: u64,
    truncated: bool,
}

impl Meter {
    /// Nothing sent yet.
    pub(super) fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, sent_bytes: 0, truncated: false }
    }

    /// How many of `count` new bytes may be sent. Output of exactly the limit is not cut.
    pub(super) fn admit(&mut self, count: usize) -> usize {
        let left = usize::try_from(self.limit_bytes - self.sent_bytes).unwrap_or(usize::MAX);
        let admitted = count.min(left);
        self.sent_bytes += admitted as u64;
        self.truncated |= admitted < count;
        admitted
    }

    /// Bytes that were let through.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// Whether a byte was refused.
    pub(super) fn truncated(&self) -> bool {
        self.truncated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_up_to_the_limit_is_sent_and_the_next_byte_is_too_much() {
        let mut meter = Meter::new(10);
        assert_eq!((meter.admit(6), meter.admit(4), meter.truncated()), (6, 4, false));
        assert_eq!((meter.admit(1), meter.truncated(), meter.sent_bytes()), (0, true, 10));
    }

    #[test]
    fn a_chunk_across_the_limit_is_cut() {
        let mut meter = Meter::new(10);
        assert_eq!((meter.admit(32), meter.truncated()), (10, true));
    }
}
