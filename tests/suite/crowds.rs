//! Many clients at once, and those who went without a word: F28, F30, F31 and F37 of the list of faults, and what bodies
//! that are too large cost.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::processes::resident_kib;
use crate::server::{PATIENCE, Server, until};
use crate::socket::{Page, Transcript, Visitor};

/// As many descriptors as this host gives; servers that are started later have them too.
fn room_for_many() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}

/// Resident memory of the process that answers the web, KiB.
fn memory_kib(server: &Server) -> u64 {
    resident_kib(Pid::from_raw(i32::try_from(server.process.child.id()).unwrap()))
}

/// This many viewers of one snippet, opened fifty at a time. Each does this from its arrival on: who listens to nothing
/// answers no ping, and is taken for gone.
async fn viewers<F>(visitor: &Visitor, key: &str, number: usize, then: impl Fn(Page) -> F) -> Vec<JoinHandle<F::Output>>
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut open = Vec::new();
    while open.len() < number {
        let arrived = join_all((0..50).map(|_| visitor.open(key))).await;
        open.extend(arrived.into_iter().map(|page| tokio::spawn(then(page))));
    }
    open
}

/// A run that waits for all who come, on a machine that is busy with letting them in.
const CROWDED: [&str; 4] = ["--pool-size=1", "--sockets-per-visitor=0", "--wall-seconds=300", "--runs-per-visitor=4"];

/// F30.
#[tokio::test]
async fn a_thousand_viewers_see_the_same_for_little_memory_and_late_ones_see_all_of_it() {
    room_for_many();
    let server = Server::start(&CROWDED).await;
    let owner = Visitor::new(server.url()).await;
    let mut page = owner.fresh().await;
    page.start("bash", "read go; for number in {1..500}; do echo \"line $number of $go\"; done").await;
    let started = page.event("started").await;
    let before = memory_kib(&server);
    let (visitor, key) = (Visitor::new(server.url()).await, page.key.clone());
    let to_the_end = |mut viewer: Page| async move { viewer.finish().await };
    let everybody = page.next_that(|heard| heard["type"] == "viewers" && heard["count"] == 1001);
    let (many, _) = tokio::join!(viewers(&visitor, &key, 1000, to_the_end), everybody);
    page.send(json!({"type": "input", "run": started["run"], "data": "many\n"})).await;
    let own = page.finish().await;
    assert_eq!(own.output().lines().count(), 500);
    let seen = tokio::time::timeout(PATIENCE, join_all(many)).await.unwrap();
    let same = |heard: &Transcript| heard.output() == own.output() && heard.run == own.run;
    assert!(seen.into_iter().all(|heard| same(&heard.unwrap())));
    let grown = memory_kib(&server).saturating_sub(before);
    assert!(grown < 1000 * 64, "{grown} KiB for a thousand viewers");
    let late = owner.open(&page.key).await.finish().await;
    assert_eq!(late.output(), own.output());
}

/// F28: nothing comes any more, not even an answer to a ping, and no end of the connection either.
#[tokio::test]
async fn a_client_that_fell_silent_is_counted_out_within_half_a_minute() {
    let server = Server::shared().await;
    let mut watching = Visitor::new(server.url()).await.fresh().await;
    watching.start("bash", "echo up; sleep 50").await;
    let up = watching.event("output").await;
    let address = format!("{}/{}/socket", server.url().replace("http", "ws"), watching.key);
    let (silent, _) = tokio_tungstenite::connect_async(address.into_client_request().unwrap()).await.unwrap();
    let start = Instant::now();
    // Its bytes are taken, so the connection is sound; nobody reads them as frames, so nobody answers.
    let MaybeTlsStream::Plain(mut connection) = silent.into_inner() else { unreachable!() };
    watching.next_that(|heard| heard["type"] == "viewers" && heard["count"] == 2).await;
    let mut unread = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut unread));
    let left = watching.next_that(|heard| heard["type"] == "viewers" && heard["count"] == 1);
    let (ended, _) = tokio::join!(ended, left);
    assert!(ended.is_ok() && start.elapsed() < Duration::from_secs(45), "{:?}", start.elapsed());
    watching.send(json!({"type": "stop", "run": up["run"]})).await;
    assert_eq!(watching.event("finished").await["outcome"], "stopped", "those who stayed see the run to its end");
}

