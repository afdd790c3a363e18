//! Runs: the seam between web and runner, in Redis. Submitting, the queue, the log, the outcome.

pub mod event;
pub mod outcome;
pub mod request;
