//! Running with curl: code, and saved snippets as filters.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::curl::{Shell, curl_command};
use crate::server::until;
use crate::socket::{Visitor, quiet_client};

#[tokio::test]
async fn code_is_run_and_only_its_output_is_printed() {
    let shell =
        Shell::new(&[("hello.py", "import sys\nprint('hello')\nprint(sys.stdin.read() == '')\nsys.exit(3)")]).await;
    let answer = shell.curl(&["-N", "--data-binary", "@hello.py", "HOST/run/python"]);
    assert_eq!((answer.status, answer.body.as_str()), (200, "hello\nTrue\n"));
    assert_eq!(answer.header("x-outcome"), Some("exited"));
    assert_eq!(answer.header("x-exit-code"), Some("3"));
    let url = answer.header("x-snippet-url").unwrap();
    assert!(shell.curl(&[url]).body.starts_with("import sys"));
    let page = quiet_client().get(url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("hello\nTrue"), "the link shows the output: {page}");
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &answer.bearer(), url]).status, 200);
}

#[tokio::test]
async fn several_files_arguments_and_input_are_run() {
    let main = "import lib, sys\nprint(lib.x, sys.argv[1:], sys.stdin.read())\n";
    let shell = Shell::new(&[("main.py", main), ("lib.py", "x = 7\n"), ("data", "some data")]).await;
    let words = ["-F", "file=@main.py", "-F", "file=@lib.py", "-F", "stdin=@data", "-F", "args=a 'b c'", "HOST/run/py"];
    assert_eq!(shell.curl(&words).body, "7 ['a', 'b c'] some data\n");
}

