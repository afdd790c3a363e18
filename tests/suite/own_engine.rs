//! An Engine of a test's own: a dockerd in namespaces of its own, with the images of the shared one.
//!
//! It is there within a second: an `overlay2` store's images are borrowed, not copied. It may be frozen, killed and
//! filled up; nothing of it reaches the shared Engine, and all of it ends with this program, whatever happens.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::until;

/// The image that all tests run in.
const IMAGE: &str = "codecube-core";
/// First user of the machine that a remapped Engine's containers have.
pub const REMAPPED_TO: u32 = 231_072;
/// Set by `script/remapped-engine`: then all Engines of tests have other users than the machine.
const REMAPPED: &str = "CODECUBE_TEST_USERNS_REMAP";
/// Set by it as well: the data root whose images are borrowed. The one of the Engine in use is itself borrowed.
const LENDER: &str = "CODECUBE_TEST_LENDER";
/// Where control groups are.
const CGROUPS: &str = "/sys/fs/cgroup";
/// Prepares its namespaces, and shows the borrowed layers.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/own_engine.sh");

/// What makes one Engine different from another.
#[derive(Clone)]
pub struct EngineOptions {
    /// The whole `daemon.json`.
    pub daemon: Value,
    /// Size of its disk, which is memory: it can be filled up.
    pub disk_mb: u32,
    /// Whether root in its containers is somebody else outside (`userns-remap`).
    pub remapped: bool,
}

impl EngineOptions {
    /// First user of the machine that a container's are, if they are others.
    fn first_user(&self) -> String {
        if self.remapped { REMAPPED_TO.to_string() } else { String::new() }
    }
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { daemon: json!({}), disk_mb: 1024, remapped: std::env::var_os(REMAPPED).is_some() }
    }
}

/// A running Engine; dropping it ends everything of it.
pub struct OwnEngine {
    /// Its process, namespaces and files end in this order.
    daemon: Daemon,
    namespaces: Namespaces,
    folder: TempDir,
    options: EngineOptions,
}

/// The daemon's process, below the `nsenter` that brought it into its namespaces.
struct Daemon {
    nsenter: Child,
    id: Pid,
}

/// The process that keeps the namespaces, below its `unshare`.
struct Namespaces {
    unshare: Child,
    first: Pid,
    cgroup: String,
}

impl OwnEngine {
    /// Starts one. `None`, said loudly, where this machine does not allow it: then the test could not be tried.
    pub async fn start(options: EngineOptions) -> Option<Self> {
        if !geteuid().is_root() {
            not_tried("an Engine of its own needs root");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("codecube-engine-").tempdir().unwrap();
        let lender = lender();
        let namespaces = Namespaces::make(folder.path(), &options, lender.as_deref())?;
        std::fs::write(folder.path().join("daemon.json"), options.daemon.to_string()).unwrap();
        let daemon = Daemon::start(folder.path(), &namespaces, &options);
        let engine = Self { daemon, namespaces, folder, options };
        engine.answers().await;
        if lender.is_none() {
            engine.load_image();
        }
        Some(engine)
    }

    /// Where it listens, as `--docker-host` takes it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The socket itself.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// Its folder of images and containers, as it is seen from outside.
    pub fn data_root(&self) -> PathBuf {
        let inside = self.data_root_inside();
        Path::new(&format!("/proc/{}/root", self.namespaces.first)).join(inside.strip_prefix("/").unwrap())
    }

    /// The same folder as the daemon sees it; a disk of its own, which can be filled up.
    pub fn data_root_inside(&self) -> PathBuf {
        let data = self.folder.path().join("data");
        if self.options.remapped { data.join(format!("{REMAPPED_TO}.{REMAPPED_TO}")) } else { data }
    }

    /// Name of the control group that holds its containers.
    pub fn cgroup(&self) -> String {
        self.namespaces.cgroup.clone()
    }

    /// The daemon's process.
    pub fn pid(&self) -> Pid {
        self.daemon.id
    }

    /// Sends the daemon a signal, such as SIGSTOP and SIGCONT.
    pub fn signal(&self, signal: Signal) {
        kill(self.daemon.id, signal).unwrap();
        if signal == Signal::SIGCONT {
            self.daemon.wake_parent();
        }
    }

    /// `kill -9` of the daemon; its containers live on, as they do when dockerd crashes.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.wait();
    }

