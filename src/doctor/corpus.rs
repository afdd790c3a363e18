//! Corpus: the hostile programs, embedded, each with its header. One list: the doctor runs it on a host, the
//! tests run it through the whole server.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use crate::doctor::expectation::Expectation;
use crate::doctor::header;
use crate::doctor::promise::Promise;
use crate::runs::outcome::{Finished, Outcome};

/// Wall time of a program that names none and may run into it.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Wall time of one that must come to another end: on a busy host that takes long, which is no fault.
const PATIENCE: Duration = Duration::from_secs(20);
/// Memory of a program that names none.
const MEMORY_MB: u64 = 256;

#[derive(rust_embed::RustEmbed)]
#[folder = "src/doctor/abuse"]
struct Files;

/// One hostile program. What its header says is described in `abuse/README.md`.
#[derive(Debug, Clone)]
pub struct Hostile {
    /// The file's name.
    pub name: String,
    /// The promise that it tries to break.
    pub promise: Promise,
    /// A language's id or alias.
    pub language: String,
    /// What must be contained, in words.
    pub contains: String,
    /// The whole file.
    pub source: String,
    /// Wall time.
    pub timeout: Duration,
    /// Memory, MiB.
    pub memory_mb: u64,
    /// Whether it runs on a terminal.
    pub terminal: bool,
    /// Bytes of input that it is given.
    pub stdin_bytes: usize,
    /// Whether it is run two times, and judged by the second.
    pub twice: bool,
    /// The program that runs beside it.
    pub partner: Option<String>,
    /// Whether it is only another's partner.
    pub helper: bool,
    /// Why it says nothing under gVisor.
    pub skipped_under_gvisor: Option<String>,
    expected: Vec<Expectation>,
    expected_under_gvisor: Option<Vec<Expectation>>,
    present: Vec<String>,
    present_when_remapped: Vec<String>,
    absent: Vec<String>,
}

/// What a program runs on, as far as its end depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ground {
    /// Sandboxes have gVisor's kernel.
    pub gvisor: bool,
    /// Users in containers are others outside (`userns-remap`, rootless).
    pub remapped: bool,
}

/// Why the embedded programs cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A header says something that is not understood.
    #[error("src/doctor/abuse/{0}: {1}")]
    Header(String, String),
    /// Somebody asked for a program that is not there.
    #[error("there is no program called {0}; codecube doctor --list names them")]
    NoSuchProgram(String),
}

/// All hostile programs by name.
#[derive(Debug)]
pub struct Corpus {
    all: BTreeMap<String, Hostile>,
}

impl Corpus {
    /// Reads the embedded programs.
    ///
    /// # Errors
    /// When a header is wrong.
    pub fn load() -> Result<Self, CorpusError> {
        let names = Files::iter().filter(|name| !name.ends_with(".md"));
        let all = names.map(|name| Ok((name.to_string(), read(&name)?))).collect::<Result<BTreeMap<_, _>, _>>()?;
        let lone = all.values().find(|program| program.partner.as_ref().is_some_and(|name| !all.contains_key(name)));
        match lone {
            Some(program) => Err(CorpusError::Header(program.name.clone(), "its partner is missing".to_owned())),
            None => Ok(Self { all }),
        }
    }

    /// The programs that are run for themselves, by promise.
    #[must_use]
    pub fn attacks(&self) -> Vec<&Hostile> {
        let mut attacks: Vec<_> = self.all.values().filter(|program| !program.helper).collect();
        attacks.sort_by_key(|program| program.promise);
        attacks
    }

    /// The attacks with these names (with or without the extension); all without any name.
    ///
    /// # Errors
    /// The first name that there is not.
    pub fn chosen(&self, names: &[String]) -> Result<Vec<&Hostile>, CorpusError> {
        let is_called = |program: &Hostile, name: &str| program.name.split('.').next() == name.split('.').next();
        let attacks = self.attacks();
        if let Some(name) = names.iter().find(|name| !attacks.iter().any(|program| is_called(program, name))) {
            return Err(CorpusError::NoSuchProgram(name.clone()));
        }
        let wanted = |program: &&Hostile| names.is_empty() || names.iter().any(|name| is_called(program, name));
        Ok(attacks.into_iter().filter(wanted).collect())
    }

