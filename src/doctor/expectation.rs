//! Expectation: what a hostile program may come to, in the corpus' own words.

use crate::runs::outcome::{Finished, Outcome};

/// One allowed end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// `any`: any end of the program's own or by a limit; never a failure of ours.
    Any,
    /// `ok`: exit code 0.
    Fine,
    /// `exit:N`.
    Exit(i32),
    /// `exit:*`.
    AnyExit,
    /// `signal:NAME`.
    Signal(String),
    /// `signal:*`.
    AnySignal,
    /// `oom`, `timeout`, `output-limit`, `disk-limit`, `process-limit`: one of these outcomes.
    Limit(&'static [Outcome]),
}

/// The corpus' words for limits, and our outcomes.
const LIMITS: &[(&str, &[Outcome])] = &[
    ("oom", &[Outcome::MemoryLimit]),
    ("timeout", &[Outcome::TimeLimit, Outcome::CpuLimit]),
    ("output-limit", &[Outcome::OutputLimit]),
    ("disk-limit", &[Outcome::DiskLimit]),
    ("process-limit", &[Outcome::ProcessLimit]),
];

impl Expectation {
    /// Reads words separated by `|`; gives back the first that is none.
    ///
    /// # Errors
    /// The word.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        text.split('|').map(str::trim).map(|word| Self::parse(word).ok_or_else(|| word.to_owned())).collect()
    }

    fn parse(word: &str) -> Option<Self> {
        if let Some((_, outcomes)) = LIMITS.iter().find(|(name, _)| *name == word) {
            return Some(Self::Limit(outcomes));
        }
        match word.split_once(':') {
            None if word == "ok" => Some(Self::Fine),
            None if word == "any" => Some(Self::Any),
            Some(("exit", "*")) => Some(Self::AnyExit),
            Some(("exit", code)) => code.parse().ok().map(Self::Exit),
            Some(("signal", "*")) => Some(Self::AnySignal),
            Some(("signal", name)) => Some(Self::Signal(name.to_owned())),
            _ => None,
        }
    }

    /// Whether a program of this end may run into the limit on time.
    #[must_use]
    pub fn is_out_of_time(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Limit(outcomes) => outcomes.contains(&Outcome::TimeLimit),
            _ => false,
        }
    }

    /// Whether a run that ended so is what was expected.
    #[must_use]
    pub fn is_met_by(&self, finished: &Finished) -> bool {
        let exited = matches!(finished.outcome, Outcome::Exited | Outcome::CompileFailed);
        // A program that failed because it was refused something: the corpus has no word of its own for it.
        let refused = matches!(finished.outcome, Outcome::DiskLimit | Outcome::ProcessLimit);
        match self {
            Self::Any => !is_ours(finished.outcome),
            Self::Fine => finished.outcome == Outcome::Exited && finished.exit_code == Some(0),
            Self::Exit(code) => exited && finished.exit_code == Some(*code),
            Self::AnyExit => exited || refused,
            Self::Signal(name) => finished.signal.as_deref() == Some(name),
            Self::AnySignal => finished.signal.is_some(),
            Self::Limit(outcomes) => outcomes.contains(&finished.outcome),
        }
    }

    /// The same under gVisor, where the kernel's counters are missing: a limit may be told as a kill.
    #[must_use]
    pub fn is_met_under_gvisor(&self, finished: &Finished) -> bool {
        let by_counter = [Outcome::MemoryLimit, Outcome::ProcessLimit];
        let told_as_kill = finished.outcome == Outcome::Signalled && finished.signal.as_deref() == Some("SIGKILL");
        let is_of_counters =
            matches!(self, Self::Limit(outcomes) if outcomes.iter().any(|one| by_counter.contains(one)));
        self.is_met_by(finished) || (told_as_kill && is_of_counters)
    }
}

/// Ends that no program may bring about: they are failures of the host or of ours.
fn is_ours(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Interrupted | Outcome::RunnerLost | Outcome::CouldNotStart | Outcome::Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(outcome: Outcome, exit_code: Option<i32>) -> Finished {
        Finished { exit_code, ..Finished::new(outcome, "") }
    }

    fn met(words: &str, finished: &Finished) -> bool {
        Expectation::parse_all(words).unwrap().iter().any(|expectation| expectation.is_met_by(finished))
    }

    #[test]
    fn the_words_of_the_corpus_are_our_outcomes() {
        assert!(met("oom|exit:2", &ended(Outcome::Exited, Some(2))));
        assert!(met("timeout", &ended(Outcome::CpuLimit, None)));
        assert!(!met("ok", &ended(Outcome::CompileFailed, Some(0))));
        assert!(met("exit:*", &ended(Outcome::CompileFailed, Some(1))));
        assert!(met("exit:*", &ended(Outcome::ProcessLimit, None)));
        assert!(!met("oom|timeout|output-limit", &ended(Outcome::Exited, Some(0))));
        assert_eq!(Expectation::parse_all("ok|maybe"), Err("maybe".to_owned()));
    }

    #[test]
    fn a_kill_may_stand_for_a_limit_under_gvisor_only() {
        let killed = Finished { signal: Some("SIGKILL".to_owned()), ..Finished::new(Outcome::Signalled, "") };
        let under_gvisor = |word: &str| Expectation::parse_all(word).unwrap()[0].is_met_under_gvisor(&killed);
        assert!(under_gvisor("oom") && under_gvisor("process-limit"));
        assert!(!under_gvisor("timeout") && !under_gvisor("exit:7") && !met("oom", &killed));
    }

    #[test]
    fn a_failure_of_ours_is_never_expected() {
        for outcome in [Outcome::Interrupted, Outcome::RunnerLost, Outcome::CouldNotStart] {
            assert!(!met("any|ok|exit:*|signal:*|oom|timeout", &ended(outcome, None)), "{outcome:?}");
        }
    }
}
