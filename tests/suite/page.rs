//! What a person does on the snippet page, in real Chromium.

use serde_json::Value;

use crate::browser::Browser;

/// A snippet page in a browser.
pub struct SnippetPage {
    pub browser: Browser,
}

impl SnippetPage {
    /// Opens this address in a wide window.
    pub async fn open(address: &str) -> Self {
        let page = Self { browser: Browser::open(1280, 800).await };
        page.go(address).await;
        page
    }

    /// Goes there and waits for the editor and the connection.
    pub async fn go(&self, address: &str) {
        self.browser.driver.goto(address).await.unwrap();
        self.ready().await;
    }

    /// Waits until the script has taken over.
    pub async fn ready(&self) {
        self.browser.until("the editor stands", "return document.querySelector('.cm-content') !== null").await;
        self.browser.until("the terminal stands", "return document.querySelector('.xterm-rows') !== null").await;
    }

    /// Reloads.
    pub async fn reload(&self) {
        self.browser.driver.refresh().await.unwrap();
        self.ready().await;
    }

    /// The path in the address bar, which is the key.
    pub async fn key(&self) -> String {
        let path = self.browser.script("return location.pathname").await;
        path.as_str().unwrap().trim_start_matches('/').to_owned()
    }

    /// Chooses a language by its id.
    pub async fn choose(&self, language: &str) {
        let code = format!(
            "const list = document.getElementById('language'); list.value = '{language}';
             list.dispatchEvent(new Event('change', {{bubbles: true}}))"
        );
        self.browser.script(&code).await;
    }

    /// Replaces what the editor holds by pasting.
    pub async fn paste(&self, code: &str) {
        self.browser.find(".cm-content").await.click().await.unwrap();
        self.browser.control("a").await;
        let text = Value::from(code);
        let paste = format!(
            "const data = new DataTransfer(); data.setData('text/plain', {text});
             document.querySelector('.cm-content').dispatchEvent(
               new ClipboardEvent('paste', {{clipboardData: data, bubbles: true, cancelable: true}}))"
        );
        self.browser.script(&paste).await;
    }

    /// What the editor shows.
    pub async fn code(&self) -> String {
        let lines = "return [...document.querySelectorAll('.cm-line')].map(line => line.textContent).join('\\n')";
        self.browser.script(lines).await.as_str().unwrap().to_owned()
    }

    /// Presses the button that is Run, or Stop.
    pub async fn press_run(&self) {
        self.browser.find("#run").await.click().await.unwrap();
    }

    /// Types into the terminal.
    pub async fn type_into_terminal(&self, keys: &str) {
        self.browser.find("#terminal .xterm-helper-textarea").await.send_keys(keys).await.unwrap();
    }

    /// The terminal's visible lines.
    pub async fn terminal(&self) -> String {
        self.browser.script(&format!("return {TERMINAL_TEXT}")).await.as_str().unwrap().to_owned()
    }

    /// Waits until the terminal shows this.
    pub async fn shows(&self, text: &str) {
        let condition = format!("return ({TERMINAL_TEXT}).includes({})", Value::from(text));
        self.browser.until(&format!("the terminal shows {text:?}"), &condition).await;
    }

    /// Waits until the terminal does not show this any more.
    pub async fn shows_no_longer(&self, text: &str) {
        let condition = format!("return !({TERMINAL_TEXT}).includes({})", Value::from(text));
        self.browser.until(&format!("the terminal shows {text:?} no longer"), &condition).await;
    }

    /// Waits until the status line says this.
    pub async fn says(&self, text: &str) {
        let condition = format!("return document.getElementById('status').textContent.includes({})", Value::from(text));
        self.browser.until(&format!("the status says {text:?}"), &condition).await;
    }
}

/// A script's expression for the terminal's visible text.
const TERMINAL_TEXT: &str = "[...document.querySelectorAll('.xterm-rows > div')].map(row => row.textContent.replace(/\\u00a0/g, ' ').trimEnd()).join('\\n').trimEnd()";
