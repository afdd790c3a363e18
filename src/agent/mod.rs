//! The supervisor inside a sandbox: takes one job on stdin, runs it, reports on stdout, both as `protocol` frames.
//!
//! It is process 1 of its container and has the uid of the program it starts, but under gVisor. It trusts the runner and nothing
//! else: no file, signal or process of the program can steer it. One thread, one `poll`, no async runtime.
//!
//! ```text
//! supervisor  the life: ready, job, stages, end      launcher  starts the command (agent's side)
//! stage       one stage's loop and its limits        launch    starts the command (inside the new process)
//! link        frames from and to the runner          stdio     pipes or terminal of a stage
//! children    SIGCHLD, reaping, killing              input     bytes on their way to the program
//! counters    the kernel's figures                   ending    why the run is over
//! identity    whose rights the program has
//! ```

mod cgroup;
mod children;
mod counters;
mod ending;
mod error;
mod files;
mod identity;
mod input;
mod launch;
mod launcher;
mod link;
mod meter;
mod process_times;
mod stage;
mod stdio;
mod supervisor;
mod wait;

use std::process::ExitCode;

/// Where the files lie and the commands run.
const WORK_FOLDER: &str = "/code";

/// The argument with which the agent's executable is a launcher.
const LAUNCH: &str = "launch";

/// Runs the agent until its runner lets go of it, or one launcher until it has become the program.
#[must_use]
pub fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => supervisor::main(),
        Some(LAUNCH) => launch::main(),
        Some(other) => {
            eprintln!(
                "codecube-agent: unknown argument {other}; it is started without any, as process 1 of a container"
            );
            ExitCode::from(2)
        }
    }
}
