//! The private redis-server of a single machine: a child on a unix socket in the data directory.
//!
//! What was acknowledged survives a `kill -9` of redis-server: with `appendfsync no` it writes every command
//! to the file before it answers (under `everysec` it may hold the write back for two seconds while the disk
//! is busy). What survives a power cut is decided by [`sync_every_second`]: all but the last second.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// Greatest length of a unix socket's path on Linux, less the final zero.
const MAX_SOCKET_PATH: usize = 107;
/// Name of its socket in the directory.
const SOCKET: &str = "redis.sock";
/// How long it may take to load what is stored.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long it may take to end in order.
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// How often it is asked whether it lives, and the first pause between tries to start it again.
const WATCH_EVERY: Duration = Duration::from_millis(500);
/// Greatest pause between those tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why the private redis-server does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The directory cannot be used.
    #[error("the data directory {0} cannot be used")]
    Directory(PathBuf, #[source] io::Error),
    /// Somebody else uses it.
    #[error("another CodeCube uses the data directory {0}; end it first, or choose another with --data-dir")]
    InUse(PathBuf),
    /// The socket's path would be too long for the kernel.
    #[error("the data directory's path is too long for a unix socket ({0}); choose a shorter --data-dir")]
    PathTooLong(PathBuf),
    /// The program is missing.
    #[error("redis-server is not installed: run “apt-get install redis-server”, or name a Redis with --redis-url")]
    NotInstalled,
    /// It cannot be started.
    #[error("redis-server could not be started")]
    Start(#[source] io::Error),
    /// It started, but does not answer.
    #[error("redis-server does not answer; its last words are in {0}")]
    Silent(PathBuf),
}

/// A private redis-server and the claim to its directory.
pub struct Embedded {
    directory: PathBuf,
    child: Option<Child>,
    _lock: File,
}

impl Embedded {
    /// Starts one in this directory, or takes over the one that a killed server left behind there.
    ///
    /// # Errors
    /// When the directory or the program cannot be used.
    pub async fn start(directory: &Path) -> Result<Self, EmbeddedError> {
        let unusable = |error| EmbeddedError::Directory(directory.to_owned(), error);
        make_private(directory).map_err(unusable)?;
        let directory = directory.canonicalize().map_err(unusable)?;
        let lock = File::create(directory.join("lock")).map_err(unusable)?;
        lock.try_lock().map_err(|_| EmbeddedError::InUse(directory.clone()))?;
        let mut embedded = Self { directory, child: None, _lock: lock };
        if embedded.socket().as_os_str().len() > MAX_SOCKET_PATH {
            return Err(EmbeddedError::PathTooLong(embedded.directory));
        }
        if !embedded.answers().await {
            embedded.launch().await?;
        }
        Ok(embedded)
    }

    /// The URL of this server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Watches it until `stop`, starts it again when it died, and ends it in order.
    pub async fn supervise(mut self, stop: CancellationToken) {
        let syncing = tokio::spawn(sync_every_second(self.directory.join("appendonlydir"), stop.clone()));
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.died() => {}
            }
            tracing::error!("redis-server has died; starting it again");
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.relaunch() => {}
            }
        }
        self.shut_down().await;
        if let Err(error) = syncing.await {
            tracing::error!(error = %error, "the task that syncs the append-only file has failed");
        }
    }

    /// Starts it until it answers, with growing pauses between the tries.
    async fn relaunch(&mut self) {
        let mut pause = WATCH_EVERY;
        while let Err(error) = self.launch().await {
            tracing::error!(error = %error, pause = ?pause, "redis-server could not be started again; trying once more");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The URL of the server that somebody else runs in this directory, if one listens there.
    #[must_use]
    pub fn running_in(directory: &Path) -> Option<String> {
        let socket = directory.canonicalize().ok()?.join(SOCKET);
        std::os::unix::net::UnixStream::connect(&socket).ok()?;
        Some(format!("redis+unix://{}", socket.display()))
    }

    fn socket(&self) -> PathBuf {
        self.directory.join(SOCKET)
    }

    async fn launch(&mut self) -> Result<(), EmbeddedError> {
        let log = self.directory.join("redis.log");
        let child = self.command(&log).spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => EmbeddedError::NotInstalled,
            _ => EmbeddedError::Start(error),
        })?;
        self.child = Some(child);
        let ready = async {
            while !self.answers().await && !self.exited() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        // The time-out is checked by the question after it.
        let _ = tokio::time::timeout(START_LIMIT, ready).await;
        if self.answers().await { Ok(()) } else { Err(EmbeddedError::Silent(log)) }
    }

    fn command(&self, log: &Path) -> Command {
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--unixsocketperm", "600", "--daemonize", "no", "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", "no", "--maxmemory-policy", "noeviction"]);
        command.arg("--unixsocket").arg(self.socket());
        command.arg("--dir").arg(&self.directory).arg("--logfile").arg(log);
        command.current_dir(&self.directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A group of its own: Ctrl+C in a terminal must not end it before those who still write to it.
        command.process_group(0);
        // Only when this program ends out of order; what was acknowledged is in the file all the same.
        command.kill_on_drop(true);
        command
    }

    async fn answers(&self) -> bool {
        let Ok(client) = redis::Client::open(self.url()) else {
            return false;
        };
        let ask = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            redis::cmd("PING").query_async::<()>(&mut connection).await
        };
        tokio::time::timeout(Duration::from_secs(2), ask).await.is_ok_and(|answer| answer.is_ok())
    }

    fn exited(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Returns when the server has died. One that was taken over is no child of ours, so it is asked.
    async fn died(&mut self) {
        if let Some(child) = self.child.as_mut() {
            let _ = child.wait().await;
            self.child = None;
            return;
        }
        while self.socket().exists() && std::os::unix::net::UnixStream::connect(self.socket()).is_ok() {
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    /// Asks it to write all and end: a child by signal, one that was taken over by command.
    async fn shut_down(&mut self) {
        if let Some(id) = self.child.as_ref().and_then(Child::id).and_then(|id| i32::try_from(id).ok()) {
            // It may have ended just now; that is seen below.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGTERM);
        } else {
            self.command_shutdown().await;
        }
        if tokio::time::timeout(STOP_LIMIT, self.died()).await.is_err() {
            tracing::error!("redis-server did not end in order and is killed; what it acknowledged is in its file");
            if let Some(child) = self.child.as_mut() {
                let _ = child.kill().await;
            }
        }
    }

    async fn command_shutdown(&self) {
        let Ok(client) = redis::Client::open(self.url()) else {
            return;
        };
        let ask = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            redis::cmd("SHUTDOWN").query_async::<()>(&mut connection).await
        };
        // A server that ends does not answer.
        let _ = tokio::time::timeout(STOP_LIMIT, ask).await;
    }
}

fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Brings the append-only files to the disk once a second, as `appendfsync everysec` would.
async fn sync_every_second(directory: PathBuf, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        let directory = directory.clone();
        let synced = tokio::task::spawn_blocking(move || sync_files(&directory)).await;
        if let Ok(Err(error)) = synced {
            tracing::warn!(error = %error, "the append-only file could not be synced to the disk");
        }
    }
}

fn sync_files(directory: &Path) -> io::Result<()> {
    let entries = match std::fs::read_dir(directory) {
        // Before version 7 there is one file beside where this folder would be.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return File::open(directory.with_file_name("appendonly.aof")).and_then(|file| file.sync_data());
        }
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".incr.aof") {
            match File::open(path) {
                Ok(file) => file.sync_data()?,
                // A rewrite removed it between the listing and here.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
