//! Pages as axe-core sees them, in real Chromium: no rule of WCAG 2 or of good practice is broken. And as the keyboard alone
//! finds them.

use std::path::Path;

use serde_json::json;
use thirtyfour::Key;

use crate::browser::Browser;
use crate::page::SnippetPage;
use crate::protected::post;
use crate::server::Server;
use crate::socket::{Visitor, fresh_key};

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

/// The page in light on a desktop, and in dark on a phone, where nothing is wider than the screen.
async fn is_clean_everywhere(browser: &Browser, name: &str) {
    is_walked_by_keyboard(browser, name).await;
    is_clean_in_both(browser, name).await;
}

/// Marks what has the focus, and tells it when nobody could see that it has.
const FOCUSED: &str = "const focused = document.activeElement;
    if (focused === document.body) return 'outside';
    if (focused.dataset.walked) return 'all';
    focused.dataset.walked = 'yes';
    const style = getComputedStyle(focused), place = focused.getBoundingClientRect();
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    const shown = place.width > 0 && place.top >= -1 && place.bottom <= innerHeight + 1;
    return ring && shown ? 'seen' : focused.outerHTML;";

/// What can be pressed or filled in, and was not reached. Of radio buttons one of each name is.
const LEFT: &str =
    "return [...document.querySelectorAll('a[href], button, input:not([type=radio]), select, summary, textarea')]
    .filter(one => !one.dataset.walked && one.type !== 'hidden' && one.checkVisibility()).map(one => one.outerHTML)";

/// Tab alone reaches everything, shows where it is, and comes out at the end.
async fn is_walked_by_keyboard(browser: &Browser, name: &str) {
    browser.script("document.activeElement.blur(); getSelection().collapse(document.body, 0); scrollTo(0, 0)").await;
    for _ in 0..60 {
        browser.driver.action_chain().send_keys(Key::Tab).perform().await.unwrap();
        let found = browser.script(FOCUSED).await;
        if found == "all" {
            assert_eq!(browser.script(LEFT).await, json!([]), "{name}: not reached");
            return;
        }
        assert!(found == "seen" || found == "outside", "{name}: the focus cannot be seen: {found}");
    }
    unreachable!("{name}: the keyboard does not come out");
}

#[tokio::test]
async fn pages_that_are_asked_for_by_others_are_clean_and_need_no_mouse() {
    let shell = crate::curl::Shell::new(&[("a.py", "print(1)\n"), ("b.py", "print(2)\n")]).await;
    let title = "?title=A%20title%20that%20is%20quite%20long%20and%20goes%20on%20for%20a%20while%20after%20that";
    let kept = shell.curl(&["-T", "a.py", &format!("HOST/{title}")]);
    shell.curl(&["-X", "PUT", "-T", "b.py", "-H", &kept.bearer(), kept.body.trim()]);
    let locked = shell.curl(&["-u", ":sesame", "-T", "a.py", "HOST/"]).key();
    let burning = shell.curl(&["-F", "file=@a.py", "-F", "file=@b.py", "-F", "stdin=x", "HOST/?burn=1"]).key();
    let private = Server::start(&["--pool-size=0", "--access-token=a-token-nobody-guesses-soon"]).await;
    let browser = Browser::open(1280, 800).await;
    let at = |path: &str| format!("{}/{path}", shell.site);
    let key = kept.key();
    for address in [
        at(&format!("{key}/revisions")),
        at(&format!("{key}/1")),
        at(&format!("{key}/diff?from=1&to=2")),
        at(&format!("{key}/embed?theme=light")),
        at(&format!("{key}/embed?theme=dark")),
        at(&format!("{locked}/embed")),
        at("mine"),
        at("nothing-here"),
        at(&locked),
        at(&burning),
        format!("{}/login", private.url()),
    ] {
        browser.driver.goto(&address).await.unwrap();
        is_clean_everywhere(&browser, &address).await;
    }
    browser.driver.goto(at(&locked)).await.unwrap();
    browser.find("#password").await.send_keys("wrong" + Key::Enter).await.unwrap();
    browser.until("it is told", "return document.querySelector('.wrong') !== null").await;
    is_clean_everywhere(&browser, "a wrong password").await;
    browser.driver.goto(at(&burning)).await.unwrap();
    browser.find("main button").await.send_keys(Key::Enter).await.unwrap();
    browser.until("it is read", "return document.querySelectorAll('.listing').length === 3").await;
    is_clean_everywhere(&browser, "what was burnt").await;
    browser.driver.goto(at(&burning)).await.unwrap();
    is_clean_everywhere(&browser, "where something was burnt").await;
}