/// F31.
#[tokio::test]
async fn one_network_holds_no_more_sockets_than_its_share_and_gets_it_back() {
    let server = Server::start(&["--pool-size=0", "--sockets-per-visitor=3"]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut open = viewers_of_their_own(&visitor, 3).await;
    let status = || async {
        let address =
            format!("{}/{}/socket", server.url().replace("http", "ws"), crate::socket::fresh_key(server.url()).await);
        match tokio_tungstenite::connect_async(address.into_client_request().unwrap()).await {
            Ok(_) => 101,
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(error) => unreachable!("{error}"),
        }
    };
    assert_eq!(status().await, 429);
    open.pop();
    until("there is room again", || async { status().await == 101 }).await;
}

async fn viewers_of_their_own(visitor: &Visitor, number: usize) -> Vec<Page> {
    join_all((0..number).map(|_| visitor.fresh())).await
}

/// F37. That they do not all come back in the same moment is the page's part (`page-rules.test.ts`); here they do.
#[tokio::test]
async fn five_hundred_viewers_come_back_after_a_restart_and_miss_nothing() {
    room_for_many();
    let mut server = Server::start(&CROWDED).await;
    let visitor = Visitor::new(server.url()).await;
    let mut page = visitor.fresh().await;
    page.start("bash", "echo up; sleep 300").await;
    let up = page.event("output").await;
    let key = page.key.clone();
    let to_the_close = |mut viewer: Page| async move { viewer.until_closed().await };
    let everybody = page.next_that(|heard| heard["type"] == "viewers" && heard["count"] == 501);
    let (many, _) = tokio::join!(viewers(&visitor, &key, 500, to_the_close), everybody);
    server.process.terminate();
    server.restart().await;
    for heard in join_all(many).await {
        let heard = heard.unwrap();
        assert!(heard.iter().any(|message| message["kind"] == "output" && message["data"] == "up\n"), "{heard:?}");
    }
    let again = Visitor { url: server.url().to_owned(), ..visitor };
    let query = format!("?run={}&after={}", up["run"].as_str().unwrap(), up["id"]);
    let back = join_all((0..500).map(|_| again.open_after(&page.key, &query))).await;
    let rest = join_all(back.into_iter().map(|mut viewer| async move { viewer.finish().await })).await;
    for heard in rest {
        assert_eq!((heard.run.as_str(), heard.output().as_str()), (up["run"].as_str().unwrap(), ""));
        assert!(["interrupted", "runner_lost"].contains(&heard.outcome()), "{:?}", heard.finished());
    }
}

const BODIES: usize = 200;
/// What all of them together may take that are refused unread, KiB: a fifth of what they would send.
const UNREAD_KIB: u64 = 40 * 1024;
/// What a body here says of itself, bytes.
const STATED: usize = 1_000_000;
/// What a snippet can hold, bytes.
const LIMIT: usize = 256 * 1024;

/// A request with this head; gives back the connection.
async fn begun(server: &Server, length: &str) -> TcpStream {
    begun_at(server, "/?language=python", length).await
}

/// The same at another address.
async fn begun_at(server: &Server, way: &str, headers: &str) -> TcpStream {
    let address = server.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST {way} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Writes what the server still takes, and gives back the first line of its answer.
async fn answered(mut stream: TcpStream, rest: Vec<u8>) -> String {
    let (mut reader, mut writer) = stream.split();
    let read = async {
        let mut answer = vec![0; 12];
        reader.read_exact(&mut answer).await.map(|_| String::from_utf8_lossy(&answer).into_owned())
    };
    // It may close while this is written: the answer was sent before.
    let write = async {
        let _ = writer.write_all(&rest).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = read => answer.unwrap_or_default(),
        () = write => unreachable!(),
    }
}

#[tokio::test]
async fn two_hundred_megabytes_of_bodies_that_are_too_large_are_never_in_memory() {
    let server = Server::start(&["--pool-size=0"]).await;
    let before = memory_kib(&server);
    let stated = join_all((0..BODIES).map(|_| begun(&server, "Content-Length: 1000000"))).await;
    let answers = join_all(stated.into_iter().map(|stream| answered(stream, vec![b'#'; STATED]))).await;
    assert!(answers.iter().all(|answer| answer == "HTTP/1.1 413"), "{answers:?}");
    let grown = memory_kib(&server).saturating_sub(before);
    assert!(grown < UNREAD_KIB, "{grown} KiB for bodies that state their length");

    // Without a length each may send as much as a snippet can hold before it is known to be more.
    let mut unstated = join_all((0..BODIES).map(|_| begun(&server, "Transfer-Encoding: chunked"))).await;
    let most = [format!("{:x}\r\n", LIMIT - 1000).into_bytes(), vec![b'#'; LIMIT - 1000], b"\r\n".to_vec()].concat();
    join_all(unstated.iter_mut().map(|stream| stream.write_all(&most))).await;
    let held = memory_kib(&server).saturating_sub(before);
    // What was read and not looked at yet counts as well, and the allocator keeps some of what it gave.
    let most_kib = (BODIES * STATED * 3 / 4 / 1024) as u64;
    assert!(held < most_kib, "{held} KiB while {BODIES} bodies come in");
    let rest = [format!("{STATED:x}\r\n").into_bytes(), vec![b'#'; STATED], b"\r\n0\r\n\r\n".to_vec()].concat();
    let answers = join_all(unstated.into_iter().map(|stream| answered(stream, rest.clone()))).await;
    assert!(answers.iter().all(|answer| answer == "HTTP/1.1 413"), "{answers:?}");
    let grown = memory_kib(&server).saturating_sub(before);
    assert!(grown < most_kib, "{grown} KiB after all were refused");
    assert_eq!(
        crate::socket::quiet_client().get(format!("{}/healthz", server.url())).send().await.unwrap().status(),
        200
    );
}

/// Forms with which a page saves and runs: an input of a megabyte may be in one, each byte escaped, and no more.
#[tokio::test]
async fn forms_that_are_too_large_are_refused_before_they_are_read_and_no_escapes_are_in_memory() {
    const FORMS: usize = 40;
    let server = Server::start(&["--pool-size=0"]).await;
    let key = crate::socket::fresh_key(server.url()).await;
    for way in [format!("/{key}/save"), format!("/{key}/run")] {
        // The allocator gives back what the forms of before took, a moment later.
        let before = memory_kib(&server);
        let form = "Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded";
        let head = format!("{form}\r\nContent-Length: 9000000");
        let stated = join_all((0..BODIES).map(|_| begun_at(&server, &way, &head))).await;
        let answers = join_all(stated.into_iter().map(|stream| answered(stream, vec![b'#'; STATED]))).await;
        assert!(answers.iter().all(|answer| answer == "HTTP/1.1 413"), "{way}: {answers:?}");
        let grown = memory_kib(&server).saturating_sub(before);
        assert!(grown < UNREAD_KIB, "{way}: {grown} KiB for forms that state their length");

        let head = format!("{form}\r\nTransfer-Encoding: chunked");
        let chunk = |text: &[u8]| [format!("{:x}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat();
        let (field, escapes) = (chunk(b"language=bash&path=&content="), chunk(&b"%23".repeat(700_000)));
        let mut coming = join_all((0..FORMS).map(|_| begun_at(&server, &way, &head))).await;
        let most = [field, escapes.clone()].concat();
        join_all(coming.iter_mut().map(|stream| stream.write_all(&most))).await;
        let answers = join_all(coming.into_iter().map(|stream| answered(stream, escapes.repeat(4)))).await;
        assert!(answers.iter().all(|answer| answer == "HTTP/1.1 413"), "{way}: {answers:?}");
        let held = memory_kib(&server).saturating_sub(before);
        // Two and a half megabytes of signs each, and seven and a half of escapes.
        let most_kib = (FORMS * 4 * 1024) as u64;
        assert!(held < most_kib, "{way}: {held} KiB after {FORMS} forms came in escaped");

        // Fields cost memory that no byte of them shows.
        let many = join_all((0..FORMS).map(|_| begun_at(&server, &way, &head))).await;
        let fields = chunk(&b"&a".repeat(500_000));
        let answers = join_all(many.into_iter().map(|stream| answered(stream, fields.clone()))).await;
        assert!(answers.iter().all(|answer| answer == "HTTP/1.1 413"), "{way}: {answers:?}");
    }
}