    /// The program that runs beside this one.
    #[must_use]
    pub fn partner_of(&self, program: &Hostile) -> Option<&Hostile> {
        self.all.get(program.partner.as_ref()?)
    }

    /// Writes one line for each attack.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn list(&self, out: &mut impl Write) -> io::Result<()> {
        let mut promise = None;
        for program in self.attacks() {
            if promise.replace(program.promise) != Some(program.promise) {
                writeln!(out, "{}", program.promise.words())?;
            }
            writeln!(out, "  {:<28} {}", program.name, program.contains)?;
        }
        Ok(())
    }
}

impl Hostile {
    /// Whether its header names no wall time of its own.
    #[must_use]
    pub fn is_of_usual_limits(&self) -> bool {
        [TIMEOUT, PATIENCE].contains(&self.timeout)
    }

    /// Says what is wrong with a run of this program, if anything is.
    ///
    /// # Errors
    /// What was seen, in words.
    pub fn judge(&self, finished: &Finished, output: &str, ground: Ground) -> Result<(), String> {
        let Ground { gvisor, remapped } = ground;
        let expected = self.expected_under_gvisor.as_ref().filter(|_| gvisor).unwrap_or(&self.expected);
        let is_met = if gvisor { Expectation::is_met_under_gvisor } else { Expectation::is_met_by };
        if !expected.iter().any(|expectation| is_met(expectation, finished)) {
            return Err(format!("it ended as {}, {}", described(finished), tail(output)));
        }
        if gvisor && expected.contains(&Expectation::Any) {
            return Ok(());
        }
        if let Some(text) = self.absent.iter().find(|text| output.contains(text.as_str())) {
            let line = output.lines().find(|line| line.contains(text.as_str())).unwrap_or_default();
            return Err(format!("it printed “{}”", shortened(line)));
        }
        let instead = remapped && !gvisor && !self.present_when_remapped.is_empty();
        let present = if instead { &self.present_when_remapped } else { &self.present };
        match present.iter().find(|text| !output.contains(text.as_str())) {
            Some(text) => Err(format!("it did not print “{text}” ({}), {}", described(finished), tail(output))),
            None => Ok(()),
        }
    }
}

/// An outcome in one or two words.
#[must_use]
pub fn described(finished: &Finished) -> String {
    let word = serde_json::to_value(finished.outcome).ok().and_then(|word| word.as_str().map(str::to_owned));
    let word = word.unwrap_or_default().replace('_', " ");
    match (finished.outcome, finished.exit_code, &finished.signal) {
        (Outcome::Exited, Some(code), _) => format!("exit {code}"),
        (Outcome::Interrupted | Outcome::CouldNotStart, ..) => format!("{word} ({})", finished.message),
        (_, Some(code), _) => format!("{word}, exit {code}"),
        (_, _, Some(signal)) => format!("{word}, {signal}"),
        _ => word,
    }
}

fn tail(output: &str) -> String {
    match output.trim_end().lines().next_back() {
        Some(line) => format!("its last line was “{}”", shortened(line)),
        None => "without output".to_owned(),
    }
}

/// A stranger's line as it may stand in a table.
fn shortened(line: &str) -> String {
    line.chars().map(|character| if character.is_control() { ' ' } else { character }).take(120).collect()
}

fn read(name: &str) -> Result<Hostile, CorpusError> {
    let fault = |reason: String| CorpusError::Header(name.to_owned(), reason);
    let file = Files::get(name).ok_or_else(|| fault("it is not there".to_owned()))?;
    let source = String::from_utf8(file.data.into_owned()).map_err(|_| fault("it is not UTF-8".to_owned()))?;
    let promise = Promise::tried_by(name).ok_or_else(|| fault("its first word names no promise".to_owned()))?;
    let mut program = blank(name, promise);
    for (key, value) in header::parse(&source) {
        apply(&mut program, &key, value).map_err(fault)?;
    }
    if program.timeout == PATIENCE && program.expected.iter().any(Expectation::is_out_of_time) {
        program.timeout = TIMEOUT;
    }
    program.source = source;
    let complete = !program.language.is_empty() && (program.helper || !program.expected.is_empty());
    if complete { Ok(program) } else { Err(fault("@lang or @expect is missing".to_owned())) }
}

