//! Line ends without a script: a text field knows one kind of them, and files come back with their own.

use std::path::Path;

use crate::browser::Browser;
use crate::reading::until_shown;
use crate::server::Server;
use crate::socket::quiet_client;

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