    /// Waits until the daemon has ended, after a signal that ends it.
    pub fn wait(&mut self) {
        self.daemon.nsenter.wait().unwrap();
    }

    /// Starts the daemon again after its end, and waits until it answers.
    pub async fn restart(&mut self) {
        let _ = std::fs::remove_file(self.folder.path().join("docker.pid"));
        // A daemon that ends in order unmounts all below its data root, the borrowed layers with it.
        let folder = self.folder.path().display().to_string();
        self.inside(&[SCRIPT, "again", &folder, &self.options.first_user()]);
        self.daemon = Daemon::start(self.folder.path(), &self.namespaces, &self.options);
        self.answers().await;
    }

    /// The `docker` command on it.
    pub fn docker(&self, arguments: &[&str]) -> Output {
        Command::new("docker").arg("--host").arg(self.host()).args(arguments).output().unwrap()
    }

    /// Names of its containers, running or not.
    pub fn containers(&self) -> Vec<String> {
        let listed = self.docker(&["ps", "--all", "--format", "{{.Names}}"]);
        String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// A command in the Engine's namespaces, for instance one that fills its disk.
    pub fn inside(&self, command: &[&str]) -> Output {
        self.namespaces.enter().args(command).output().unwrap()
    }

    async fn answers(&self) {
        until("the test's own Engine answers", || async { self.docker(&["version"]).status.success() }).await;
    }

    /// Copies the image where it cannot be borrowed. Takes a minute or two.
    fn load_image(&self) {
        let mut save = Command::new("docker").args(["save", IMAGE]).stdout(Stdio::piped()).spawn().unwrap();
        let image = save.stdout.take().unwrap();
        let loaded = Command::new("docker").arg("--host").arg(self.host()).arg("load").stdin(image).output().unwrap();
        assert!(loaded.status.success() && save.wait().unwrap().success(), "{loaded:?}");
    }
}

impl Daemon {
    fn start(folder: &Path, namespaces: &Namespaces, options: &EngineOptions) -> Self {
        let place = |name: &str| folder.join(name).display().to_string();
        let mut command = namespaces.enter();
        command.args(["dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false"]);
        command.args(["--data-root", &place("data"), "--exec-root", &place("run"), "--pidfile", &place("docker.pid")]);
        command.args(["--config-file", &place("daemon.json"), "--host", &format!("unix://{}", place("docker.sock"))]);
        command.arg(format!("--cgroup-parent=/{}", namespaces.cgroup));
        if options.remapped {
            command.arg("--userns-remap=default");
        }
        let log = std::fs::File::options().create(true).append(true).open(place("dockerd.log")).unwrap();
        let nsenter = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let id = only_child(nsenter.id());
        Self { nsenter, id }
    }

    /// `nsenter` stops itself when its child stops, and would never be waited for.
    fn wake_parent(&self) {
        let _ = kill(Pid::from_raw(self.nsenter.id().cast_signed()), Signal::SIGCONT);
    }
}

impl Namespaces {
    fn make(folder: &Path, options: &EngineOptions, lender: Option<&Path>) -> Option<Self> {
        let cgroup = folder.file_name().unwrap().to_string_lossy().into_owned();
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", SCRIPT]);
        command
            .arg(folder)
            .arg(options.disk_mb.to_string())
            .arg(lender.unwrap_or(Path::new("")))
            .arg(options.first_user());
        let log = std::fs::File::create(folder.join("namespaces.log")).unwrap();
        let mut unshare = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(unshare.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.trim() == "ready" {
            let first = only_child(unshare.id());
            return Some(Self { unshare, first, cgroup });
        }
        let _ = unshare.wait();
        let reason = std::fs::read_to_string(folder.join("namespaces.log")).unwrap();
        assert!(reason.contains("unshare failed"), "{reason}");
        not_tried(&format!("this machine allows no namespaces: {}", reason.trim()));
        None
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first.to_string(), "--net", "--mount", "--pid", "--"]);
        command
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("dockerd.log")).unwrap_or_default();
            let end: Vec<_> = log.lines().rev().take(15).collect();
            let _ = writeln!(std::io::stderr(), "the end of the own Engine's log, newest first:\n{}", end.join("\n"));
        }
        let _ = kill(self.daemon.id, Signal::SIGKILL);
        self.daemon.wake_parent();
        let _ = self.daemon.nsenter.wait();
    }
}