fn blank(name: &str, promise: Promise) -> Hostile {
    Hostile {
        name: name.to_owned(),
        promise,
        language: String::new(),
        contains: String::new(),
        source: String::new(),
        timeout: PATIENCE,
        memory_mb: MEMORY_MB,
        terminal: false,
        stdin_bytes: 0,
        twice: false,
        partner: None,
        helper: false,
        skipped_under_gvisor: None,
        expected: Vec::new(),
        expected_under_gvisor: None,
        present: Vec::new(),
        present_when_remapped: Vec::new(),
        absent: Vec::new(),
    }
}

fn apply(program: &mut Hostile, key: &str, value: String) -> Result<(), String> {
    let number = |value: &str| value.parse::<u64>().map_err(|_| format!("@{key} is no number"));
    let expectations = |value: &str| Expectation::parse_all(value).map_err(|word| format!("@{key}: what is {word}?"));
    match key {
        "lang" => program.language = value,
        "contain" => program.contains = value,
        "status" | "host" => {} // for people
        "expect" => program.expected = expectations(&value)?,
        "runsc" => program.expected_under_gvisor = Some(expectations(&value)?),
        "runsc-skip" => program.skipped_under_gvisor = Some(value),
        "out" => program.present.push(value),
        "userns" => program.present_when_remapped.push(value),
        "not" => program.absent.push(value),
        "twice" => program.twice = true,
        "helper" => program.helper = true,
        "tty" => program.terminal = true,
        "with" => program.partner = Some(value),
        "timeout" => program.timeout = Duration::from_secs(number(&value)?),
        "mem" => program.memory_mb = number(&value)?,
        "stdin" => program.stdin_bytes = usize::try_from(number(&value)?).map_err(|error| error.to_string())?,
        _ => return Err(format!("@{key} is not known")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_program_has_a_sound_header() {
        let corpus = Corpus::load().unwrap();
        assert!(corpus.attacks().len() > 80, "{}", corpus.attacks().len());
        for program in corpus.attacks() {
            assert!(!program.contains.is_empty(), "{}", program.name);
        }
    }

    #[test]
    fn a_program_is_found_by_its_name_and_a_wrong_name_is_told() {
        let corpus = Corpus::load().unwrap();
        assert_eq!(corpus.chosen(&["mem_bomb".to_owned()]).unwrap().len(), 1);
        assert!(corpus.chosen(&["mem_bom".to_owned()]).is_err());
        let pair = corpus.chosen(&["pair_flock_channel.py".to_owned()]).unwrap()[0];
        assert!(corpus.partner_of(pair).unwrap().helper);
    }

    #[test]
    fn a_run_is_judged_by_its_end_and_its_text() {
        let corpus = Corpus::load().unwrap();
        let (program, ground) = (corpus.chosen(&["net_reach".to_owned()]).unwrap()[0], Ground::default());
        let fine = Finished { exit_code: Some(0), ..Finished::new(Outcome::Exited, "") };
        assert_eq!(program.judge(&fine, "UNREACHED 14/14 in 0.1s\n", ground), Ok(()));
        assert!(program.judge(&fine, "REACHED! a\nUNREACHED 14/14", ground).unwrap_err().contains("REACHED! a"));
        assert!(program.judge(&fine, "", ground).unwrap_err().contains("did not print"));
        let lost = Finished::new(Outcome::RunnerLost, "");
        let (program, remapped) =
            (corpus.chosen(&["pair_inotify".to_owned()]).unwrap()[0], Ground { remapped: true, ..ground });
        assert!(
            program.judge(&fine, "own share", ground).is_ok() && program.judge(&fine, "own share", remapped).is_err()
        );
        assert!(program.judge(&lost, "UNREACHED 14/14", ground).unwrap_err().contains("runner lost"));
    }
}
