//! The main job, as a visitor meets it in real Chromium: paste, run, watch, type, share.

use serde_json::{Value, json};
use thirtyfour::Key;

use crate::page::SnippetPage;
use crate::server::{Process, Server};
use crate::socket::quiet_client;

/// Prints a line every 300 ms with the time at which it was printed, then asks.
const LINES_THEN_A_QUESTION: &str = "import time
for number in range(5):
    print('line', number, 'at', int(time.time() * 1000))
    time.sleep(0.3)
name = input('Who are you? ')
print('Welcome, ' + name + '!')
";

/// Notes when each line is seen.
const NOTE_LINES: &str = "window.seen = {};
new MutationObserver(() => {
  for (const row of document.querySelectorAll('.xterm-rows > div')) {
    const match = /line (\\d) at (\\d+)/.exec(row.textContent.replace(/\\u00a0/g, ' '));
    if (match && !(match[1] in window.seen)) window.seen[match[1]] = [Number(match[2]), Date.now()];
  }
}).observe(document.querySelector('.xterm-rows'), {childList: true, subtree: true, characterData: true})";

/// The visitor's whole way; passes wherever the parts of the server run.
async fn the_whole_way(url: &str) {
    let page = SnippetPage::open(url).await;
    let key = page.key().await;
    assert_eq!(key.len(), 12, "{key}");
    page.paste(LINES_THEN_A_QUESTION).await;
    page.browser.script(NOTE_LINES).await;
    page.press_run().await;
    page.shows("Who are you?").await;
    assert_lines_came_one_by_one(&page.browser.script("return window.seen").await);
    page.type_into_terminal("Ada\n").await;
    page.shows("Welcome, Ada!").await;
    page.says("Finished with exit code 0").await;

    let friend = SnippetPage::open(&format!("{url}/{key}")).await;
    assert!(friend.code().await.contains("Who are you?"));
    friend.shows("Welcome, Ada!").await;
    page.press_run().await;
    friend.shows_no_longer("Welcome, Ada!").await;
    page.shows("Who are you?").await;
    page.type_into_terminal("Grace\n").await;
    friend.shows("Welcome, Grace!").await;
}

fn assert_lines_came_one_by_one(seen: &Value) {
    let mut lags = Vec::new();
    for number in 0..4 {
        let (this, next) = (&seen[number.to_string()], &seen[(number + 1).to_string()]);
        let (printed, shown, printed_next) = (this[0].as_u64(), this[1].as_u64(), next[0].as_u64());
        assert!(shown.unwrap() < printed_next.unwrap(), "line {number} was held back: {seen}");
        lags.push(shown.unwrap().saturating_sub(printed.unwrap()));
    }
    // The quickest line tells whether anything is held back on purpose; the others tell how busy the machine is.
    lags.sort_unstable();
    eprintln!("lines were on the screen so many ms after they were printed: {lags:?}");
    assert!(lags[0] < 100, "{lags:?}");
}

#[tokio::test]
async fn a_visitor_pastes_runs_watches_types_and_shares() {
    the_whole_way(Server::shared().await.url()).await;
}

#[tokio::test]
async fn web_and_runner_as_two_processes_do_the_same_with_redis_alone_between_them() {
    let directory = tempfile::TempDir::new().unwrap();
    let redis = codecube::db::embedded::Embedded::start(directory.path()).await.unwrap();
    let storage = format!("--redis-url={}", redis.url());
    let name = format!("--runner-name=apart-{}", std::process::id());
    let web = Process::start(&["web", "--listen=127.0.0.1:0", &storage]);
    let mut runner = Process::start(&["runner", &storage, &name, "--pool-size=2"]);
    let url = web.url.clone().unwrap();
    crate::server::until_ready(&url).await;
    the_whole_way(&url).await;
    assert!(runner.terminate().success());
    drop(redis);
}

#[tokio::test]
async fn control_c_reaches_the_program_and_stop_ends_it() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    page.paste("import time\nprint('waiting')\ntry:\n    time.sleep(50)\nexcept KeyboardInterrupt:\n    print('caught it')\ntime.sleep(50)\n").await;
    page.press_run().await;
    page.shows("waiting").await;
    page.type_into_terminal("\u{e009}c\u{e000}").await;
    page.shows("caught it").await;
    page.press_run().await;
    page.says("topped").await;
}

/// With a mouse; headless, Chromium says that it has none, and nothing else asks.
#[tokio::test]
async fn what_is_typed_after_run_goes_to_the_first_program_of_a_page() {
    let url = Server::shared().await.url();
    let page = SnippetPage::open(url).await;
    let mouse = "const asked = window.matchMedia.bind(window); window.matchMedia = (query) => \
                 query === '(pointer: fine)' ? { matches: true } : asked(query);";
    page.browser.order("Page.addScriptToEvaluateOnNewDocument", json!({"source": mouse})).await;
    page.go(url).await;
    page.paste("name = input('name? ')\nprint('hello ' + name)\n").await;
    page.press_run().await;
    page.shows("name?").await;
    page.browser.driver.active_element().await.unwrap().send_keys("Bob" + Key::Enter).await.unwrap();
    page.shows("hello Bob").await;
}

#[tokio::test]
async fn colours_are_shown_and_the_program_knows_the_size_of_the_window() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    let program = "import os, signal, time
print('\\033[31mred\\033[0m', os.isatty(1))
def size(*_): print('size', os.get_terminal_size().columns, 'x', os.get_terminal_size().lines)
signal.signal(signal.SIGWINCH, size)
print('ready')
while True: time.sleep(0.1)
";
    page.paste(program).await;
    page.press_run().await;
    page.shows("red True").await;
    page.shows("ready").await;
    let red = "return [...document.querySelectorAll('.xterm-fg-1')].some(part => part.textContent === 'red')";
    page.browser.until("red is red", red).await;
    page.browser.driver.set_window_rect(0, 0, 1000, 700).await.unwrap();
    page.shows("size ").await;
    page.press_run().await;
    page.says("topped").await;
}

