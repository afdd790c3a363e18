//! What is read without a script: coloured code, coloured output, and nothing in either that acts.

use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::curl::Shell;
use crate::server::{PATIENCE, Server};
use crate::socket::{Visitor, fresh_key, quiet_client};

/// The page at this address, as a browser without scripts is given it.
pub async fn page(path: &str) -> String {
    let url = format!("{}/{path}", Server::shared().await.url());
    quiet_client().get(url).header("accept", "text/html").send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_revision_is_coloured_and_what_it_holds_stays_text() {
    let code = "def hi(): # <script>alert(1)</script>\n    return '\u{1b}]0;x\u{7}<b>'\n";
    let shell = Shell::new(&[("a.py", code)]).await;
    let key = shell.curl(&["--data-binary", "@a.py", "HOST/?language=python&title=%3Cscript%3E"]).key();
    let html = page(&format!("{key}/1")).await;
    for part in [
        "<span class=k>def</span>",
        "<span class=n>hi</span>",
        "<span class=c># &lt;script>alert(1)&lt;/script></span>",
        "&lt;b>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
}

#[tokio::test]
async fn output_has_its_colours_without_a_script_while_it_runs_and_afterwards() {
    let url = Server::shared().await.url();
    let (visitor, key) = (Visitor::new(url).await, fresh_key(url).await);
    let code =
        "printf '\\033]0;title\\007\\033[1;31mred\\033[0m <b>\\n10%%\\r20%%\\n\\033[6n\\033]8;;http://x\\033\\\\link'";
    let body = format!("language=bash&content={}", percent_encoded(code));
    let request = quiet_client().post(format!("{url}/{key}/run")).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("cookie", &visitor.cookie).header("origin", url).header("accept", "text/html");
    let result = request.send().await.unwrap().text().await.unwrap();
    let shown = "<span class=\"ink-red is-bold\">red</span> &lt;b>\n20%\nlink";
    assert!(result.contains(shown), "{result}");
    let later = page(&key).await;
    let kept = later.split("id=\"last-output\"").nth(1).unwrap().split("</pre>").next().unwrap();
    assert!(kept.contains(shown), "{kept}");
}

/// Eight bytes of a program were a thousand of the page, at every view.
#[tokio::test]
async fn little_output_does_not_become_a_great_page() {
    let mut visitor = Visitor::new(Server::shared().await.url()).await.fresh().await;
    visitor.run("python", "print('\\x1b[999CX\\n' * 30000, end='')").await;
    let html = page(&visitor.key).await;
    assert!(html.contains("there is more"), "{}", &html[..2000]);
    assert!(html.len() < 400_000, "{}", html.len());
}

/// Every byte escaped.
pub fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Waits until the page's source holds this; without scripts there is nothing else to ask.
pub async fn until_shown(browser: &Browser, text: &str) -> String {
    let start = Instant::now();
    loop {
        let source = browser.driver.source().await.unwrap();
        if source.contains(text) {
            return source;
        }
        assert!(start.elapsed() < PATIENCE, "{text} is not in {source}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_browser_without_scripts_runs_saves_forks_and_deletes() {
    let url = Server::shared().await.url();
    let browser = Browser::open_without_scripts(1280, 800).await;
    browser.driver.goto(format!("{url}/?language=bash")).await.unwrap();
    let code = browser.find("#content").await;
    code.clear().await.unwrap();
    code.send_keys("echo $((6 * 7)); sleep 1; printf '\\033[32mlate\\033[0m'").await.unwrap();
    browser.find("#run").await.click().await.unwrap();
    let result = until_shown(&browser, "Finished with exit code 0").await;
    assert!(result.contains("42\n<span class=\"ink-green\">late</span>"), "{result}");
    browser.find("footer a").await.click().await.unwrap();
    let source = until_shown(&browser, "id=\"content\"").await;
    assert!(source.contains("<span class=\"ink-green\">late</span>") && !source.contains("cm-content"), "{source}");
    browser.find("#content").await.send_keys("# more").await.unwrap();
    browser.find("#save").await.click().await.unwrap();
    let saved = until_shown(&browser, "Saved as revision 2.").await;
    assert!(saved.contains("# more"), "{saved}");
    browser.driver.refresh().await.unwrap();
    until_shown(&browser, "Finished with exit code 0").await;
    assert!(!browser.driver.source().await.unwrap().contains("Saved as revision"), "it is said once");
    browser.find("#fork").await.click().await.unwrap();
    until_shown(&browser, "Fork of").await;
    browser.driver.back().await.unwrap();
    browser.find("a[href$='/revisions']").await.click().await.unwrap();
    until_shown(&browser, "2</a> (newest)").await;
    browser.find("form[action$='/delete'] button").await.click().await.unwrap();
    until_shown(&browser, "For 60 seconds").await;
}

#[tokio::test]
async fn somebody_elses_code_is_coloured_without_a_script_and_changed_when_that_is_asked_for() {
    let url = Server::shared().await.url();
    let code = "def hi(): # <script>alert(1)</script>\n    return 1\n";
    let shell = Shell::new(&[("a.py", code), ("b.py", "import a\n")]).await;
    let key = shell.curl(&["-F", "file=@a.py", "-F", "file=@b.py", "-F", "language=python", "HOST/"]).key();
    let html = page(&key).await;
    let reading = html.split("<noscript>").nth(1).unwrap().split("</noscript>").next().unwrap();
    for part in [
        "<span class=k>def</span>",
        "<span class=c># &lt;script>alert(1)&lt;/script></span>",
        "<h3 class=\"reading-name\">b.py</h3>",
    ] {
        assert!(reading.contains(part), "{part} is not in {reading}");
    }
    let browser = Browser::open_without_scripts(1280, 800).await;
    browser.driver.goto(format!("{url}/{key}")).await.unwrap();
    let (reading, field) = (browser.find(".reading").await, browser.find("#content").await);
    assert!(reading.is_displayed().await.unwrap() && !field.is_displayed().await.unwrap());
    browser.find("#change").await.send_keys(" ").await.unwrap();
    assert!(!reading.is_displayed().await.unwrap() && field.is_displayed().await.unwrap());
    field.send_keys("# mine").await.unwrap();
    browser.find("#save").await.click().await.unwrap();
    until_shown(&browser, "Fork of").await;
    let source = browser.driver.source().await.unwrap();
    assert!(source.contains("# mine") && !source.contains("class=\"reading\""), "{source}");
}
