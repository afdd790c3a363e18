//! The real server as a child process, each with a data directory, a port and a runner of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Greatest wait for something that happens within a second on a good day.
pub const PATIENCE: Duration = Duration::from_secs(60);

static NUMBER: AtomicU32 = AtomicU32::new(0);
static SHARED: OnceCell<Server> = OnceCell::const_new();

/// One process of the server. It ends when its standard input closes, so it never outlives the test program.
pub struct Process {
    pub child: Child,
    stdin: Option<ChildStdin>,
    pub url: Option<String>,
}

impl Process {
    /// Starts a role; waits for its address when it serves pages.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_through(&[], arguments)
    }

    /// Starts it through a command that ends in executing what follows it, such as `prlimit --nofile=64`.
    pub fn start_through(wrapper: &[&str], arguments: &[&str]) -> Self {
        let words = [wrapper, &[env!("CARGO_BIN_EXE_codecube")], arguments].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("--until-stdin-closes").stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env("CODECUBE_LOG", std::env::var("CODECUBE_TEST_LOG").unwrap_or_else(|_| "warn".to_owned()));
        for kind in ["RUNS", "CHANGES", "MISSES", "SOCKETS", "PASSWORDS"] {
            // All tests come from one address; those about rates set them.
            command.env(format!("CODECUBE_{kind}_PER_MINUTE"), "0");
        }
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let url = (arguments[0] != "runner").then(|| {
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let address = line.trim().rsplit(' ').next().unwrap().trim_end_matches('/').to_owned();
            assert!(address.starts_with("http://"), "the server did not start: {line:?}");
            address
        });
        Self { child, stdin: Some(stdin), url }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    /// Ends it in order, so that what it uses is not taken away under it.
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}

/// A `codecube serve` with storage of its own.
pub struct Server {
    pub process: Process,
    data: TempDir,
    pub runner_name: String,
    arguments: Vec<String>,
}

impl Server {
    /// The server that tests share which leave it as they found it.
    pub async fn shared() -> &'static Server {
        SHARED.get_or_init(|| Server::start(&["--runs-per-visitor=64", "--pool-size=4"])).await
    }

    /// A server with these options beside the test's own; waits until it is ready.
    pub async fn start(options: &[&str]) -> Server {
        let server = Self::start_through(&[], options);
        server.ready().await;
        server
    }

    /// A server below another command; nobody has waited until it is ready.
    pub fn start_through(wrapper: &[&str], options: &[&str]) -> Server {
        // Some wrappers hide /tmp.
        let data = if wrapper.is_empty() { TempDir::new() } else { TempDir::new_in("/var/tmp") }.unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let runner_name = format!("test-{}-{number}", std::process::id());
        let mut arguments = vec!["serve".to_owned(), "--listen=127.0.0.1:0".to_owned()];
        arguments.push(format!("--data-dir={}", data.path().display()));
        arguments.push(format!("--runner-name={runner_name}"));
        arguments.push("--drain-seconds=1".to_owned());
        arguments.extend(options.iter().map(|&option| option.to_owned()));
        let process = Process::start_through(wrapper, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        Server { process, data, runner_name, arguments }
    }

    /// Starts the process again on the same data; the port is another one.
    pub async fn restart(&mut self) {
        self.process = Process::start(&self.arguments.iter().map(String::as_str).collect::<Vec<_>>());
        self.ready().await;
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.process.url.as_deref().unwrap()
    }

    /// Where its private redis-server keeps everything.
    pub fn data_directory(&self) -> &std::path::Path {
        self.data.path()
    }

    /// A connection to its private redis-server.
    pub async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let socket = find(self.data.path(), "redis.sock").expect("the private redis-server has a socket");
        let client = redis::Client::open(format!("redis+unix://{}", socket.display())).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Waits until `/readyz` answers 200.
    pub async fn ready(&self) {
        until_ready(self.url()).await;
    }

    /// Names of this server's containers that exist now.
    pub fn containers(&self) -> Vec<String> {
        containers_of(&self.runner_name)
    }
}

/// The file with this name in a folder or below it.
fn find(folder: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { find(&path, name) } else { path.ends_with(name).then_some(path) }
    })
}

/// Waits until the server at this address says that it can run code.
pub async fn until_ready(url: &str) {
    until("the server is ready", || async {
        reqwest::get(format!("{url}/readyz")).await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
}

/// Names of the containers of the runner with this name.
pub fn containers_of(runner_name: &str) -> Vec<String> {
    let filter = format!("label=codecube.name={runner_name}");
    let listed = Command::new("docker").args(["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]).output();
    String::from_utf8(listed.unwrap().stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Asks again until it is so; what is asked is some other program's state that gives no event.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
