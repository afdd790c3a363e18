//! What visitors send that cannot be run, or that goes on too long, by both doors; the rest is in `runs.rs`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::curl::Shell;
use crate::engine_faults::make_image;
use crate::own_engine::{EngineOptions, OwnEngine};
use crate::server::{Server, until};
use crate::socket::{Visitor, quiet_client, run_message};

/// Names that no file may have. (A double, and a file where a folder stands, are in `runs.rs`.)
const BAD_NAMES: &[&str] = &[
    "..",
    "../x",
    "a/../b",
    ".",
    "/etc/passwd",
    "a\0b",
    "a\nb",
    "a\u{1b}[2Jb",
    "a\u{7f}b",
    "exe.\u{202e}yp",
    "a\u{2066}b",
    "a\u{2028}b",
    "a//b",
    "a/",
    "\\\\server\\share",
    "a/b/c/d/e/f/g/h/i/j/k",
];

#[tokio::test]
async fn names_that_could_lead_elsewhere_are_refused_by_the_socket() {
    let mut page = Visitor::new(Server::shared().await.url()).await.fresh().await;
    let long = "n".repeat(300);
    for name in BAD_NAMES.iter().copied().chain([long.as_str()]) {
        for place in 0..2 {
            let mut message = run_message("python", "print(1)");
            let bad = json!({"path": name, "content": ""});
            let good = json!({"path": "good.py", "content": ""});
            message["files"] = if place == 0 { json!([bad, good]) } else { json!([good, bad]) };
            page.send(message).await;
            let answer = page.next_that(|value| value["type"] == "error" || value["kind"] == "queued").await;
            assert_eq!(answer["code"], "bad_path", "{name:?} at place {place}: {answer}");
            assert!(!answer["message"].as_str().unwrap().contains(char::is_control), "{answer}");
        }
    }
    let mut empty = run_message("python", "print(1)");
    empty["files"] = json!([{"path": "good.py", "content": ""}, {"path": "", "content": ""}]);
    page.send(empty).await;
    assert_eq!(page.next_that(|value| value["type"] == "error").await["code"], "bad_path");
}

#[tokio::test]
async fn names_that_could_lead_elsewhere_are_refused_by_the_api() {
    let url = Server::shared().await.url();
    let long = "n".repeat(300);
    for name in BAD_NAMES.iter().copied().filter(|name| !name.contains(['\0', '\n'])).chain([long.as_str()]) {
        let address = reqwest::Url::parse_with_params(&format!("{url}/run/python"), [("name", name)]).unwrap();
        let answer = quiet_client().post(address).header("accept", "application/json").body("print(1)").send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 422, "{name:?}: {}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn arguments_of_a_megabyte_are_refused_by_both_doors() {
    let url = Server::shared().await.url();
    let mut page = Visitor::new(url).await.fresh().await;
    let mut message = run_message("bash", "echo $#");
    message["args"] = json!(["x".repeat(1 << 20)]);
    page.send(message).await;
    assert_eq!(page.next_that(|value| value["type"] == "error").await["code"], "arguments_too_large");
    let boundary = "x7";
    let field = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.sh\"\r\n\r\necho $#\r\n");
    let body = format!("{}{file}--{boundary}--\r\n", field("args", &"x".repeat(1 << 20)));
    let kind = format!("multipart/form-data; boundary={boundary}");
    let request = quiet_client().post(format!("{url}/run/bash")).header("content-type", kind).header("accept", "*/*");
    let status = request.body(body).send().await.unwrap().status().as_u16();
    assert_eq!(status, 413);
}

#[tokio::test]
async fn a_main_file_that_the_program_itself_lacks_is_the_languages_own_error() {
    let mut page = Visitor::new(Server::shared().await.url()).await.fresh().await;
    let mut message = run_message("bash", "");
    message["files"] = json!([{"path": "sub/main.sh", "content": "source ./missing.sh; echo after"}]);
    page.send(message).await;
    let heard = page.finish().await;
    assert_eq!(heard.outcome(), "exited");
    assert!(heard.output().contains("missing.sh") && heard.output().contains("after"), "{heard:?}");
}

