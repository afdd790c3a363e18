//! The agent's life: ready, one job, its stages, the end.

use crate::agent::children::Children;
use crate::agent::counters::Counters;
use crate::agent::ending::judge;
use crate::agent::error::{AgentError, words};
use crate::agent::files;
use crate::agent::identity::Identity;
use crate::agent::input::Input;
use crate::agent::launcher::{Launcher, Order, Prestarted, Started};
use crate::agent::link::Link;
use crate::agent::meter::Meter;
use crate::agent::stage::{Over, Watch};
use crate::agent::stdio::{ProgramEnds, Stdio};
use crate::protocol::{End, Ending, FromAgent, Job, JobLimits, Prestart, Ready, Stage, TerminalSize, ToAgent, VERSION};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often a launcher is tried to be started; between two tries everything in the sandbox is killed.
const LAUNCH_TRIES: usize = 3;

/// What the agent holds for its whole life.
pub(super) struct Supervisor {
    /// The frames from and to the runner.
    pub(super) link: Link,
    /// The sandbox's processes.
    pub(super) children: Children,
    /// The kernel's figures.
    pub(super) counters: Counters,
    identity: Identity,
    executable: PathBuf,
    launcher: Option<Launcher>,
    prestarted: Option<Prestarted>,
}

/// What one run holds through its stages.
pub(super) struct Run {
    /// The limits of the job.
    pub(super) limits: JobLimits,
    /// The terminal's size now, or pipes.
    pub(super) terminal: Option<TerminalSize>,
    /// Bytes that wait for the run stage.
    pub(super) input: Input,
    /// The output so far.
    pub(super) meter: Meter,
    /// CPU time of the sandbox before the first stage.
    pub(super) cpu_before: Duration,
    /// When the job came.
    pub(super) started: Instant,
    /// Time from there to the end of the last stage that ended.
    pub(super) wall: Duration,
    environment: Vec<(String, String)>,
}

