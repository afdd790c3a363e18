//! A redis-server of a test's own, so that it can be filled up, frozen, wiped and cut off, and pages on it.

use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::curl::Shell;
use crate::server::{Process, until};

/// A redis-server of a test's own. It ends with the test.
pub struct Redis {
    child: Child,
    folder: TempDir,
    pub port: u16,
}

impl Redis {
    pub async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let redis = Self { child: Self::launch(&folder, port), folder, port };
        redis.answers().await;
        redis
    }

    fn launch(folder: &TempDir, port: u16) -> Child {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "no", "--save", ""]);
        command.args(["--port", &port.to_string()]).arg("--dir").arg(folder.path());
        command.stdout(Stdio::null()).spawn().unwrap()
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub async fn ask(&self, words: &[&str]) -> redis::RedisResult<redis::Value> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await
    }

    async fn answers(&self) {
        until("redis answers", || async { self.ask(&["PING"]).await.is_ok() }).await;
    }

    pub async fn restart(&mut self) {
        self.signal(Signal::SIGKILL);
        self.child.wait().unwrap();
        self.child = Self::launch(&self.folder, self.port);
        self.answers().await;
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Pages alone, on that Redis: no fault here needs a runner.
pub fn pages(url: &str) -> Process {
    Process::start(&["web", "--listen=127.0.0.1:0", &format!("--redis-url={url}")])
}

pub fn shell(process: &Process) -> Shell {
    Shell::at(process.url.as_deref().unwrap(), &[("a.sh", "echo 1")])
}
