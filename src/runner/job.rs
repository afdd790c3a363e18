//! Job: what the agent is sent for a claimed run, and the limits of a run in one place.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::languages::{Language, fill_command};
use crate::protocol::{Job, JobFile, JobLimits, Prestart, TerminalSize};
use crate::runner::Limits;
use crate::runner::configuration::{PATH, SandboxLimits};
use crate::runs::request::{RunRequest, Terminal};

/// The variable that tells an interpreter to wait.
const PRESTART: &str = "CODECUBE_WAIT";

/// What Ctrl+D types.
const END_OF_TEXT: u8 = 4;

/// The limits of one run: the server's, where its language has no others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RunLimits {
    pub(super) wall: Duration,
    pub(super) compile_wall: Duration,
    pub(super) cpu: Duration,
    pub(super) memory_mb: u64,
    pub(super) processes: i64,
    pub(super) work_mb: u64,
    pub(super) tmp_mb: u64,
    pub(super) inodes: u64,
    pub(super) output_bytes: u64,
}

impl RunLimits {
    pub(super) fn of(language: &Language, limits: &Limits) -> Self {
        Self {
            wall: limits.wall_time,
            compile_wall: language.limits.compile_seconds.map_or(limits.compile_wall_time, Duration::from_secs),
            cpu: limits.cpu_time,
            memory_mb: language.limits.memory_mb.unwrap_or(limits.memory_mb),
            processes: language.limits.processes.unwrap_or(limits.processes),
            work_mb: limits.work_mb,
            tmp_mb: limits.tmp_mb,
            inodes: limits.inodes,
            output_bytes: limits.output_bytes,
        }
    }

    /// What the kernel must enforce for this run, given what it enforces for every sandbox.
    pub(super) fn of_sandbox(&self, common: &SandboxLimits) -> SandboxLimits {
        SandboxLimits { memory_mb: self.memory_mb, processes: self.processes, ..*common }
    }
}

/// The job of a run.
pub(super) fn build(request: &RunRequest, language: &Language, limits: &RunLimits) -> Job {
    let program = &request.program;
    let paths: Vec<&str> = program.files.iter().map(|file| file.path.as_str()).collect();
    let mut run = fill_command(&language.run, &paths);
    run.extend(program.arguments.iter().cloned());
    let files = program.files.iter();
    Job {
        files: files
            .map(|file| JobFile { path: file.path.clone(), content: file.content.as_bytes().to_vec() })
            .collect(),
        compile: language.compile.as_ref().map(|command| fill_command(command, &paths)),
        run,
        environment: environment(language, request.terminal.is_some()),
        stdin: stdin(request),
        // Without text up front stdin stays open for what viewers type, until somebody says that it ends.
        close_stdin: request.terminal.is_none() && (program.stdin.is_some() || request.stdin_bytes.is_some()),
        terminal: request.terminal.map(terminal_size),
        limits: JobLimits {
            compile_wall_ms: millis(limits.compile_wall),
            run_wall_ms: millis(limits.wall),
            cpu_ms: millis(limits.cpu),
            output_bytes: limits.output_bytes,
        },
    }
}

/// Leaves away what gVisor cannot do. A terminal of its releases up to 2022 at least never ends a write of no bytes, which
/// Python makes for each line of a traceback when it is told not to buffer; on a terminal it ends its lines anyway.
pub(super) fn spare_gvisor(job: &mut Job) {
    let is_python = job.run.first().is_some_and(|command| command == "python3");
    let unbuffered =
        job.run.iter().take_while(|word| word.starts_with('-') || *word == "python3").position(|word| word == "-u");
    if let (Some(_), true, Some(index)) = (job.terminal, is_python, unbuffered) {
        job.run.remove(index);
    }
}

/// What a sandbox may start before it knows its job, if programs in this language can be waited for.
pub(super) fn prestart(language: &Language) -> Option<Prestart> {
    let mut environment = environment(language, false);
    environment.push((PRESTART.to_owned(), "1".to_owned()));
    language.prestart.then(|| Prestart { command: fill_command(&language.run, &[&language.main]), environment })
}

/// Text given up front, as bytes. On a terminal it is typed: a line that was not ended would never reach the
/// program, and the end of the text is typed as well, as a pipe would be closed.
fn stdin(request: &RunRequest) -> Vec<u8> {
    let own = || request.program.stdin.clone().unwrap_or_default().into();
    let mut bytes: Vec<u8> = request.stdin_bytes.clone().unwrap_or_else(own);
    if request.terminal.is_some() && !bytes.is_empty() {
        if bytes.last() != Some(&b'\n') {
            bytes.push(b'\n');
        }
        bytes.push(END_OF_TEXT);
    }
    bytes
}

/// The protocol's form of a viewer's terminal; a terminal without room would confuse programs.
pub(super) fn terminal_size(terminal: Terminal) -> TerminalSize {
    TerminalSize { columns: terminal.columns.max(1), rows: terminal.rows.max(1) }
}

fn environment(language: &Language, has_terminal: bool) -> Vec<(String, String)> {
    let mut environment = BTreeMap::from(
        [("PATH", PATH), ("HOME", "/code"), ("TMPDIR", "/tmp"), ("LANG", "C.UTF-8")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    if has_terminal {
        environment.insert("TERM".to_owned(), "xterm-256color".to_owned());
    }
    environment.extend(language.environment.clone());
    environment.into_iter().collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::languages::Languages;
    use crate::program::Draft;

    pub(crate) fn limits() -> RunLimits {
        let languages = Languages::load().unwrap();
        RunLimits::of(languages.find("python").unwrap(), &Limits::default())
    }

    fn job(terminal: Option<Terminal>) -> Job {
        let languages = Languages::load().unwrap();
        let draft = r#"{"language":"python","files":[{"path":"","content":"x"}],"args":["-a b"],"stdin":"in"}"#;
        let draft: Draft = serde_json::from_str(draft).unwrap();
        let program = draft.parse(&languages, &crate::program::ProgramLimits::default()).unwrap();
        let request = RunRequest { program, terminal, snippet: None, stdin_bytes: None };
        build(&request, languages.find("python").unwrap(), &limits())
    }

    #[test]
    fn arguments_follow_the_command_and_stdin_ends_after_its_text() {
        let job = job(None);
        assert!(job.run.ends_with(&["main.py".to_owned(), "-a b".to_owned()]), "{:?}", job.run);
        assert!(job.close_stdin && job.stdin == b"in" && job.compile.is_none());
        assert!(!job.environment.iter().any(|(name, _)| name == "TERM"));
    }

    #[test]
    fn a_terminal_is_named_and_keeps_its_stdin() {
        let job = job(Some(Terminal { columns: 0, rows: 24 }));
        assert_eq!(job.terminal, Some(TerminalSize { columns: 1, rows: 24 }));
        assert!(!job.close_stdin);
        assert!(job.environment.contains(&("TERM".to_owned(), "xterm-256color".to_owned())));
    }
}
