//! Outcome: turns what the agent reports, or what the runner had to do, into the last event's words.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::protocol::{End, Ending, Stage};
use crate::runner::job::RunLimits;
use crate::runs::outcome::{Finished, Outcome};

/// The outcome of a run whose agent reported the end. `output_bytes` is what the runner counted itself.
pub(super) fn reported(end: &End, limits: &RunLimits, output_bytes: u64) -> Finished {
    let (outcome, message) = words(end, limits);
    Finished {
        outcome,
        exit_code: match end.ending {
            Ending::Exited(code) => Some(code),
            _ => None,
        },
        signal: match end.ending {
            Ending::Signalled(number) => Some(signal_name(number)),
            _ => None,
        },
        message,
        wall_ms: end.wall_ms,
        cpu_ms: end.cpu_ms,
        peak_memory_bytes: end.peak_memory_bytes,
        output_bytes,
        truncated: end.truncated,
    }
}

/// The outcome of a run that the runner had to end from outside.
pub(super) fn enforced(outcome: Outcome, stage: Option<Stage>, limits: &RunLimits) -> Finished {
    let message = match outcome {
        Outcome::TimeLimit => time_limit(stage.unwrap_or(Stage::Run), limits),
        Outcome::OutputLimit => output_limit(limits),
        Outcome::MemoryLimit => memory_limit(limits),
        Outcome::Stopped => STOPPED.to_owned(),
        Outcome::Signalled => KILLED.to_owned(),
        _ => "The sandbox went away in the middle of the run. Run it again.".to_owned(),
    };
    Finished {
        truncated: outcome == Outcome::OutputLimit,
        signal: (outcome == Outcome::Signalled).then(|| signal_name(Signal::SIGKILL as i32)),
        ..Finished::new(outcome, message)
    }
}

const STOPPED: &str = "Stopped on request.";
/// Where the kernel's counters are missing nothing is guessed.
const KILLED: &str = "Killed, and its whole sandbox with it: a limit was reached, and gVisor does not say which.";

fn words(end: &End, limits: &RunLimits) -> (Outcome, String) {
    match &end.ending {
        Ending::Exited(code) if end.stage == Stage::Compile => {
            (Outcome::CompileFailed, format!("Compiling failed with exit code {code}; the program was not started."))
        }
        Ending::Signalled(number) if end.stage == Stage::Compile => {
            let signal = signal_name(*number);
            (Outcome::CompileFailed, format!("The compiler was ended by signal {signal}; the program was not started."))
        }
        Ending::Exited(code) => (Outcome::Exited, format!("Finished with exit code {code}.")),
        Ending::Signalled(number) => (Outcome::Signalled, format!("Ended by signal {}.", described(*number))),
        Ending::TimeLimit => (Outcome::TimeLimit, time_limit(end.stage, limits)),
        Ending::CpuLimit => (Outcome::CpuLimit, cpu_limit(limits)),
        Ending::MemoryLimit => (Outcome::MemoryLimit, memory_limit(limits)),
        Ending::OutputLimit => (Outcome::OutputLimit, output_limit(limits)),
        Ending::DiskLimit => (Outcome::DiskLimit, disk_limit(limits)),
        Ending::ProcessLimit => (Outcome::ProcessLimit, process_limit(limits)),
        Ending::Stopped => (Outcome::Stopped, STOPPED.to_owned()),
        Ending::CouldNotStart(reason) => (Outcome::CouldNotStart, could_not_start(reason)),
    }
}

fn time_limit(stage: Stage, limits: &RunLimits) -> String {
    let (what, limit) = match stage {
        Stage::Compile => ("wall time of compiling", limits.compile_wall),
        Stage::Run => ("wall time", limits.wall),
    };
    let limit = seconds(limit);
    format!("Stopped after {limit}: the limit for {what} is {limit}.")
}

fn cpu_limit(limits: &RunLimits) -> String {
    let limit = seconds(limits.cpu);
    format!("Stopped after {limit} of CPU time: the limit for CPU time is {limit}.")
}

fn memory_limit(limits: &RunLimits) -> String {
    format!("The program used more than {0} MiB of memory: the limit for memory is {0} MiB.", limits.memory_mb)
}

fn output_limit(limits: &RunLimits) -> String {
    let limit = bytes(limits.output_bytes);
    format!("Stopped after {limit} of output: the limit for output is {limit}.")
}

