//! The doctor's hostile programs once more, through the front door: several at a time, as visitors would send
//! them, with honest visitors beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use codecube::doctor::corpus::{Corpus, Ground, Hostile};
use codecube::runs::outcome::{Finished, Outcome};
use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::leftovers::is_tried_here;
use crate::own_engine::EngineOptions;
use crate::server::{Server, until};
use crate::socket::{Page, Transcript, Visitor, quiet_client, run_message};

/// Hostile programs at once.
const AT_ONCE: usize = 3;
/// Sandboxes kept ready.
const POOL: usize = 3;

/// Programs of one server: wall time and memory are the server's.
type Group<'a> = BTreeMap<(Duration, u64), Vec<&'a Hostile>>;

#[tokio::test]
async fn hostile_programs_are_contained_while_honest_visitors_are_served() {
    let corpus = Corpus::load().unwrap();
    let mut groups = Group::new();
    for program in corpus.attacks() {
        groups.entry((program.timeout, program.memory_mb)).or_default().push(program);
    }
    let mut faults = Vec::new();
    for ((wall, memory_mb), programs) in groups {
        let (wall, memory) = (format!("--wall-seconds={}", wall.as_secs()), format!("--memory-mb={memory_mb}"));
        let pool = format!("--pool-size={POOL}");
        let server = Server::start(&[&wall, &memory, &pool, "--runs-per-visitor=64", "--compile-seconds=20"]).await;
        faults.extend(try_all(&server, &corpus, programs).await);
        until("only warm sandboxes are left", || async { server.containers().len() == POOL }).await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

async fn try_all(server: &Server, corpus: &Corpus, programs: Vec<&Hostile>) -> Vec<String> {
    let attacks = stream::iter(programs).map(|program| attack(server, corpus, program)).buffer_unordered(AT_ONCE);
    let attacking = attacks.filter_map(|fault| async { fault }).collect::<Vec<String>>();
    let mut honest = Visitor::new(server.url()).await.fresh().await;
    tokio::pin!(attacking);
    let mut runs = 0;
    loop {
        let beside = async {
            let heard = honest.run("python", "print('honest', 6 * 7)").await;
            assert_eq!((heard.output().as_str(), heard.outcome()), ("honest 42\n", "exited"));
        };
        tokio::select! {
            faults = &mut attacking => {
                assert!(runs > 0, "no honest run was beside them");
                return faults;
            }
            () = beside => runs += 1,
        }
    }
}

/// Whether a program needs nothing that only the socket has.
pub fn goes_by_api(program: &Hostile) -> bool {
    !program.terminal && !program.twice && program.partner.is_none() && program.stdin_bytes == 0
}

/// One program through the HTTP API; what went wrong, if anything.
pub async fn attack_by_api(url: &str, program: &Hostile) -> Option<String> {
    let request = quiet_client().post(format!("{url}/run/{}?status=1", program.language));
    let sent = request.header("accept", "*/*").body(program.source.clone()).send().await;
    let text = match sent {
        Ok(answer) => answer.text().await,
        Err(error) => Err(error),
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => return Some(format!("{} by API: the server did not answer: {error}", program.name)),
    };
    let Some((output, line)) = text.rsplit_once("codecube: outcome=") else {
        return Some(format!("{} has no end: {}", program.name, text.chars().take(300).collect::<String>()));
    };
    let Some(finished) = finished(line) else {
        return Some(format!("{} by API: an outcome that is none: {line}", program.name));
    };
    program.judge(&finished, output, ground()).err().map(|reason| format!("{} by API: {reason}", program.name))
}

/// What the Engine that tests share is.
fn ground() -> Ground {
    Ground { gvisor: false, remapped: EngineOptions::default().remapped }
}

/// The last line that a program on the API asks for.
fn finished(line: &str) -> Option<Finished> {
    let mut words = line.split_whitespace();
    let outcome: Outcome = serde_json::from_value(words.next()?.into()).ok()?;
    let mut finished = Finished::new(outcome, "");
    for word in words {
        match word.split_once('=') {
            Some(("exit_code", code)) => finished.exit_code = code.parse().ok(),
            Some(("signal", name)) => finished.signal = Some(name.to_owned()),
            _ => {}
        }
    }
    Some(finished)
}

/// One program by a visitor of its own; what went wrong, if anything.
async fn attack(server: &Server, corpus: &Corpus, program: &Hostile) -> Option<String> {
    let visitor = Visitor::new(server.url()).await;
    let mut partner = visitor.fresh().await;
    let mut beside = None;
    if let Some(hostile) = corpus.partner_of(program) {
        send(&mut partner, hostile).await;
        let ready = partner.next_that(|value| value["data"].as_str().is_some_and(|data| data.contains("READY"))).await;
        beside = Some(ready["run"].clone());
    }
    let mut heard = run(&visitor, program).await;
    if program.twice {
        heard = run(&visitor, program).await;
    }
    if let Some(run) = beside {
        partner.send(json!({"type": "stop", "run": run})).await;
        partner.event("finished").await;
    }
    let finished: Finished = serde_json::from_value(heard.finished().clone()).unwrap();
    if let Err(reason) = program.judge(&finished, &heard.output(), ground()) {
        return Some(format!("{}: {reason}", program.name));
    }
    // The others go that way in `leftovers.rs`.
    if goes_by_api(program) && !is_tried_here(program) {
        return attack_by_api(server.url(), program).await;
    }
    None
}

async fn run(visitor: &Visitor, program: &Hostile) -> Transcript {
    let mut page = visitor.fresh().await;
    send(&mut page, program).await;
    page.finish().await
}

async fn send(page: &mut Page, program: &Hostile) {
    let mut message = run_message(&program.language, &program.source);
    if program.terminal {
        message["tty"] = json!({"columns": 80, "rows": 24});
    } else {
        message["stdin"] = json!("x".repeat(program.stdin_bytes));
    }
    page.send(message).await;
}
