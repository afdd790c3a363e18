//! Line ends without a script: a text field knows one kind of them, and files come back with their own.

use std::path::Path;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::reading::until_shown;
use crate::server::Server;
use crate::socket::{Visitor, fresh_key, quiet_client};

/// Chooses this file in the page's form and adds it.
async fn add(browser: &Browser, file: &Path) {
    browser.find(".other-file:last-of-type summary").await.click().await.unwrap();
    browser.find("#upload-files").await.send_keys(file.to_str().unwrap()).await.unwrap();
    browser.find("[formaction$='/files']:not([name=up])").await.click().await.unwrap();
    until_shown(browser, "One file is added").await;
}

/// Saves what will be this revision.
async fn save(browser: &Browser, revision: u32) {
    browser.find("#save").await.click().await.unwrap();
    until_shown(browser, &format!("name=\"revision\" value=\"{revision}\"")).await;
}

#[tokio::test]
async fn without_a_script_a_file_keeps_its_line_ends_and_another_takes_its_place_that_differs_in_nothing_else() {
    let (browser, folder) = (Browser::open_without_scripts(1280, 800).await, tempfile::tempdir().unwrap());
    let (path, url) = (folder.path().join("data.txt"), Server::shared().await.url());
    browser.driver.goto(url).await.unwrap();
    let key = browser.driver.current_url().await.unwrap().path().to_owned();
    let raw = || async {
        let answer = quiet_client().get(format!("{url}{key}/raw/data.txt")).send().await.unwrap();
        answer.text().await.unwrap()
    };
    std::fs::write(&path, "a\r\nb\rc\r\n").unwrap();
    add(&browser, &path).await;
    save(&browser, 1).await;
    assert_eq!(raw().await, "a\r\nb\rc\r\n", "an added file is kept to the byte");
    browser.find("#content").await.send_keys("# changed").await.unwrap();
    save(&browser, 2).await;
    assert_eq!(raw().await, "a\r\nb\rc\r\n", "what nobody changed stays to the byte");
    std::fs::write(&path, "a\nb\nc\n").unwrap();
    add(&browser, &path).await;
    save(&browser, 3).await;
    assert_eq!(raw().await, "a\nb\nc\n", "a repaired file takes the place of the broken one");
    browser.find(".other-file summary").await.click().await.unwrap();
    browser.find("#content-1").await.send_keys("d").await.unwrap();
    save(&browser, 4).await;
    assert_eq!(raw().await, "a\nb\nc\nd", "what is typed is taken");
}

#[tokio::test]
async fn the_editor_starts_with_the_very_text_wherever_on_the_page_it_stands() {
    let texts = ["\n\n</textarea> & <!-- &amp; é\u{2028}\u{feff} \n", "one\r\ntwo\rthree", "", "\u{feff}x"];
    let url = Server::shared().await.url();
    let (owner, page) = (Visitor::new(url).await, Browser::open(1280, 800).await);
    for text in texts {
        let key = fresh_key(url).await;
        let mut tab = owner.open(&key).await;
        let files = json!([{"path": "a.txt", "content": text}, {"path": "b.txt", "content": text}]);
        tab.send(json!({"type": "save", "language": "bash", "files": files})).await;
        tab.next_that(|heard| heard["stored"].is_u64()).await;
        page.driver.goto(format!("{url}/{key}")).await.unwrap();
        page.until("the editor stands", "return document.querySelector('.cm-content') !== null").await;
        let source = page.script("return document.getElementById('snippet-data').textContent").await;
        let data: Value = serde_json::from_str(source.as_str().unwrap()).unwrap();
        assert_eq!(data["files"][0]["content"].is_null(), !text.contains('\r'), "{text:?}");
        let held = page.script("return document.getElementById('content').defaultValue").await;
        assert_eq!(held, text.replace("\r\n", "\n").replace('\r', "\n"), "{text:?}");
        page.find("#save").await.click().await.unwrap();
        page.until("a copy is saved", &format!("return location.pathname !== '/{key}'")).await;
        let copy = page.driver.current_url().await.unwrap();
        for path in ["a.txt", "b.txt"] {
            let raw = quiet_client().get(format!("{copy}/raw/{path}")).send().await.unwrap();
            assert_eq!(raw.bytes().await.unwrap(), text.as_bytes(), "{path} is what it was");
        }
    }
}