fn disk_limit(limits: &RunLimits) -> String {
    format!(
        "The disk was full: the limit is {} MiB in /code and {} MiB in /tmp, and {} files in each.",
        limits.work_mb, limits.tmp_mb, limits.inodes
    )
}

fn process_limit(limits: &RunLimits) -> String {
    format!("A process or thread was refused: the limit is {} processes and threads.", limits.processes)
}

/// The agent's reason may quote a stranger's file name: one line, and not too long.
fn could_not_start(reason: &str) -> String {
    let reason: String = reason.chars().filter(|character| !character.is_control()).take(200).collect();
    if reason.is_empty() { "The program could not be started.".to_owned() } else { reason }
}

fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(|_| format!("SIG{number}"), |signal| signal.as_str().to_owned())
}

fn described(number: i32) -> String {
    let name = signal_name(number);
    let meaning = match Signal::try_from(number) {
        Ok(Signal::SIGSEGV) => " (it used memory that is not its own)",
        Ok(Signal::SIGABRT) => " (it gave up by itself)",
        Ok(Signal::SIGFPE) => " (arithmetic such as a division by zero)",
        Ok(Signal::SIGILL) => " (an instruction the processor does not know)",
        Ok(Signal::SIGSYS) => " (a system call that is not allowed here)",
        Ok(Signal::SIGXFSZ) => " (a file grew over the limit)",
        _ => "",
    };
    name + meaning
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

fn bytes(count: u64) -> String {
    match count {
        count if count > 0 && count % (1 << 20) == 0 => format!("{} MiB", count >> 20),
        count if count > 0 && count % (1 << 10) == 0 => format!("{} KiB", count >> 10),
        count => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::job::tests::limits;

    fn end(ending: Ending, stage: Stage) -> End {
        End {
            ending,
            stage,
            wall_ms: 5,
            cpu_ms: 4,
            peak_memory_bytes: 3,
            output_bytes: 99,
            truncated: false,
            left_memory_bytes: 0,
        }
    }

    #[test]
    fn every_sentence_names_the_limit() {
        let said = |ending, stage| reported(&end(ending, stage), &limits(), 2).message;
        let cases = [
            (said(Ending::Exited(0), Stage::Run), "Finished with exit code 0."),
            (said(Ending::TimeLimit, Stage::Run), "Stopped after 60 s: the limit for wall time is 60 s."),
            (
                said(Ending::TimeLimit, Stage::Compile),
                "Stopped after 30 s: the limit for wall time of compiling is 30 s.",
            ),
            (said(Ending::CpuLimit, Stage::Run), "Stopped after 10 s of CPU time: the limit for CPU time is 10 s."),
            (said(Ending::OutputLimit, Stage::Run), "Stopped after 1 MiB of output: the limit for output is 1 MiB."),
            (
                said(Ending::MemoryLimit, Stage::Run),
                "The program used more than 512 MiB of memory: the limit for memory is 512 MiB.",
            ),
            (
                said(Ending::ProcessLimit, Stage::Run),
                "A process or thread was refused: the limit is 128 processes and threads.",
            ),
        ];
        for (sentence, expected) in cases {
            assert_eq!(sentence, expected);
        }
    }

    #[test]
    fn a_sandbox_that_was_killed_is_a_kill_and_no_guess() {
        let finished = enforced(Outcome::Signalled, Some(Stage::Run), &limits());
        assert_eq!((finished.signal.as_deref(), finished.exit_code), (Some("SIGKILL"), None));
        assert!(finished.message.contains("does not say which"));
    }

    #[test]
    fn a_failed_compiler_is_not_a_finished_program() {
        let finished = reported(&end(Ending::Exited(1), Stage::Compile), &limits(), 2);
        assert_eq!((finished.outcome, finished.exit_code), (Outcome::CompileFailed, Some(1)));
    }

    #[test]
    fn a_signal_has_its_name_and_output_is_what_the_runner_counted() {
        let finished = reported(&end(Ending::Signalled(11), Stage::Run), &limits(), 2);
        assert_eq!((finished.signal.as_deref(), finished.output_bytes), (Some("SIGSEGV"), 2));
        assert_eq!(reported(&end(Ending::Signalled(40), Stage::Run), &limits(), 2).signal.as_deref(), Some("SIG40"));
    }
}