#[tokio::test]
async fn output_comes_while_the_program_runs() {
    let shell = Shell::new(&[("slow.sh", "echo first; sleep 2; echo second")]).await;
    let words = ["-N", "--data-binary", "@slow.sh", "HOST/run/bash"];
    let mut command = curl_command(shell.directory.path(), &shell.site, &words);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut first = [0; 6];
    output.read_exact(&mut first).unwrap();
    let started = Instant::now();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!((first.as_slice(), rest.as_str()), (b"first\n".as_slice(), "second\n"));
    assert!(started.elapsed() > Duration::from_secs(1), "the first line was held back");
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn a_snippet_is_a_filter() {
    let shell = Shell::new(&[("upper.sh", "tr a-z A-Z; echo \"$*\" >&2")]).await;
    let url = shell.curl(&["-T", "upper.sh", "HOST/"]).body.trim().to_owned();
    let run = format!("{url}/run");
    assert_eq!(shell.curl_with(&["-N", "--data-binary", "@-", &run], b"one\ntwo\n").body, "ONE\nTWO\n\n");
    let twice = shell.curl_with(&["-N", "--data-binary", "@-", &format!("{run}?args=x%20y")], b"a\n");
    assert_eq!(twice.body, "A\nx y\n");
    let streamed = shell.curl_with(&["-N", "-X", "POST", "-T", "-", &run], b"streamed\n");
    assert_eq!(streamed.body, "STREAMED\n\n");
}

#[tokio::test]
async fn what_curl_sends_as_a_file_is_run_too() {
    let shell = Shell::new(&[("upper.sh", "tr a-z A-Z"), ("data", "one\n")]).await;
    let ran = shell.curl(&["-N", "-T", "upper.sh", "HOST/run/bash?status=1"]);
    assert_eq!((ran.status, ran.body.as_str()), (200, "codecube: outcome=exited exit_code=0\n"));
    let url = ran.header("x-snippet-url").unwrap();
    assert_eq!(shell.curl(&[url]).body, "tr a-z A-Z");
    assert_eq!(shell.curl(&["-N", "-T", "data", &format!("{url}/run")]).body, "ONE\n");
    assert_eq!(shell.curl_with(&["-N", "-T", "-", &format!("{url}/run")], b"two\n").body, "TWO\n");
    let named = shell.curl(&["-N", "-T", "upper.sh", "HOST/run/bash/"]);
    let raw = format!("{}/raw/upper.sh", named.header("x-snippet-url").unwrap());
    assert_eq!((named.status, shell.curl(&[&raw]).body.as_str()), (200, "tr a-z A-Z"));
    assert_eq!(shell.curl(&["-X", "PUT", "-d", "echo 1", "HOST/run/bash/caf%e9.sh"]).status, 400);
}

#[tokio::test]
async fn a_filter_reads_any_bytes() {
    let shell = Shell::new(&[("count.py", "import sys\nprint(list(sys.stdin.buffer.read()))")]).await;
    let run = format!("{}/run", shell.curl(&["-T", "count.py", "HOST/"]).body.trim());
    assert_eq!(shell.curl_with(&["--data-binary", "@-", &run], b"\xff\x00\r\n").body, "[255, 0, 13, 10]\n");
    assert_eq!(shell.curl_with(&["--data-binary", "@-", &run], b"").body, "[]\n");
}

#[tokio::test]
async fn a_filter_without_a_body_reads_what_was_saved_with_it() {
    let shell = Shell::new(&[("cat.sh", "cat")]).await;
    let url = shell.curl(&["-F", "file=@cat.sh", "-F", "stdin=saved input", "HOST/"]).body.trim().to_owned();
    assert_eq!(shell.curl(&["-X", "POST", &format!("{url}/run")]).body, "saved input");
}

#[tokio::test]
async fn what_a_filter_prints_is_not_shown_to_others() {
    let shell = Shell::new(&[("cat.sh", "cat")]).await;
    let kept = shell.curl(&["-T", "cat.sh", "HOST/"]);
    let mut friend = Visitor::new(&shell.site).await.open(&kept.key()).await;
    friend.next_that(|message| message["type"] == "viewers").await;
    assert_eq!(
        shell.curl_with(&["--data-binary", "@-", &format!("HOST/{}/run", kept.key())], b"secret").body,
        "secret"
    );
    let page = quiet_client().get(kept.body.trim()).send().await.unwrap().text().await.unwrap();
    assert!(!page.contains("secret"), "{page}");
}

#[tokio::test]
async fn the_end_is_told_in_a_last_line_where_that_is_asked_for_or_nothing_else_can() {
    let shell = Shell::new(&[("end.sh", "printf 'no line end'; exit 7"), ("crash.sh", "kill -SEGV $$")]).await;
    let line = "no line end\ncodecube: outcome=exited exit_code=7\n";
    let asked = shell.curl(&["--data-binary", "@end.sh", "HOST/run/bash?status=1"]);
    assert_eq!((asked.body.as_str(), asked.header("x-exit-code")), (line, Some("7")));
    let old = shell.curl(&["--http1.0", "--data-binary", "@end.sh", "HOST/run/bash"]);
    assert_eq!((old.body.as_str(), old.header("transfer-encoding")), (line, None));
    let crashed = shell.curl(&["--data-binary", "@crash.sh", "HOST/run/bash?status=1"]);
    assert_eq!(crashed.body, "codecube: outcome=signalled signal=SIGSEGV\n");
    assert_eq!(crashed.header("x-signal"), Some("SIGSEGV"));
}

#[tokio::test]
async fn curl_interrupted_stops_the_run() {
    let shell = Shell::new(&[("sleep.sh", "echo up; sleep 50")]).await;
    let words = ["-N", "--data-binary", "@sleep.sh", "HOST/run/bash"];
    let mut command = curl_command(shell.directory.path(), &shell.site, &words);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut up = [0; 3];
    child.stdout.take().unwrap().read_exact(&mut up).unwrap();
    let head = std::fs::read_to_string(shell.directory.path().join("head")).unwrap();
    let url = head.lines().find_map(|line| line.strip_prefix("x-snippet-url: ")).unwrap().trim().to_owned();
    child.kill().unwrap();
    child.wait().unwrap();
    until("the run is stopped", || async {
        let page = quiet_client().get(&url).send().await.unwrap().text().await.unwrap();
        page.contains("topped")
    })
    .await;
}
