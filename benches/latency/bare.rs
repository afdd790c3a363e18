//! The bare baseline: the image's own interpreters as plain processes of the host, without any isolation but
//! a changed root, from spawn to the first output byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// First argument of the helper.
pub const HELPER: &str = "bare-helper";

/// Begins an order for a rate.
const RATE: &str = "rate ";

/// A container that only lends its files, and the helper process inside of them.
pub struct Bare {
    container: String,
    helper: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Bare {
    /// Starts both; `None` without the rights to change the root directory.
    pub fn start() -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            println!("(not root: bare processes are not measured)");
            return None;
        }
        let run = ["run", "-d", "--network=none", "--tmpfs=/code:exec,size=64m", "codecube-core", "sleep", "3600"];
        let container = docker(&run);
        let process = docker(&["inspect", "-f", "{{.State.Pid}}", &container]);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([HELPER, &format!("/proc/{process}/root")]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut helper = command.spawn().unwrap();
        let (orders, answers) = (helper.stdin.take().unwrap(), BufReader::new(helper.stdout.take().unwrap()));
        Some(Self { container, helper, orders, answers })
    }

    /// Time from spawning the first of these commands to the first byte that the last one prints.
    pub fn time(&mut self, commands: &[&[&str]]) -> Duration {
        writeln!(self.orders, "{}", serde_json::to_string(commands).unwrap()).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        Duration::from_nanos(line.trim().parse().unwrap())
    }
}

impl Bare {
    /// How many of this command end in a second when as many are under way as processors can serve, twice.
    pub fn rate(&mut self, command: &[&str], count: usize) -> f64 {
        let at_once = 2 * std::thread::available_parallelism().map_or(1, usize::from);
        writeln!(self.orders, "{RATE}{}", serde_json::to_string(&(command, count / at_once, at_once)).unwrap())
            .unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let lasted = Duration::from_nanos(line.trim().parse().unwrap());
        (count / at_once * at_once) as f64 / lasted.as_secs_f64()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.helper.kill();
        let _ = self.helper.wait();
        docker(&["rm", "-f", &self.container]);
    }
}

/// The helper's life: changes its root once, then times what it is told.
pub fn help(root: &str) {
    nix::unistd::chroot(root).unwrap();
    std::env::set_current_dir("/code").unwrap();
    for line in std::io::stdin().lines().map(Result::unwrap) {
        let lasted = match line.strip_prefix(RATE) {
            Some(order) => crowd(&serde_json::from_str(order).unwrap()),
            None => time_here(&serde_json::from_str::<Vec<Vec<String>>>(&line).unwrap()),
        };
        println!("{}", lasted.as_nanos());
    }
}

/// Runs a command again and again on several threads.
fn crowd((command, each, at_once): &(Vec<String>, usize, usize)) -> Duration {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..*at_once {
            scope.spawn(|| (0..*each).for_each(|_| drop(process(command).output().unwrap())));
        }
    });
    start.elapsed()
}

fn time_here(commands: &[Vec<String>]) -> Duration {
    let start = Instant::now();
    let (last, before) = commands.split_last().unwrap();
    for command in before {
        assert!(process(command).status().unwrap().success());
    }
    let mut child = process(last).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let passed = start.elapsed();
    child.wait().unwrap();
    passed
}

fn process(command: &[String]) -> Command {
    let mut process = Command::new(&command[0]);
    process.args(&command[1..]).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", "/code");
    process.env("LANG", "C.UTF-8").stdin(Stdio::null());
    process
}

/// Runs the docker command and gives back what it prints.
pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