/// A compile step that prints without end, one that reads without end, and one whose source grows without end.
#[tokio::test]
async fn a_compile_step_is_held_to_its_limits() {
    let server = Server::start(&["--pool-size=1", "--compile-seconds=10", "--output-bytes=131072"]).await;
    let visitor = Visitor::new(server.url()).await;
    // Six thousand warnings with their lines and carets: more than the limit, from what a source may hold.
    let floods = format!("#include \"{0}\"\n#include \"{0}\"\nint main(void) {{}}\n", "warn.h");
    let warn = "#warning aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n".repeat(3000);
    let mut message = run_message("c", "");
    message["files"] = json!([{"path": "main.c", "content": floods}, {"path": "warn.h", "content": warn}]);
    let mut page = visitor.fresh().await;
    page.send(message).await;
    let heard = page.finish().await;
    assert_eq!(heard.outcome(), "output_limit", "{:?}", heard.finished());
    assert!(heard.output().len() <= 131_072);

    let endless = "#include \"/dev/zero\"\nint main(void) {}\n";
    let start = Instant::now();
    let heard = visitor.fresh().await.run("c", endless).await;
    let outcome = heard.outcome();
    assert!(["time_limit", "cpu_limit", "memory_limit", "compile_failed"].contains(&outcome), "{:?}", heard.finished());
    assert!(start.elapsed() < Duration::from_secs(25));

    let grows = ".macro bomb\n.rept 100000\n.byte 1\n.endr\nbomb\nbomb\n.endm\nbomb\n";
    let code = format!("__asm__(\"{}\");\nint main(void) {{}}\n", grows.replace('\n', "\\n"));
    let heard = visitor.fresh().await.run("c", &code).await;
    assert_ne!(heard.outcome(), "exited", "{:?}", heard.finished());
    until("only the warm sandbox is left", || async { server.containers().len() == 1 }).await;
}

/// No compiler of the image executes what it compiles, so this one does: the source is its script.
#[tokio::test]
async fn a_compile_step_in_a_strangers_hands_is_held_to_every_limit() {
    let Some(engine) = OwnEngine::start(EngineOptions::default()).await else { return };
    let compiler = "rm /usr/bin/gcc; printf '#!/bin/sh\\n. ./main.c\\n' >/usr/bin/gcc; chmod 755 /usr/bin/gcc";
    make_image(&engine, "obedient", compiler, &[]);
    let host = format!("--docker-host={}", engine.host());
    let server = Server::start(&[&host, "--image=obedient", "--pool-size=1", "--compile-seconds=4"]).await;
    let visitor = Visitor::new(server.url()).await;
    for (code, outcomes) in [
        ("while :; do sleep 99 & done", &["process_limit", "time_limit", "cpu_limit"][..]),
        ("bomb() { bomb | bomb & }; bomb; sleep 99", &["process_limit", "time_limit", "cpu_limit"]),
        ("trap '' TERM; sleep 99 & wait; sleep 99", &["time_limit"]),
        ("yes | head -c 1G", &["output_limit"]),
        ("yes >&2", &["output_limit"]),
        ("head -c 100M /dev/zero >/tmp/a && exit 0; exit 1", &["disk_limit"]),
        ("x=$(tail /dev/zero)", &["memory_limit"]),
        ("kill -9 1; kill -9 -1; exit 1", &["compile_failed"]),
        ("setsid sleep 99 & printf '#!/bin/sh\\necho built\\n' >main; chmod 755 main", &["exited"]),
    ] {
        let start = Instant::now();
        let heard = visitor.fresh().await.run("c", code).await;
        assert!(outcomes.contains(&heard.outcome()), "{code}: {:?}", heard.finished());
        assert!(heard.output().len() <= 1 << 20 && start.elapsed() < Duration::from_secs(30), "{code}");
        assert!(heard.outcome() != "exited" || heard.output() == "built\n", "{heard:?}");
    }
    until("only the warm sandbox is left", || async { engine.containers().len() == 1 }).await;
}