#[tokio::test]
async fn an_owners_pages_are_clean_and_need_no_mouse() {
    let page = SnippetPage::open(Server::shared().await.url()).await;
    let (browser, url) = (&page.browser, Server::shared().await.url());
    browser.find("#save").await.click().await.unwrap();
    page.says("Saved").await;
    let key = page.key().await;
    browser.script("for (const one of document.querySelectorAll('details')) one.open = true").await;
    is_clean(browser, "everything open").await;
    browser.be_a_phone().await;
    is_clean(browser, "everything open, on a phone").await;
    browser.order("Emulation.clearDeviceMetricsOverride", json!({})).await;
    let press = async |path: &str, form: &str, then: &str| {
        browser.driver.goto(format!("{url}/{path}")).await.unwrap();
        browser.find(&format!("form[action$='{form}'] button")).await.send_keys(Key::Enter).await.unwrap();
        browser.until(then, &format!("return document.body.innerText.includes('{then}')")).await;
        is_clean_everywhere(browser, then).await;
    };
    browser.driver.goto(format!("{url}/{key}/revisions")).await.unwrap();
    is_clean_everywhere(browser, "an owner's revisions").await;
    browser.driver.goto(format!("{url}/mine")).await.unwrap();
    is_clean_everywhere(browser, "an owner's list").await;
    press("mine", "/mine/move", "Open this on the other device").await;
    let link = browser.script("return document.getElementById('link').value").await;
    let other = Browser::open(1280, 800).await;
    other.driver.goto(link.as_str().unwrap()).await.unwrap();
    is_clean_everywhere(&other, "a link from another device").await;
    press(&format!("{key}/revisions"), "/delete", "For 60 seconds").await;
}

#[tokio::test]
async fn a_dead_link_and_what_is_told_above_the_code_are_clean() {
    let url = Server::shared().await.url();
    let owner = Visitor::new(url).await;
    let page = SnippetPage::open(&format!("{url}/aaaaaaaaaaab")).await;
    is_clean_in_both(&page.browser, "a dead link").await;
    let key = fresh_key(url).await;
    assert_eq!(post(&owner, &format!("/{key}/save"), "language=bash&content=echo+1").await.status(), 303);
    page.go(&format!("{url}/{key}")).await;
    page.paste("echo typed").await;
    assert_eq!(post(&owner, &format!("/{key}/save"), "language=bash&content=echo+2").await.status(), 303);
    let told = "return document.getElementById('banner').textContent.includes('while you were editing')";
    page.browser.until("it is told of the newer revision", told).await;
    is_clean_in_both(&page.browser, "a newer revision").await;
    assert_eq!(post(&owner, &format!("/{key}/password"), "password=sesame").await.status(), 303);
    page.says("This snippet has a password now.").await;
    is_clean_in_both(&page.browser, "a new password").await;
}

/// The same of a page that keeps the keys to itself.
async fn is_clean_in_both(browser: &Browser, name: &str) {
    is_clean(browser, name).await;
    dark(browser).await;
    browser.be_a_phone().await;
    is_clean(browser, &format!("{name}, dark, on a phone")).await;
    let wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.script(wider).await, json!(0), "{name}");
    browser.order("Emulation.clearDeviceMetricsOverride", json!({})).await;
    browser.order("Emulation.setEmulatedMedia", json!({"features": []})).await;
}
