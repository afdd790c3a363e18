//! One program of tests over the real thing: the real server, redis-server, Docker Engine and Chromium.
#![expect(clippy::unwrap_used, reason = "a test's failure is its panic")]

mod layering;
mod seam;
mod server;
