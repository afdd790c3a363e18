//! One stage: its loop, its limits, its end.

use crate::agent::children::Exit;
use crate::agent::ending::disk_is_full;
use crate::agent::error::AgentError;
use crate::agent::stdio::{Found, Stdio};
use crate::agent::supervisor::{Run, Supervisor, milliseconds};
use crate::agent::wait::wait;
use crate::protocol::{Ending, FromAgent, OUTPUT_CHUNK, OutputStream, Stage, TerminalSize, ToAgent, Usage};
use std::time::{Duration, Instant};

/// Time between two usage frames.
const USAGE_PERIOD: Duration = Duration::from_secs(1);

/// Shortest and longest time between two looks at the CPU time: how late its limit may be noticed, and how late
/// a sandbox that got more cores than were counted.
const CPU_CHECK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How a stage ended.
pub(super) enum Over {
    /// By the agent's doing: a limit, or the runner's wish.
    Own(Ending),
    /// The main process ended; whether the disk was full then.
    Exit(Exit, bool),
}

/// A running stage.
pub(super) struct Watch<'a> {
    supervisor: &'a mut Supervisor,
    run: &'a mut Run,
    stage: Stage,
    process: i32,
    stdio: Stdio,
    deadline: Instant,
    cpu_limit: Duration,
    cores: u32,
    next_cpu_check: Instant,
    next_usage: Instant,
    chunk: Vec<u8>,
}

