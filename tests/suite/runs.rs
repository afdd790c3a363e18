//! Runs through the socket: what a program prints, how it ends, what it is told.

use serde_json::json;
use tokio::sync::OnceCell;

use crate::server::Server;
use crate::socket::{Page, Transcript, Visitor, run_message};

/// A server with limits small enough to be met in a test.
static STRICT: OnceCell<Server> = OnceCell::const_new();

async fn strict() -> Page {
    let options = [
        "--wall-seconds=8",
        "--cpu-seconds=1",
        "--memory-mb=256",
        "--processes=40",
        "--code-mb=16",
        "--tmp-mb=16",
        "--output-bytes=100000",
        "--runs-per-visitor=64",
        "--pool-size=2",
    ];
    let server = STRICT.get_or_init(|| Server::start(&options)).await;
    Visitor::new(server.url()).await.fresh().await
}

async fn fresh() -> Page {
    Visitor::new(Server::shared().await.url()).await.fresh().await
}

fn of(heard: &Transcript, stream: &str) -> String {
    let theirs = heard.events.iter().filter(|event| event["stream"] == stream);
    theirs.map(|event| event["data"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_log_tells_a_run_in_order_and_without_gaps() {
    let heard = fresh().await.run("python", "print('hello')").await;
    let mut kinds: Vec<&str> = heard.events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    kinds.dedup();
    assert_eq!(kinds, ["queued", "started", "stage", "output", "finished"]);
    let numbers: Vec<u64> = heard.events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=heard.events.len() as u64).collect::<Vec<_>>());
    assert!(heard.events[1]["version"].as_str().unwrap().contains("Python 3"), "{:?}", heard.events[1]);
    assert_eq!(heard.finished()["exit_code"], 0);
    assert_eq!(heard.finished()["output_bytes"], 6);
}

#[tokio::test]
async fn with_pipes_stdout_and_stderr_come_apart() {
    let heard = fresh().await.run("bash", "echo out; echo err >&2; exit 3").await;
    assert_eq!((of(&heard, "stdout").as_str(), of(&heard, "stderr").as_str()), ("out\n", "err\n"));
    assert_eq!((heard.outcome(), &heard.finished()["exit_code"]), ("exited", &json!(3)));
}

#[tokio::test]
async fn input_given_up_front_is_read_to_its_end() {
    let mut page = fresh().await;
    let mut message = run_message("bash", "wc -c; echo \"$1 and $2\"");
    message["stdin"] = json!("12345");
    message["args"] = json!(["one", "two words"]);
    page.send(message).await;
    assert_eq!(page.finish().await.output(), "5\none and two words\n");
}

#[tokio::test]
async fn input_is_typed_while_it_runs_and_closed() {
    let mut page = fresh().await;
    page.start("bash", "echo begin; cat; echo end").await;
    let begun = page.event("output").await;
    page.send(json!({"type": "input", "run": begun["run"], "data": "typed\n"})).await;
    assert_eq!(page.event("output").await["data"], "typed\n");
    page.send(json!({"type": "eof", "run": begun["run"]})).await;
    assert_eq!(page.finish().await.output(), "end\n");
}

#[tokio::test]
async fn an_interactive_interpreter_answers_on_a_terminal() {
    let mut page = fresh().await;
    let mut message = run_message("bash", "exec python3 -i -q");
    message["tty"] = json!({"columns": 80, "rows": 24});
    page.send(message).await;
    let prompt = page.next_that(|value| value["data"].as_str().is_some_and(|data| data.contains(">>>"))).await;
    page.send(json!({"type": "input", "run": prompt["run"], "data": "6 * 7\r"})).await;
    page.next_that(|value| value["data"].as_str().is_some_and(|data| data.contains("42"))).await;
    page.send(json!({"type": "eof", "run": prompt["run"]})).await;
    assert_eq!(page.finish().await.outcome(), "exited");
}

#[tokio::test]
async fn a_program_is_compiled_from_several_files_and_run() {
    let mut page = fresh().await;
    let main = "#include <stdio.h>\n#include \"answer.h\"\nint main(void) { printf(\"%d\\n\", answer()); }\n";
    let mut message = run_message("c", main);
    let files = [
        json!({"path": "main.c", "content": main}),
        json!({"path": "answer.c", "content": "#include \"answer.h\"\nint answer(void) { return 42; }\n"}),
        json!({"path": "answer.h", "content": "int answer(void);\n"}),
    ];
    message["files"] = json!(files);
    page.send(message).await;
    let heard = page.finish().await;
    assert_eq!(heard.output(), "42\n");
    let stages =
        heard.events.iter().filter(|event| event["kind"] == "stage").map(|event| event["name"].as_str().unwrap());
    assert_eq!(stages.collect::<Vec<_>>(), ["compile", "run"]);
}

#[tokio::test]
async fn a_compile_error_is_shown_and_nothing_runs() {
    let heard = fresh().await.run("c", "int main(void) { return missing; }").await;
    assert_eq!(heard.outcome(), "compile_failed");
    assert!(heard.output().contains("missing"), "{}", heard.output());
}

#[tokio::test]
async fn a_crash_is_named_by_its_signal() {
    let heard = fresh().await.run("c", "int main(void) { *(volatile int *)0 = 1; }").await;
    assert_eq!((heard.outcome(), &heard.finished()["signal"]), ("signalled", &json!("SIGSEGV")));
}

#[tokio::test]
async fn wall_time_is_limited_and_what_was_printed_stays() {
    let heard = strict().await.run("bash", "echo before; sleep 60").await;
    assert_eq!((heard.outcome(), heard.output().as_str()), ("time_limit", "before\n"));
    assert!(heard.finished()["message"].as_str().unwrap().contains("8 s"), "{}", heard.finished());
}

#[tokio::test]
async fn cpu_time_of_all_processes_together_is_limited() {
    let heard = strict().await.run("bash", "while :; do :; done & while :; do :; done").await;
    assert_eq!(heard.outcome(), "cpu_limit");
}

#[tokio::test]
async fn memory_is_limited() {
    let heard = strict()
        .await
        .run("python", "print('start', flush=True)\nx = []\nwhile True: x.append(bytearray(4 << 20))")
        .await;
    assert_eq!((heard.outcome(), heard.output().as_str()), ("memory_limit", "start\n"));
}

#[tokio::test]
async fn output_is_limited_to_the_byte_and_kept_to_the_limit() {
    let heard = strict().await.run("bash", "yes").await;
    assert_eq!((heard.outcome(), heard.output().len()), ("output_limit", 100_000));
    assert_eq!(heard.finished()["truncated"], true);
}

#[tokio::test]
async fn processes_are_limited_and_a_fork_bomb_ends() {
    let heard = strict().await.run("python", "import os\nwhile True: os.fork()").await;
    assert!(
        ["process_limit", "cpu_limit", "time_limit", "exited"].contains(&heard.outcome()),
        "{:?}",
        heard.finished()
    );
}

#[tokio::test]
async fn a_full_disk_is_named() {
    let heard = strict().await.run("bash", "head -c 30000000 /dev/zero > file").await;
    assert_eq!(heard.outcome(), "disk_limit");
}

#[tokio::test]
async fn the_network_is_closed_and_loopback_works() {
    let program = "import socket
try: socket.create_connection(('10.0.0.1', 80), 1)
except OSError as error: print('closed')
server = socket.create_server(('127.0.0.1', 0)); socket.create_connection(server.getsockname()); print('loopback')";
    assert_eq!(fresh().await.run("python", program).await.output(), "closed\nloopback\n");
}

#[tokio::test]
async fn characters_are_whole_however_they_are_written() {
    let program = "import sys, time
for byte in 'äöü€😀\\n'.encode():
    sys.stdout.buffer.write(bytes([byte])); sys.stdout.buffer.flush(); time.sleep(0.02)";
    let heard = fresh().await.run("python", program).await;
    assert_eq!(heard.output(), "äöü€😀\n");
}

#[tokio::test]
async fn stop_ends_a_run_that_ignores_everything() {
    let mut page = fresh().await;
    page.start("bash", "trap '' INT TERM HUP; echo up; while :; do sleep 1; done").await;
    let up = page.event("output").await;
    page.send(json!({"type": "stop", "run": up["run"]})).await;
    assert_eq!(page.finish().await.outcome(), "stopped");
}

#[tokio::test]
async fn every_viewer_hears_the_same_early_late_and_after_a_reconnect() {
    let mut page = fresh().await;
    page.start("bash", "for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done").await;
    let first = page.event("output").await;
    let mut friend = Visitor::new(Server::shared().await.url()).await.open(&page.key).await;
    let rest = page.finish().await;
    let whole = friend.finish().await;
    assert_eq!(whole.output(), "1\n2\n3\n4\n5\n6\n");
    assert_eq!(format!("{}{}", first["data"].as_str().unwrap(), rest.output()), whole.output());
    let query = format!("?run={}&after={}", whole.run, first["id"]);
    let again = friend.visitor.open_after(&page.key, &query).await.finish().await;
    assert_eq!(again.output(), rest.output());
    assert_eq!(again.events[0]["id"].as_u64(), first["id"].as_u64().map(|id| id + 1));
}

#[tokio::test]
async fn a_run_goes_on_when_its_visitor_leaves() {
    let mut page = fresh().await;
    page.start("bash", "echo begin; sleep 1; echo end").await;
    page.event("output").await;
    let (key, visitor) = (page.key.clone(), page.visitor.clone());
    drop(page);
    assert_eq!(visitor.open(&key).await.finish().await.output(), "begin\nend\n");
}

#[tokio::test]
async fn waiting_runs_see_their_place_and_can_be_stopped_there() {
    let server = Server::start(&["--runs-at-once=1", "--pool-size=1", "--queue-limit=2", "--runs-per-visitor=4"]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut running = visitor.fresh().await;
    running.start("bash", "echo up; sleep 30").await;
    let up = running.event("output").await;
    let (mut second, mut third, mut fourth) = (visitor.fresh().await, visitor.fresh().await, visitor.fresh().await);
    second.start("bash", "echo second").await;
    let waits = second.event("queued").await;
    assert_eq!((&waits["position"], &waits["waiting"]), (&json!(1), &json!(1)));
    third.start("bash", "echo third").await;
    assert_eq!(third.event("queued").await["position"], 2);
    fourth.start("bash", "echo fourth").await;
    assert_eq!(fourth.next_that(|value| value["type"] == "error").await["code"], "queue_full");
    second.send(json!({"type": "stop", "run": waits["run"]})).await;
    assert_eq!(second.event("finished").await["outcome"], "stopped");
    let moved = third.event("queued").await;
    assert_eq!((&moved["position"], &moved["waiting"]), (&json!(1), &json!(1)));
    running.send(json!({"type": "stop", "run": up["run"]})).await;
    assert_eq!(third.finish().await.output(), "third\n");
}

#[tokio::test]
async fn one_visitor_cannot_have_more_than_his_share() {
    let server = Server::start(&["--runs-per-visitor=1", "--pool-size=1"]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut page = visitor.fresh().await;
    page.start("bash", "echo up; sleep 30").await;
    page.event("output").await;
    let mut other = visitor.fresh().await;
    other.start("bash", "echo other").await;
    assert_eq!(other.next_that(|value| value["type"] == "error").await["code"], "visitor_limit");
    let mut stranger = Visitor::new(server.url()).await.fresh().await;
    assert_eq!(stranger.run("bash", "echo stranger").await.output(), "stranger\n");
}

#[tokio::test]
async fn only_whoever_started_a_run_or_owns_the_snippet_may_speak_to_it() {
    let mut page = fresh().await;
    page.start("bash", "echo up; sleep 30").await;
    let up = page.event("output").await;
    let mut stranger = Visitor::new(Server::shared().await.url()).await.open(&page.key).await;
    stranger.event("output").await;
    stranger.send(json!({"type": "stop", "run": up["run"]})).await;
    assert_eq!(stranger.next_that(|value| value["type"] == "error").await["code"], "not_yours");
    page.send(json!({"type": "stop", "run": up["run"]})).await;
    assert_eq!(page.finish().await.outcome(), "stopped");
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_with_a_word_and_a_sentence() {
    let mut page = fresh().await;
    let file = |path: &str| json!([{"path": path, "content": "x"}]);
    let many: Vec<_> = (0..33).map(|number| json!({"path": format!("f{number}"), "content": ""})).collect();
    let large = json!([{"path": "a", "content": "x".repeat(262_145)}]);
    let twice = json!([{"path": "a", "content": ""}, {"path": "a", "content": ""}]);
    let nested = json!([{"path": "a", "content": ""}, {"path": "a/b", "content": ""}]);
    for (field, value, code) in [
        ("language", json!("cobol"), "unknown_language"),
        ("files", json!([]), "no_file"),
        ("files", json!(many), "too_many_files"),
        ("files", large, "source_too_large"),
        ("files", twice, "bad_path"),
        ("files", nested, "bad_path"),
        ("files", file("../etc/passwd"), "bad_path"),
        ("files", file("/etc/passwd"), "bad_path"),
        ("files", file("a\nb"), "bad_path"),
        ("files", file(&"n".repeat(300)), "bad_path"),
        ("args", json!(["x".repeat(16_385)]), "arguments_too_large"),
        ("args", json!(["a\0b"]), "bad_argument"),
        ("stdin", json!("x".repeat(1_048_577)), "stdin_too_large"),
    ] {
        let mut message = run_message("python", "x");
        message[field] = value;
        page.send(message).await;
        let answer = page.next_that(|value| value["type"] == "error").await;
        assert_eq!(answer["code"], code, "{answer}");
        assert!(answer["message"].as_str().unwrap().len() > 20, "{answer}");
    }
    page.send(json!({"type": "dance"})).await;
    assert_eq!(page.next_that(|value| value["type"] == "error").await["code"], "malformed");
}

#[tokio::test]
async fn input_of_the_greatest_size_is_read_to_its_end_even_when_json_escapes_all_of_it() {
    let mut page = fresh().await;
    let mut message = run_message("bash", "wc -c");
    message["stdin"] = json!("\u{1}".repeat(1024 * 1024));
    page.send(message).await;
    assert_eq!(page.finish().await.output(), "1048576\n");
}
