//! From the Run message to the first output byte in the socket, and from the last byte to the end of the run.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bare::Bare;
use crate::figures::{median, ms, percentile};
use crate::server::Server;
use crate::socket::{Page, Visitor, run_message};

const SAMPLES: usize = 50;
const DOCKER_RUN_SAMPLES: usize = 10;
/// Between two samples, so that the sandbox is a warm one.
const REFILL_PAUSE: Duration = Duration::from_millis(300);

struct Case {
    name: &'static str,
    language: &'static str,
    code: &'static str,
    file: &'static str,
    bare: &'static [&'static [&'static str]],
    aim: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "Python",
        language: "python",
        code: "print('hello')\n",
        file: "main.py",
        bare: &[&["python3", "main.py"]],
        aim: "1.5 × bare + 3 ms",
    },
    Case {
        name: "Bash",
        language: "bash",
        code: "echo hello\n",
        file: "main.sh",
        bare: &[&["bash", "main.sh"]],
        aim: "1.5 × bare + 3 ms",
    },
    Case {
        name: "Node",
        language: "javascript",
        code: "console.log('hello')\n",
        file: "main.js",
        bare: &[&["node", "main.js"]],
        aim: "1.5 × bare + 3 ms",
    },
    Case {
        name: "C (compile and run)",
        language: "c",
        code: "#include <stdio.h>\nint main(void) { puts(\"hello\"); }\n",
        file: "main.c",
        bare: &[&["gcc", "main.c", "-o", "a.out"], &["./a.out"]],
        aim: "1.3 × bare",
    },
];

/// Measures every case, bare and served samples taking turns, and prints a table.
pub async fn measure() {
    let server = Server::start(&["--pool-size=6"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    let mut bare = Bare::start();
    println!("\nRun message to first output byte, sandbox warm, medians of {SAMPLES} (p90)");
    for case in CASES {
        let (mut served, mut ends, mut alone, mut engine) = (vec![], vec![], vec![], vec![]);
        prepare(&mut bare, case);
        for sample in 0..SAMPLES {
            tokio::time::sleep(REFILL_PAUSE).await;
            let (first, end) = one_run(&mut page, case).await;
            served.push(first);
            ends.push(end);
            alone.extend(bare.as_mut().map(|bare| bare.time(case.bare)));
            if sample < DOCKER_RUN_SAMPLES {
                engine.push(docker_run(case));
            }
        }
        report(case, [&served, &ends, &alone, &engine]);
    }
}

fn report(case: &Case, [served, ends, alone, engine]: [&Vec<Duration>; 4]) {
    let (here, bare) = (median(served), median(alone));
    println!("{}", case.name);
    println!("  CodeCube      {} ({})", ms(here), ms(percentile(served, 90)));
    if !alone.is_empty() {
        let ratio = here.as_secs_f64() / bare.as_secs_f64();
        println!("  bare process  {} ({})   ratio {ratio:.2}, aim {}", ms(bare), ms(percentile(alone, 90)), case.aim);
        let allowed = if case.aim.contains('+') { bare.mul_f64(1.5) + Duration::from_millis(3) } else { bare.mul_f64(1.3) };
        println!("  aim           {}   {}", ms(allowed), if here <= allowed { "kept" } else { "MISSED" });
    }
    println!("  docker run    {}", ms(median(engine)));
    println!("  last byte to the end of the run: {} (p90 {}), aim 5 ms", ms(median(ends)), ms(percentile(ends, 90)));
}

/// Puts the case's file where the bare commands find it.
fn prepare(bare: &mut Option<Bare>, case: &Case) {
    if let Some(bare) = bare {
        let script = format!("printf '%s' \"$1\" > {}; echo", case.file);
        bare.time(&[&["bash", "-c", &script, "_", case.code]]);
    }
}

async fn one_run(page: &mut Page, case: &Case) -> (Duration, Duration) {
    let mut message = run_message(case.language, case.code);
    message["tty"] = json!({"columns": 80, "rows": 24});
    let start = Instant::now();
    page.send(message).await;
    page.event("output").await;
    let first = start.elapsed();
    let mut last = Instant::now();
    loop {
        let event = page.next_that(|value| value["type"] == "event").await;
        match event["kind"].as_str() {
            Some("output") => last = Instant::now(),
            Some("finished") => return (first, last.elapsed()),
            _ => {}
        }
    }
}

fn docker_run(case: &Case) -> Duration {
    let script = format!("printf '%s' \"$1\" > {}; {}", case.file, case.bare.iter().map(|c| c.join(" ")).collect::<Vec<_>>().join(" && "));
    let start = Instant::now();
    let mut command = Command::new("docker");
    command.args(["run", "--rm", "codecube-core", "bash", "-c", &script, "_", case.code]).stdout(Stdio::null());
    assert!(command.status().unwrap().success());
    start.elapsed()
}