#[tokio::test]
async fn input_that_nobody_reads_and_input_after_the_end_hurt_nothing() {
    let mut page = Visitor::new(Server::shared().await.url()).await.fresh().await;
    let mut message = run_message("bash", "head -c 3; echo; echo done");
    message["stdin"] = json!("x".repeat(1 << 20));
    page.send(message).await;
    let heard = page.finish().await;
    assert_eq!((heard.output().as_str(), heard.outcome()), ("xxx\ndone\n", "exited"));
    // To a run that is over: told so, or passed over, and the next run is as ever.
    for data in ["late", "later"] {
        page.send(json!({"type": "input", "run": heard.run, "data": data})).await;
    }
    page.send(json!({"type": "eof", "run": heard.run})).await;
    page.send(json!({"type": "stop", "run": heard.run})).await;
    page.start("bash", "read -r line; echo \"got <$line>\"").await;
    let started = page.event("started").await;
    page.send(json!({"type": "input", "run": started["run"], "data": "mine\n"})).await;
    let output = page.event("output").await;
    assert_eq!(output["data"], "got <mine>\n");
}

#[tokio::test]
async fn a_word_behind_the_address_that_is_not_known_keeps_and_runs_nothing() {
    let shell = Shell::new(&[("a.sh", "echo 1\n")]).await;
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let bearer = kept.bearer();
    for words in [
        vec!["-T", "a.sh", "HOST/?expire=1d"],
        vec!["--data-binary", "@a.sh", "HOST/?language=bash&burns=1"],
        vec!["--data-binary", "@a.sh", "HOST/run/bash?stauts=1"],
        vec!["-X", "PUT", "-H", &bearer, "--data-binary", "@a.sh", &format!("{}?revison=1", kept.body.trim())],
    ] {
        let refused = shell.curl(&words);
        assert!(refused.status == 400 && refused.body.contains("expires, burn, name"), "{words:?}: {refused:?}");
    }
    assert_eq!(
        shell.curl(&[&format!("{}?utm_source=x", kept.body.trim())]).body,
        "echo 1\n",
        "links get words on their way"
    );
}

/// Browsers keep addresses in histories, proxies in logs; so what stands there is no secret any more, and is not used as one.
#[tokio::test]
async fn a_password_in_an_address_is_refused_in_words_and_stands_in_no_log() {
    let directory = tempfile::TempDir::new().unwrap();
    let log = directory.path().join("log");
    let command = format!("CODECUBE_LOG=debug exec \"$0\" \"$@\" 2>'{}'", log.display());
    let server = Server::start_through(&["bash", "-c", &command], &["--pool-size=0"]);
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1\n")]);
    let kept = shell.curl(&["-u", ":sesame", "-T", "a.sh", "HOST/"]);
    let address = |words: &str| format!("{}{words}", kept.body.trim());
    for words in ["?password=sesame", "/raw?password=sesame", "/socket?token=sesame", "?fork=x&Pass%77ord=sesame"] {
        let text = shell.curl(&[&address(words)]);
        assert_eq!(text.status, 400, "{words}: {text:?}");
        assert!(text.body.contains("does not belong in an address"), "{text:?}");
    }
    let json = shell.curl(&["-H", "Accept: application/json", &address("?password=sesame")]);
    assert_eq!((json.status, json.body.contains("\"secret_in_address\"")), (400, true), "{json:?}");
    let page = shell.curl(&["-H", "Accept: text/html", &address("?password=sesame")]);
    assert!(page.status == 400 && page.body.contains("does not belong in an address"), "{page:?}");
    assert!(!page.body.contains("sesame") && !page.head.contains("sesame"), "{page:?}");
    let made = shell.curl(&["-T", "a.sh", "HOST/?password=sesame"]);
    assert_eq!(made.status, 400, "nothing is kept in clear that was to have a password: {made:?}");
    assert_eq!(shell.curl(&[&address("?utm_source=x")]).status, 401, "what others put behind it is no matter");
    drop(server);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("with 400") && !log.contains("sesame"), "{log}");
}