#[tokio::test]
async fn a_reload_in_the_middle_of_a_run_loses_and_doubles_nothing() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    page.paste("import time\nfor number in range(12):\n    print('number', number)\n    time.sleep(0.25)\n").await;
    page.press_run().await;
    page.shows("number 3").await;
    page.reload().await;
    page.shows("number 11").await;
    page.says("Finished with exit code 0").await;
    let expected: Vec<String> = (0..12).map(|number| format!("number {number}")).collect();
    assert_eq!(page.terminal().await, expected.join("\n"));
}

#[tokio::test]
async fn somebody_else_who_edits_and_runs_gets_a_fork_and_the_original_stays() {
    let url = Server::shared().await.url();
    let owner = SnippetPage::open(url).await;
    owner.paste("print('mine')\n").await;
    owner.press_run().await;
    owner.says("Finished with exit code 0").await;
    let key = owner.key().await;
    let other = SnippetPage::open(&format!("{url}/{key}")).await;
    other.paste("print('theirs')\n").await;
    other.press_run().await;
    other.shows("theirs").await;
    let fork = other.key().await;
    assert_ne!(fork, key);
    let raw = |key: String| async move {
        quiet_client().get(format!("{url}/{key}/raw")).send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(raw(key).await.trim_end(), "print('mine')");
    assert_eq!(raw(fork).await.trim_end(), "print('theirs')");
    other.browser.driver.back().await.unwrap();
}

#[tokio::test]
async fn a_title_typed_into_the_heading_is_kept_and_a_fork_says_where_it_comes_from() {
    let url = Server::shared().await.url();
    let page = SnippetPage::open(url).await;
    page.browser.find("#title").await.send_keys("Primes\u{e007}").await.unwrap();
    page.says("Saved.").await;
    let key = page.key().await;
    page.reload().await;
    assert_eq!(page.browser.driver.title().await.unwrap(), "Primes · Python · CodeCube");

    let other = SnippetPage::open(&format!("{url}/{key}")).await;
    assert_eq!(other.browser.find("h1").await.text().await.unwrap(), "Primes");
    other.go(&format!("{url}/?fork={key}")).await;
    other.press_run().await;
    other.says("Finished with exit code 0").await;
    other.reload().await;
    let origin = other.browser.find(".origin").await.text().await.unwrap();
    assert!(origin.starts_with(&format!("Fork of {key}")), "{origin}");
}

#[tokio::test]
async fn every_language_greets_from_an_untouched_page() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    let list = "return [...document.getElementById('language').options].map(option => option.value)";
    let languages = page.browser.script(list).await;
    let languages: Vec<&str> = languages.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    for wanted in "python ruby go c perl cpp javascript typescript bash php lua rust java".split(' ') {
        assert!(languages.contains(&wanted), "{wanted} is missing in {languages:?}");
    }
    for language in languages {
        let fresh = format!("{}/?language={language}", Server::shared().await.url());
        page.go(&fresh).await;
        page.browser.script("document.getElementById('run').focus()").await;
        page.press_run().await;
        page.shows("Hello, world!").await;
        page.says("Finished with exit code 0").await;
    }
}

#[tokio::test]
async fn an_untouched_editor_follows_the_language_and_a_touched_one_stays() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    page.choose("ruby").await;
    page.browser
        .until("Ruby's hello is there", "return document.querySelector('.cm-content').textContent.includes('puts')")
        .await;
    page.paste("my own words").await;
    page.choose("lua").await;
    assert_eq!(page.code().await, "my own words");
}

#[tokio::test]
async fn the_page_breaks_none_of_its_own_rules_and_fits_a_phone() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    page.browser.be_a_phone().await;
    page.reload().await;
    let note = "window.broken = []; document.addEventListener('securitypolicyviolation',
        event => window.broken.push(event.violatedDirective + ' ' + event.sourceFile))";
    page.browser.script(note).await;
    page.paste("print('x' * 2000)\n").await;
    page.press_run().await;
    page.says("Finished with exit code 0").await;
    page.choose("go").await;
    assert_eq!(page.browser.script("return window.broken").await, json!([]));
    assert_eq!(page.browser.script("return window.innerWidth").await, json!(360));
    let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(page.browser.script(overflow).await, json!(0));
}

#[tokio::test]
async fn the_list_of_languages_is_a_file_of_its_own_that_browsers_keep() {
    let server = Server::shared().await;
    let client = reqwest::Client::new();
    let fresh = client.get(server.url()).header("accept", "text/html").send().await.unwrap().text().await.unwrap();
    let start = fresh.find("/languages/").unwrap();
    let address = &fresh[start..start + fresh[start..].find('"').unwrap()];
    assert!(!fresh.contains("fmt.Println"), "other languages' programs are on the page");
    let list = client.get(format!("{}{address}", server.url())).send().await.unwrap();
    assert_eq!(list.headers()["cache-control"], "public, max-age=31536000, immutable");
    let list: Value = list.json().await.unwrap();
    assert!(list.as_array().unwrap().iter().any(|language| language["id"] == "go" && language["hello"] != ""));
    // A page of before an update still gets a list, which nobody keeps under that address.
    let other = client.get(format!("{}/languages/0000000000000000.json", server.url())).send().await.unwrap();
    assert_eq!((other.status().as_u16(), &other.headers()["cache-control"]), (200, &"no-store".parse().unwrap()));
    assert_eq!(other.json::<Value>().await.unwrap(), list);
}
