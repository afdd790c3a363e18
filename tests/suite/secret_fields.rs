//! What is typed blind can be looked at: each field for a secret has a button for that, by mouse and by keyboard.

use serde_json::json;
use thirtyfour::Key;

use crate::browser::Browser;
use crate::page::SnippetPage;
use crate::server::Server;

/// Presses the field's button by keyboard; gives the field's type, and whether the button says that it is pressed.
async fn press(browser: &Browser, field: &str) -> serde_json::Value {
    let button = browser.find(&format!("[data-reveal={field}]")).await;
    button.focus().await.unwrap();
    button.send_keys(Key::Space + "").await.unwrap();
    let state = format!(
        "return [document.getElementById('{field}').type,
         document.querySelector('[data-reveal={field}]').getAttribute('aria-pressed')]"
    );
    browser.script(&state).await
}

async fn shows_and_hides(browser: &Browser, field: &str) {
    let selector = format!("#{field}");
    browser.find(&selector).await.send_keys("sesame").await.unwrap();
    assert_eq!(press(browser, field).await, json!(["text", "true"]), "{field}");
    assert_eq!(press(browser, field).await, json!(["password", "false"]), "{field}");
    assert_eq!(press(browser, field).await, json!(["text", "true"]), "{field}");
    assert_eq!(browser.find(&selector).await.prop("value").await.unwrap().as_deref(), Some("sesame"));
}

#[tokio::test]
async fn a_password_can_be_looked_at_wherever_it_is_typed() {
    let url = Server::shared().await.url();
    let page = SnippetPage::open(&format!("{url}/?language=bash")).await;
    let browser = &page.browser;
    browser.find("details.keeping summary").await.click().await.unwrap();
    shows_and_hides(browser, "keep-password").await;
    let sent = "document.getElementById('program').addEventListener('submit', () =>
        sessionStorage.setItem('type', document.getElementById('keep-password').type))";
    browser.script(sent).await;
    browser.find("#keep").await.click().await.unwrap();
    let word = "return document.getElementById('kept-word')?.textContent === 'Password protected'";
    browser.until("it is kept", word).await;
    let stored = browser.script("return sessionStorage.getItem('type')").await;
    assert_eq!(stored, "password", "browsers keep what is sent from an open field");
    let key = page.key().await;
    browser.driver.goto(format!("{url}/{key}/revisions")).await.unwrap();
    shows_and_hides(browser, "password").await;
    browser.driver.delete_all_cookies().await.unwrap();
    browser.driver.goto(format!("{url}/{key}")).await.unwrap();
    shows_and_hides(browser, "password").await;
    let private = Server::start_through(&[], &["--pool-size=0", "--access-token=0123456789abcdef-instance"]);
    browser.driver.goto(format!("{}/login", private.url())).await.unwrap();
    shows_and_hides(browser, "token").await;
}

/// The terminal scrolls by itself: a bar of the browser's own, with an arrow at its end, scrolled nothing.
#[tokio::test]
async fn the_output_has_no_second_scroll_bar() {
    let page = SnippetPage::open(&format!("{}/?language=bash", Server::shared().await.url())).await;
    page.paste("seq 300").await;
    page.press_run().await;
    page.shows("300").await;
    let bars = "return [...document.querySelectorAll('#output .xterm, #output .xterm *')].filter(element =>
        element.offsetWidth > element.clientWidth + 2 && element.clientWidth > 0 && element.offsetWidth > 100)
        .map(element => element.className)";
    assert_eq!(page.browser.script(bars).await, json!([]));
}
