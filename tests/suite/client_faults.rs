//! What clients may do to us, and how each ends: F28 to F37 of the list of faults, as far as they are not elsewhere.
//! F28 (who falls silent), F30 (many viewers), F31 and F37 (many who come back) are in `crowds.rs`, F28 (who leaves) in
//! `runs.rs`, F29 (who does not read) in `engine_faults.rs`, F33 (a flood of input) in `bad_input.rs`, the smuggling of F36
//! in `web_security.rs`, F37 for one viewer in `shutdown.rs` and `faults.rs`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

use crate::server::{PATIENCE, Server};
use crate::socket::{Visitor, fresh_key, run_message};

/// Sends these frames on a socket of its own; gives the code with which it was closed, if it was told.
async fn closed_after(url: &str, frames: Vec<Message>) -> Option<CloseCode> {
    let address = format!("{}/{}/socket", url.replace("http", "ws"), fresh_key(url).await);
    let (mut socket, _) = tokio_tungstenite::connect_async(address.into_client_request().unwrap()).await.unwrap();
    for frame in frames {
        // It may have been closed in the middle.
        if socket.send(frame).await.is_err() {
            break;
        }
    }
    let heard = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(close) = message {
                return close.map(|close| close.code);
            }
        }
        None
    };
    tokio::time::timeout(PATIENCE, heard).await.unwrap()
}

fn fragment(code: Data, is_last: bool, bytes: usize) -> Message {
    let header = FrameHeader {
        is_final: is_last,
        opcode: OpCode::Data(code),
        mask: Some([1, 2, 3, 4]),
        ..FrameHeader::default()
    };
    Message::Frame(Frame::from_payload(header, vec![b'a'; bytes].into()))
}

/// F32.
#[tokio::test]
async fn messages_beyond_the_limits_close_their_socket_alone() {
    let url = Server::shared().await.url();
    let mut page = Visitor::new(url).await.fresh().await;
    let huge = closed_after(url, vec![Message::text("a".repeat(40_000_000))]).await;
    assert!([Some(CloseCode::Size), None].contains(&huge), "{huge:?}");
    let parts = (0..40).map(|part| fragment(if part == 0 { Data::Text } else { Data::Continue }, false, 1_000_000));
    let fragmented = closed_after(url, parts.collect()).await;
    assert!([Some(CloseCode::Size), None].contains(&fragmented), "{fragmented:?}");
    assert_eq!(closed_after(url, vec![Message::binary(vec![0; 10])]).await, Some(CloseCode::Unsupported));
    let tiny: Vec<Message> = (0..5000).map(|_| Message::text("{}")).collect();
    let flood = tiny.into_iter().chain((0..5000).map(|_| Message::Ping(vec![1; 100].into())));
    let closing = flood.chain([Message::Close(None)]).collect();
    tokio::time::timeout(PATIENCE, closed_after(url, closing)).await.unwrap();
    assert_eq!(page.run("bash", "echo still here").await.output(), "still here\n");
}

/// F34.
#[tokio::test]
async fn a_run_pressed_fifty_times_never_mixes_two_runs() {
    let server = Server::start(&["--pool-size=1", "--runs-at-once=2", "--runs-per-visitor=4"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    for _ in 0..50 {
        page.send(run_message("bash", "echo one; echo two")).await;
    }
    let (mut finished, mut refused) = (std::collections::HashMap::<String, String>::new(), 0);
    let mut ended = 0;
    while ended + refused < 50 {
        let heard = page.next().await;
        match (heard["type"].as_str().unwrap(), heard["kind"].as_str().unwrap_or_default()) {
            ("error", _) => {
                assert_eq!(heard["code"], "visitor_limit", "{heard}");
                refused += 1;
            }
            ("event", "output") => {
                finished
                    .entry(heard["run"].as_str().unwrap().to_owned())
                    .or_default()
                    .push_str(heard["data"].as_str().unwrap());
            }
            ("event", "finished") => ended += 1,
            _ => {}
        }
    }
    assert!(refused > 0 && !finished.is_empty());
    assert!(finished.values().all(|output| output == "one\ntwo\n"), "{finished:?}");
}

/// F35.
#[tokio::test]
async fn stop_gives_one_end_whenever_it_is_pressed() {
    let server = Server::start(&["--pool-size=1", "--runs-at-once=1"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    let mut ends = 0;
    for after in ["queued", "started", "output", "finished"] {
        let code = if after == "finished" { "echo up" } else { "echo up; sleep 50" };
        page.start("bash", code).await;
        let mut seen = page.event(after).await;
        let run = seen["run"].clone();
        for _ in 0..3 {
            page.send(json!({"type": "stop", "run": run})).await;
        }
        if after != "finished" {
            seen = page.event("finished").await;
            assert_eq!((&seen["outcome"], &seen["run"]), (&json!("stopped"), &run), "after {after}");
        }
        ends += 1;
    }
    let last = page.run("bash", "echo up").await;
    assert_eq!(last.output(), "up\n");
    assert_eq!(ends, 4);
}

/// F36: heads that trickle in, and bodies that never end.
#[tokio::test]
async fn whoever_sends_too_slowly_is_ended_in_time_and_others_are_served() {
    let server = Server::shared().await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
            stream
        })
        .collect();
    let start = Instant::now();
    assert_eq!(
        crate::socket::quiet_client().get(format!("{}/healthz", server.url())).send().await.unwrap().status(),
        200
    );
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let ended = tokio::task::spawn_blocking(move || {
        let mut answer = Vec::new();
        slow.iter_mut().for_each(|stream| drop(stream.read_to_end(&mut answer)));
        start.elapsed()
    });
    assert!(ended.await.unwrap() < Duration::from_secs(30));
}
