//! Pages as axe-core sees them, in real Chromium: no rule of WCAG 2 or of good practice is broken.

use std::path::Path;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::page::SnippetPage;
use crate::server::Server;
use crate::socket::Visitor;

/// Fails with what axe finds on the page that is shown.
pub async fn is_clean(browser: &Browser, page: &str) {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(axe).expect("script/bootstrap installs the page's packages");
    browser.script(&axe).await;
    let check = "const done = arguments[arguments.length - 1];
        axe.run(document, {resultTypes: ['violations']}).then(found => done(found.violations.map(
            violation => `${violation.id}: ${violation.help}: ${violation.nodes.map(node => node.html).join(' ')}`)))";
    let found = browser.driver.execute_async(check, Vec::new()).await.unwrap().json().clone();
    assert_eq!(found, json!([]), "{page}: {}", serde_json::to_string_pretty(&found).unwrap());
}

pub async fn dark(browser: &Browser) {
    // Without motion: a colour on its way from light to dark is neither.
    let still = json!({"name": "prefers-reduced-motion", "value": "reduce"});
    let features = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}, still]});
    browser.order("Emulation.setEmulatedMedia", features).await;
}

#[tokio::test]
async fn the_editor_is_clean_fresh_saved_with_several_files_and_after_a_run() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    is_clean(&page.browser, "fresh").await;
    page.press_run().await;
    page.says("Finished with exit code 0").await;
    is_clean(&page.browser, "after a run").await;
    page.browser.find("#add-file").await.click().await.unwrap();
    is_clean(&page.browser, "while a file is named").await;
    page.paste("one more").await;
    page.browser
        .script("document.getElementById('file-menu').open = true; document.getElementById('inputs').open = true")
        .await;
    is_clean(&page.browser, "several files, menu and fields open").await;
    page.browser.find("#save").await.click().await.unwrap();
    page.says("Saved").await;
    page.reload().await;
    is_clean(&page.browser, "saved").await;
    dark(&page.browser).await;
    is_clean(&page.browser, "saved, dark").await;
    page.browser.be_a_phone().await;
    is_clean(&page.browser, "saved, on a phone").await;
}

#[tokio::test]
async fn history_and_errors_are_clean() {
    let url = Server::shared().await.url();
    let mut snippet = Visitor::new(url).await.fresh().await;
    let save = |text: &str| -> Value {
        json!({"type": "save", "language": "python", "files": [{"path": "main.py", "content": text}]})
    };
    for text in ["print(1)\nsame\n", "print(2)\nsame\n"] {
        snippet.send(save(text)).await;
        snippet.next_that(|heard| heard["stored"].is_u64()).await;
    }
    let browser = Browser::open(1280, 800).await;
    let key = &snippet.key;
    for path in
        [format!("{key}/revisions"), format!("{key}/1"), format!("{key}/diff?from=1&to=2"), "nothing-here".into()]
    {
        browser.driver.goto(format!("{url}/{path}")).await.unwrap();
        is_clean(&browser, &path).await;
    }
    dark(&browser).await;
    is_clean(&browser, "error, dark").await;
    browser.driver.goto(format!("{url}/{key}/diff?from=1&to=2")).await.unwrap();
    is_clean(&browser, "difference, dark").await;
}

#[tokio::test]
async fn the_result_of_a_form_is_clean() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    // As a browser without the script sends it.
    page.browser.script("document.getElementById('program').submit()").await;
    page.browser
        .until(
            "the result is there",
            "return location.pathname.endsWith('/run') && document.body.innerText.includes('exit code 0')",
        )
        .await;
    is_clean(&page.browser, "the result of a run").await;
}

/// What a page shows where no script is allowed, shown where axe's own script may run.
async fn show_without_script(browser: &Browser, address: &str) {
    browser.driver.goto(address).await.unwrap();
    let show = "const done = arguments[arguments.length - 1];
        fetch(location.href, {headers: {accept: 'text/html'}}).then(answer => answer.text()).then(html => {
            const plain = html.replace(/<\\/?noscript>/g, '').replace(/<script.*?<\\/script>/gs, '');
            document.documentElement.replaceWith(new DOMParser().parseFromString(plain, 'text/html').documentElement);
            for (const sheet of document.querySelectorAll('link[rel=stylesheet]')) {
                sheet.addEventListener('load', () => done(true));
            }
        })";
    browser.driver.execute_async(show, Vec::new()).await.unwrap();
    browser.script("for (const one of document.querySelectorAll('.needs-script')) one.remove()").await;
    browser.find("#path-new").await;
}

#[tokio::test]
async fn pages_without_a_script_are_clean() {
    let url = Server::shared().await.url();
    let shell = crate::curl::Shell::new(&[("a.py", "def hi(): # why\n    return 'x'\n"), ("b.py", "import a\n")]).await;
    let key = shell.curl(&["-F", "file=@a.py", "-F", "file=@b.py", "-F", "language=python", "HOST/"]).key();
    let browser = Browser::open(1280, 800).await;
    let open = "for (const one of document.querySelectorAll('details')) one.open = true";
    for (path, name) in
        [(key.clone(), "a reader's"), (format!("?fork={key}"), "a fork's"), (String::new(), "a fresh one")]
    {
        show_without_script(&browser, &format!("{url}/{path}")).await;
        is_clean(&browser, name).await;
        browser.script(open).await;
        is_clean(&browser, &format!("{name}, all open")).await;
        dark(&browser).await;
        is_clean(&browser, &format!("{name}, dark")).await;
        browser.be_a_phone().await;
        is_clean(&browser, &format!("{name}, on a phone")).await;
    }
}