/// Runs the agent; as process 1 its return ends every process of the sandbox.
pub(super) fn main() -> ExitCode {
    // The agent kills everything it can reach. Anywhere but in a process namespace of its own that is the machine.
    if std::process::id() != 1 {
        eprintln!("codecube-agent: it only runs as process 1 of a container");
        return ExitCode::from(2);
    }
    match Supervisor::start().and_then(|mut supervisor| supervisor.serve()) {
        Ok(()) | Err(AgentError::RunnerGone) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("codecube-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Supervisor {
    fn start() -> Result<Self, AgentError> {
        let executable = std::env::current_exe().map_err(AgentError::system("find the agent's executable"))?;
        // The program has the same uid. This closes /proc/1 (memory, descriptors, environment) and ptrace to it.
        nix::sys::prctl::set_dumpable(false).map_err(AgentError::system("become undumpable"))?;
        let link = Link::take_over_stdio()?;
        let children = Children::watch()?;
        let identity = Identity::of_program().map_err(AgentError::system("look at the work folder"))?;
        let launcher = Launcher::spawn(&executable).map_err(AgentError::system("start a launcher"))?;
        let (counters, launcher) = (Counters::open(), Some(launcher));
        Ok(Self { link, children, counters, identity, executable, launcher, prestarted: None })
    }

    fn serve(&mut self) -> Result<(), AgentError> {
        self.link.send(&FromAgent::Ready(Ready { version: VERSION }))?;
        let job = loop {
            match self.link.next_blocking()? {
                ToAgent::Job(job) => break *job,
                ToAgent::Prestart(prestart) => self.prestart(prestart),
                ToAgent::Stop => return Err(AgentError::RunnerGone),
                _ => {}
            }
        };
        let end = self.execute(job)?;
        self.link.send(&FromAgent::End(end))?;
        self.link.flush_all()?;
        // A container's end costs the machine some work. The runner chooses its time by closing the stream.
        loop {
            self.link.next_blocking()?;
        }
    }

    /// Without one, a job is started like any other.
    fn prestart(&mut self, prestart: Prestart) {
        let order = Order { command: prestart.command, environment: prestart.environment };
        self.prestarted = Launcher::spawn(&self.executable).and_then(|launcher| launcher.prestart(order)).ok();
    }

    fn execute(&mut self, mut job: Job) -> Result<End, AgentError> {
        self.let_go_of_the_unneeded(job.compile.as_ref().unwrap_or(&job.run));
        let mut run = Run::new(&mut job, self.counters.cpu_time());
        self.counters.begin_run();
        let first = if job.compile.is_some() { Stage::Compile } else { Stage::Run };
        let files = std::mem::take(&mut job.files);
        if let Err(sentence) =
            self.identity.lend(|| files::write_all(&files)).unwrap_or_else(|error| Err(words(&error)))
        {
            return Ok(self.end(&run, first, Ending::CouldNotStart(sentence)));
        }
        if let Some(command) = job.compile {
            let ending = self.stage(&mut run, Stage::Compile, command)?;
            if ending != Ending::Exited(0) {
                return Ok(self.end(&run, Stage::Compile, ending));
            }
        }
        let ending = self.stage(&mut run, Stage::Run, job.run)?;
        Ok(self.end(&run, Stage::Run, ending))
    }

    fn stage(&mut self, run: &mut Run, stage: Stage, command: Vec<String>) -> Result<Ending, AgentError> {
        let before = self.counters.refusal_counts();
        let begun = self.begin(run, stage, command);
        // Told while the program starts: its first line is what somebody waits for.
        self.link.send(&FromAgent::Stage(stage))?;
        let (stdio, process) = match begun {
            Ok(begun) => begun,
            Err(error) => return Ok(Ending::CouldNotStart(format!("The sandbox failed: {}.", words(&error)))),
        };
        let over = Watch::new(self, run, stage, process.process, stdio).run()?;
        Ok(match over {
            Over::Own(ending) => ending,
            Over::Exit(exit, disk_full) => match process.failure() {
                Some(sentence) => Ending::CouldNotStart(sentence),
                None => judge(exit, stage, self.counters.refusals_since(before), disk_full),
            },
        })
    }

    fn begin(&mut self, run: &Run, stage: Stage, command: Vec<String>) -> io::Result<(Stdio, Started)> {
        // A compiler reads nothing: what is typed meanwhile is the program's.
        let (ours, theirs) = self.identity.lend(|| match (run.terminal, stage) {
            (Some(size), _) => Stdio::terminal(size),
            (None, Stage::Compile) => Stdio::pipes_without_input(),
            (None, Stage::Run) => Stdio::pipes(),
        })??;
        let order = Order { command, environment: run.environment.clone() };
        Ok((ours, self.launch(&order, &theirs)?))
    }

    /// Ends the one of the two that wait which the first command does not need, so that nothing of it is beside the
    /// program or in its figures.
    fn let_go_of_the_unneeded(&mut self, command: &[String]) {
        let unneeded = match self.prestarted.take_if(|waiting| !waiting.fits(command)) {
            Some(interpreter) => Some(interpreter.process()),
            None if self.prestarted.is_some() => self.launcher.take().map(|launcher| launcher.process()),
            None => None,
        };
        if let Some(process) = unneeded {
            self.children.end(process);
        }
    }

    /// Turns the interpreter or the launcher that waits into the command, or a new launcher where neither is there or
    /// outlived its wait.
    fn launch(&mut self, order: &Order, stdio: &ProgramEnds) -> io::Result<Started> {
        if let Some(Ok(started)) = self.prestarted.take().map(|waiting| waiting.start(order, stdio)) {
            return Ok(started);
        }
        let mut tries = 1;
        loop {
            let launcher = match self.launcher.take() {
                Some(waiting) => Ok(waiting),
                None => Launcher::spawn(&self.executable),
            };
            match launcher.and_then(|launcher| launcher.start(order, stdio)) {
                Err(_) if tries < LAUNCH_TRIES => tries += 1,
                result => return result,
            }
            self.children.end_all();
        }
    }

    fn end(&mut self, run: &Run, stage: Stage, ending: Ending) -> End {
        End {
            ending,
            stage,
            wall_ms: milliseconds(run.wall),
            cpu_ms: milliseconds(self.counters.cpu_time().saturating_sub(run.cpu_before)),
            peak_memory_bytes: self.counters.peak_memory_bytes(),
            output_bytes: run.meter.sent_bytes(),
            truncated: run.meter.truncated(),
            left_memory_bytes: self.counters.memory_bytes(),
        }
    }
}

impl Run {
    fn new(job: &mut Job, cpu_before: Duration) -> Self {
        let mut input = Input::default();
        input.push(&std::mem::take(&mut job.stdin));
        if job.close_stdin && job.terminal.is_none() {
            input.close();
        }
        Self {
            limits: job.limits,
            terminal: job.terminal,
            input,
            meter: Meter::new(job.limits.output_bytes),
            cpu_before,
            environment: std::mem::take(&mut job.environment),
            started: Instant::now(),
            wall: Duration::ZERO,
        }
    }
}

/// Whole milliseconds, as the protocol counts.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