impl<'a> Watch<'a> {
    /// The stage begins now.
    pub(super) fn new(
        supervisor: &'a mut Supervisor,
        run: &'a mut Run,
        stage: Stage,
        process: i32,
        stdio: Stdio,
    ) -> Self {
        let now = Instant::now();
        let wall_ms = if stage == Stage::Compile { run.limits.compile_wall_ms } else { run.limits.run_wall_ms };
        let cpu_limit = supervisor.counters.cpu_time().saturating_add(Duration::from_millis(run.limits.cpu_ms));
        Self {
            supervisor,
            stage,
            process,
            stdio,
            deadline: now + Duration::from_millis(wall_ms.min(u64::from(u32::MAX))),
            cpu_limit,
            cores: std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1)),
            next_cpu_check: now + Duration::from_millis(run.limits.cpu_ms).clamp(CPU_CHECK.0, CPU_CHECK.0 * 5),
            next_usage: now + USAGE_PERIOD,
            chunk: vec![0; OUTPUT_CHUNK],
            run,
        }
    }

    /// Runs the stage to its end: when this returns, none of its processes is left and all output is sent.
    pub(super) fn run(&mut self) -> Result<Over, AgentError> {
        let over = self.watch()?;
        self.supervisor.counters.memory_bytes();
        self.supervisor.children.end_all();
        self.run.wall = self.run.started.elapsed(); // what a slow runner adds below is not the program's time
        self.drain()?;
        // A program that prints too much and ends at once is told the same as one that goes on.
        Ok(match over {
            Over::Exit(..) if self.run.meter.truncated() => Over::Own(Ending::OutputLimit),
            over => over,
        })
    }

    /// Every turn does a bounded piece of work for each side, so that a flood on one does not keep out another.
    fn watch(&mut self) -> Result<Over, AgentError> {
        self.feed();
        loop {
            if let Some(ending) = self.obey()? {
                return Ok(Over::Own(ending));
            }
            let [runner, room, ended, first, second, input] = self.wait()?;
            if runner {
                self.supervisor.link.receive()?;
            }
            if room {
                self.supervisor.link.flush()?;
            }
            if (ended || self.supervisor.children.is_behind())
                && let Some(exit) = self.supervisor.children.reap(self.process)
            {
                return Ok(Over::Exit(exit, exit != Exit::Code(0) && disk_is_full()));
            }
            for (index, happened) in [first, second].into_iter().enumerate() {
                if happened {
                    self.forward(index)?;
                }
            }
            if input {
                self.feed();
            }
            if let Some(ending) = self.check_limits()? {
                return Ok(Over::Own(ending));
            }
        }
    }

    fn wait(&mut self) -> Result<[bool; 6], AgentError> {
        self.stdio.wake(Instant::now());
        let until = self.deadline.min(self.next_cpu_check).min(self.next_usage);
        let until = self.stdio.wakes_at().map_or(until, |wake| wake.min(until));
        let until = if self.supervisor.children.is_behind() { Instant::now() } else { until };
        let link = &self.supervisor.link;
        // What the runner does not take yet is not read from the program either.
        let [first, second] = if link.is_behind() { [None, None] } else { self.stdio.readable() };
        let input = if self.stage == Stage::Run { self.stdio.writable(&self.run.input) } else { None };
        let wanted = [link.readable(), link.writable(), self.supervisor.children.wanted(), first, second, input];
        wait(wanted, Some(until)).map_err(AgentError::system("poll"))
    }

    /// Does what the runner's messages say; an ending when it wants the run stopped.
    fn obey(&mut self) -> Result<Option<Ending>, AgentError> {
        while let Some(message) = self.supervisor.link.next()? {
            match message {
                ToAgent::Stop => return Ok(Some(Ending::Stopped)),
                ToAgent::Input(bytes) => self.run.input.push(&bytes),
                ToAgent::Eof if self.run.terminal.is_some() => self.run.input.type_end(),
                ToAgent::Eof => self.run.input.close(),
                ToAgent::Resize(size) => self.resize(size),
                ToAgent::Signal(number) => self.supervisor.children.signal_group(self.process, number),
                ToAgent::Prestart(_) | ToAgent::Job(_) => {} // one sandbox, one job
            }
            self.feed();
        }
        Ok(None)
    }

    fn resize(&mut self, size: TerminalSize) {
        self.stdio.resize(size);
        if let Some(current) = &mut self.run.terminal {
            *current = size;
        }
    }

    fn feed(&mut self) {
        if self.stage == Stage::Run {
            self.stdio.feed(&mut self.run.input);
        }
    }

    /// Sends one chunk of output `index`, if one is there.
    fn forward(&mut self, index: usize) -> Result<Found, AgentError> {
        self.supervisor.counters.memory_bytes(); // sampled: a short run is over before the next look
        let (stream, found) = self.stdio.read(index, &mut self.chunk);
        if let Found::Bytes(count) = found {
            self.send(stream, count)?;
        }
        Ok(found)
    }

    fn send(&mut self, stream: OutputStream, count: usize) -> Result<(), AgentError> {
        let admitted = self.run.meter.admit(count);
        if admitted > 0 {
            self.supervisor.link.send(&FromAgent::Output(stream, self.chunk[..admitted].to_vec()))?;
        }
        Ok(())
    }

    fn check_limits(&mut self) -> Result<Option<Ending>, AgentError> {
        if self.run.meter.truncated() {
            return Ok(Some(Ending::OutputLimit));
        }
        let now = Instant::now();
        if now >= self.deadline {
            return Ok(Some(Ending::TimeLimit));
        }
        if now >= self.next_cpu_check && self.check_cpu(now) {
            return Ok(Some(Ending::CpuLimit));
        }
        if now >= self.next_usage {
            self.next_usage = now + USAGE_PERIOD;
            self.report_usage()?;
        }
        Ok(None)
    }

    /// Whether the CPU time is over; otherwise plans the next look for when it can be at the earliest.
    fn check_cpu(&mut self, now: Instant) -> bool {
        let counters = &mut self.supervisor.counters;
        counters.memory_bytes(); // sampled for a peak that the kernel may not keep
        let left = self.cpu_limit.saturating_sub(counters.cpu_time());
        self.next_cpu_check = now + (left / self.cores).clamp(CPU_CHECK.0, CPU_CHECK.1);
        left.is_zero()
    }

    fn report_usage(&mut self) -> Result<(), AgentError> {
        if self.supervisor.link.is_behind() {
            return Ok(()); // a runner that does not read gets no pile of old figures
        }
        let counters = &mut self.supervisor.counters;
        let cpu_ms = milliseconds(counters.cpu_time().saturating_sub(self.run.cpu_before));
        let memory_bytes = counters.memory_bytes();
        self.supervisor.link.send(&FromAgent::Usage(Usage { cpu_ms, memory_bytes }))
    }

    /// Sends what was printed before the end. The writers are dead, so there is no more of it than a pipe holds.
    fn drain(&mut self) -> Result<(), AgentError> {
        for index in 0..2 {
            while !self.run.meter.truncated() && matches!(self.forward(index)?, Found::Bytes(_)) {
                self.supervisor.link.flush_all()?;
            }
        }
        Ok(())
    }
}