impl Drop for Namespaces {
    /// The end of process 1 is the end of everything in them; its parent returns when it is over.
    fn drop(&mut self) {
        let _ = kill(self.first, Signal::SIGKILL);
        let _ = self.unshare.wait();
        remove_cgroups(&self.cgroup);
    }
}

/// Says, past the test's captured output, what could not be tried here.
pub fn not_tried(why: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "\nNOT TRIED: {name}: {why}");
}

/// The data root of the shared Engine, when its images can be borrowed.
fn lender() -> Option<PathBuf> {
    if let Some(root) = std::env::var_os(LENDER) {
        return Some(PathBuf::from(root)).filter(|root| !root.as_os_str().is_empty());
    }
    let asked = Command::new("docker").args(["info", "--format", "{{.Driver}} {{.DockerRootDir}}"]).output().unwrap();
    let text = String::from_utf8(asked.stdout).unwrap();
    let root = PathBuf::from(text.trim().strip_prefix("overlay2 ")?);
    root.join("image/overlay2/repositories.json").exists().then_some(root)
}

/// The process below `parent`, which is about to start it.
fn only_child(parent: u32) -> Pid {
    let list = format!("/proc/{parent}/task/{parent}/children");
    let start = std::time::Instant::now();
    loop {
        let children = std::fs::read_to_string(&list).unwrap_or_default();
        if let Some(child) = children.split_whitespace().next() {
            return Pid::from_raw(child.parse().unwrap());
        }
        assert!(start.elapsed() < crate::server::PATIENCE, "{parent} started nothing");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Removes the empty control groups of this name below the root of every hierarchy, with those in them.
pub fn remove_cgroups(name: &str) {
    for controller in std::fs::read_dir(CGROUPS).into_iter().flatten().flatten() {
        remove_cgroup(&controller.path().join(name));
    }
    remove_cgroup(&Path::new(CGROUPS).join(name));
}

/// Deepest first.
fn remove_cgroup(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_cgroup(&entry.path());
        }
    }
    let _ = std::fs::remove_dir(folder);
}

#[tokio::test]
async fn an_engine_of_a_test_can_be_frozen_filled_up_and_killed() {
    let options = EngineOptions { disk_mb: 64, ..EngineOptions::default() };
    let Some(mut engine) = OwnEngine::start(options).await else { return };
    let sleep = ["run", "--detach", "--network=none", "--name=sleeper", IMAGE, "sleep", "1000"];
    assert!(engine.docker(&sleep).status.success());
    engine.signal(Signal::SIGSTOP);
    let unread = std::os::unix::net::UnixStream::connect(engine.socket()).unwrap();
    engine.signal(Signal::SIGCONT);
    drop(unread);
    let file = engine.data_root_inside().join("filler").display().to_string();
    assert!(!engine.inside(&["dd", "if=/dev/zero", "bs=1M", &format!("of={file}")]).status.success());
    assert!(engine.data_root().join("filler").metadata().unwrap().len() > 32 << 20);
    assert!(!engine.docker(&["create", "--name=other", IMAGE]).status.success());
    engine.inside(&["rm", &file]);
    let before = engine.pid();
    engine.kill();
    engine.restart().await;
    assert_ne!(engine.pid(), before);
    assert_eq!(engine.containers(), ["sleeper"]);
}
