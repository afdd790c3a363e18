//! Who is compared: the processes, and what each is asked.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use codecube::db::embedded::Embedded;
use tempfile::TempDir;

use crate::server::Process;
use crate::{bare, sqlite};

/// What one side is asked again and again.
pub struct Side {
    pub name: &'static str,
    pub address: String,
    pub request: String,
    /// How its answers begin.
    pub status: &'static str,
    /// The process that answers, and its Redis.
    pub process: u32,
    pub redis: u32,
}

/// The processes; they end with it.
pub struct Sides {
    codecube: Process,
    bare: Helper,
    sqlite: Helper,
    redis_process: u32,
    _redis: Embedded,
    _directory: TempDir,
}

struct Helper {
    process: Child,
    address: String,
}

impl Helper {
    fn start(name: &str, argument: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut process = command.args([name, argument]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, address: line.trim().to_owned() }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Sides {
    pub async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let redis = Embedded::start(&directory.path().join("redis")).await.unwrap();
        let redis_process = process_of(&redis.url()).await;
        Self {
            redis_process,
            codecube: Process::start(&["web", "--listen=127.0.0.1:0", &format!("--redis-url={}", redis.url())]),
            bare: Helper::start(bare::HELPER, &redis.url()),
            sqlite: Helper::start(sqlite::HELPER, &directory.path().join("pastes.db").display().to_string()),
            _redis: redis,
            _directory: directory,
        }
    }

    /// The same text, kept on each side, viewed.
    pub async fn views(&self, text: &str) -> Vec<Side> {
        let mut views = Vec::new();
        for create in self.creates(text) {
            let url = format!("http://{}/", create.address);
            let made = reqwest::Client::new().post(url).body(text.to_owned()).query(&[("language", "python")]);
            let answer = made.send().await.unwrap().text().await.unwrap();
            let path = answer.trim().rsplit('/').next().unwrap();
            let accept =
                |accept: &str| format!("GET /{path} HTTP/1.1\r\nhost: {}\r\naccept: {accept}\r\n\r\n", create.address);
            let Side { name, address, .. } = &create;
            let (process, redis) = (create.process, create.redis);
            let side = |name, request| Side {
                name,
                address: address.clone(),
                request,
                status: "HTTP/1.1 200",
                process,
                redis,
            };
            views.push(side(name, accept("text/html")));
            if *name == "codecube" {
                views.push(side("codecube, as text", accept("text/plain")));
            }
        }
        views
    }

    /// A page of another server, at `HOST:PORT/PATH`; the work told is the client's, for its process is not known.
    pub fn beside(&self, page: &str) -> Side {
        let (address, path) = page.split_once('/').unwrap_or((page, ""));
        Side {
            name: "beside",
            address: address.to_owned(),
            request: format!("GET /{path} HTTP/1.1\r\nhost: {address}\r\naccept: text/html\r\n\r\n"),
            status: "HTTP/1.1 200",
            process: std::process::id(),
            redis: self.redis_process,
        }
    }

    /// The same text, created again and again on each side.
    pub fn creates(&self, text: &str) -> Vec<Side> {
        let own = self.codecube.url.as_deref().unwrap().trim_start_matches("http://").to_owned();
        let sides = [
            ("bare", self.bare.address.clone(), self.bare.process.id()),
            ("sqlite", self.sqlite.address.clone(), self.sqlite.process.id()),
            ("codecube", own, self.codecube.child.id()),
        ];
        let length = text.len();
        sides
            .into_iter()
            .map(|(name, address, process)| Side {
                request: format!(
                    "POST /?language=python HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n{text}"
                ),
                name,
                address,
                status: "HTTP/1.1 201",
                process,
                redis: self.redis_process,
            })
            .collect()
    }
}

/// The process of a Redis, as it says itself.
async fn process_of(redis: &str) -> u32 {
    let mut commands = redis::Client::open(redis).unwrap().get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut commands).await.unwrap();
    info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap().trim().parse().unwrap()
}
