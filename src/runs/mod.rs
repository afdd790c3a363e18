//! Runs: the seam between web and runner, in Redis. Web and runner never meet anywhere else.
//!
//! - [`request`], [`event`], [`outcome`]: the words; their JSON is stored and public
//! - [`store`]: what web does: submit, control, read; [`lifetime`]: announce to a snippet, keep and forget
//! - [`queue`]: what a runner does: claim, renew, sweep
//! - [`log`]: events and the outcome, written by whoever executes the run
//! - [`feed`]: following logs live, any number over one connection
//! - `envelope`: what of a protected snippet's run stands in Redis
//! - [`runners`]: which runners live, and what they can do

pub mod event;
pub mod feed;
pub mod lifetime;
pub mod log;
pub mod outcome;
pub mod queue;
pub mod request;
pub mod runners;
pub mod store;

mod carrier;
mod envelope;
mod script;
