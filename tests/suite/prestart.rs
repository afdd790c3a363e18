//! An interpreter that was started before its program was known is like any other, but for its command line and first
//! environment in `/proc`.

use serde_json::json;

use crate::server::{Server, until};
use crate::socket::{Page, Transcript, Visitor};

/// Prints whatever a program can learn about its own start, then the part that may differ.
const CURIOUS: &str = r#"
import fcntl, gc, inspect, os, resource, select, signal, sys, termios
name = os.path.basename(__file__)
def show(*what): print(*[str(one).replace(name, "NAME") for one in what])
show(sys.argv, sys.orig_argv, sys.path, sys.flags, sys.executable)
show(sorted((k, repr(v).split(" at 0x")[0]) for k, v in globals().items() if k.startswith("__") and k != "__builtins__"))
show(sorted(sys.modules))
show(sorted(os.environ.items()), os.getcwd(), os.umask(0o22))
for stream in (sys.stdin, sys.stdout, sys.stderr):
    show(stream, stream.errors, stream.buffer, stream.isatty(), stream.line_buffering, stream.seekable())
show(sys.stdout.write_through, sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__)
show(sorted(os.listdir("/proc/self/fd")), [os.fstat(n).st_mode for n in range(3)])
show(os.getpid() == os.getsid(0) == os.getpgrp(), os.getppid())
try: show(os.tcgetpgrp(0) == os.getpgrp(), termios.tcgetattr(0)[:4], os.get_terminal_size())
except Exception as error: show(error)
show([(s, signal.getsignal(s)) for s in sorted(signal.valid_signals())], signal.pthread_sigmask(signal.SIG_BLOCK, []))
show([resource.getrlimit(n) for n in range(16)], open("/proc/self/oom_score_adj").read())
show([frame.function for frame in inspect.stack()], gc.get_threshold())
show(sorted(os.listdir(".")), [p for p in os.listdir("/proc") if p.isdigit() and os.path.exists(f"/proc/{p}/exe")].__len__())
show(repr(sys.stdin.read()))
def fail(): return 1 / 0
print("cmdline", open("/proc/self/cmdline").read().split("\0"), flush=True)
fail()
"#;

async fn run(page: &mut Page, name: &str, terminal: bool) -> (String, bool) {
    let tty = terminal.then(|| json!({"columns": 72, "rows": 20}));
    page.send(json!({
        "type": "run", "language": "python", "files": [{"path": name, "content": CURIOUS}],
        "args": ["", "-x", "é = \"1\"\n2"], "stdin": "a\r\nb\rc\n", "tty": tty
    }))
    .await;
    let heard: Transcript = page.finish().await;
    assert_eq!((heard.outcome(), &heard.finished()["exit_code"]), ("exited", &json!(1)), "{}", heard.output());
    let output = heard.output();
    let command = output.lines().find(|line| line.starts_with("cmdline")).unwrap().to_owned();
    let told = output.replace(&command, "").replace(name, "NAME");
    // A command line cannot be changed later: the one trace, and here the proof of what was compared.
    (told, !command.contains("-x"))
}

async fn compare(terminal: bool) {
    // Two are made ready at a time: when the third is there, the first one waits.
    let server = Server::start(&["--pool-size=3"]).await;
    until("three sandboxes are there", || async { server.containers().len() == 3 }).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    let (told, early) = run(&mut page, "main.py", terminal).await;
    assert!(early, "the interpreter that waited was not used");
    let (plain, early) = run(&mut page, "other.py", terminal).await;
    assert!(!early, "only main.py can be waited for");
    for (one, other) in told.lines().zip(plain.lines()) {
        assert_eq!(one, other);
    }
    assert_eq!(told.lines().count(), plain.lines().count());
}

#[tokio::test]
async fn it_is_like_any_other_with_pipes() {
    compare(false).await;
}

#[tokio::test]
async fn it_is_like_any_other_on_a_terminal() {
    compare(true).await;
}

#[tokio::test]
async fn a_program_in_another_language_finds_nothing_of_it() {
    let server = Server::start(&["--pool-size=1"]).await;
    let interpreter_waits = || {
        let names = server.containers();
        let [name] = names.as_slice() else { return false };
        let told = std::process::Command::new("docker").args(["top", name, "-eo", "pid,comm"]).output().unwrap();
        String::from_utf8_lossy(&told.stdout).contains("python3")
    };
    until("an interpreter waits", || async { interpreter_waits() }).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    let heard = page.run("bash", "cat /proc/[0-9]*/status; ls -d /proc/[0-9]*").await;
    assert!(heard.output().contains("Name:\tbash"), "{}", heard.output());
    assert!(!heard.output().contains("python"), "{}", heard.output());
    let peak = heard.finished()["peak_memory_bytes"].as_u64().unwrap();
    assert!((1..6_000_000).contains(&peak), "the interpreter is in the figure: {peak}");
}
