//! One program of tests over the real thing: the real server, redis-server, Docker Engine and Chromium.
#![expect(clippy::unwrap_used, reason = "a test's failure is its panic")]

mod abuse;
mod accessibility;
mod bad_input;
mod browser;
mod curl;
mod curl_errors;
mod curl_runs;
mod editing;
mod engine_faults;
mod faults;
mod forms;
mod host_faults;
mod keeping;
mod layering;
mod leftovers;
mod own_engine;
mod owned;
mod page;
mod prestart;
mod private;
mod processes;
mod protected;
mod rates;
mod reading;
mod runs;
mod runtimes;
mod seam;
mod server;
mod sharing;
mod shutdown;
mod socket;
mod stale;
mod storage_faults;
mod strangers;
mod whole_run;
