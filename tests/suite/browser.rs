//! Real Chromium, driven through its own driver; one driver process for all tests.

use std::io::{Read, Write};
use std::mem::ManuallyDrop;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities;
use thirtyfour::{By, DesiredCapabilities, Key, WebDriver, WebElement};

use crate::server::PATIENCE;

/// Chromium's switches: what a machine without a display and without the outside world needs.
const SWITCHES: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// One browser with a profile of its own: one visitor.
pub struct Browser {
    pub driver: ManuallyDrop<WebDriver>,
    session: String,
    port: u16,
    process: Child,
    _profile: TempDir,
}

impl Drop for Browser {
    /// Ends the browser, then its driver. By hand, because the crate's own way needs a runtime that may be
    /// ending as well.
    fn drop(&mut self) {
        let (session, port) = (&self.session, self.port);
        // The driver refuses a host that it does not know.
        let order = format!("DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port))
            && driver.write_all(order.as_bytes()).is_ok()
        {
            let _ = driver.read(&mut [0; 64]);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Browser {
    /// A window of this size.
    pub async fn open(width: u32, height: u32) -> Self {
        Self::start(width, height, json!({})).await
    }

    /// The same of somebody who allows no script.
    pub async fn open_without_scripts(width: u32, height: u32) -> Self {
        Self::start(width, height, json!({"profile.managed_default_content_settings.javascript": 2})).await
    }

    async fn start(width: u32, height: u32, preferences: Value) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("chromedriver is installed by script/bootstrap --tests");
        let profile = TempDir::new().unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        for switch in SWITCHES {
            wanted.add_arg(switch).unwrap();
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        wanted.add_arg(&format!("--window-size={width},{height}")).unwrap();
        wanted.add_experimental_option("prefs", preferences).unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let start = Instant::now();
        let driver = loop {
            match WebDriver::new(&address, wanted.clone()).await {
                Ok(driver) => break driver,
                Err(error) => assert!(start.elapsed() < PATIENCE, "chromium does not start: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let session = driver.session_id().to_string();
        Self { driver: ManuallyDrop::new(driver), session, port, process, _profile: profile }
    }

    /// Runs a script in the page and gives its value back.
    pub async fn script(&self, code: &str) -> Value {
        self.driver.execute(code, Vec::new()).await.unwrap().json().clone()
    }

    /// Shows the page as a phone of 360 px does.
    pub async fn be_a_phone(&self) {
        self.be_as_wide_as(360).await;
    }

    /// Shows the page as a small screen does; a window of Chromium cannot be narrower than 500.
    pub async fn be_as_wide_as(&self, width: u32) {
        let screen = json!({"width": width, "height": 740, "deviceScaleFactor": 2, "mobile": true});
        self.order("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// An order to Chromium itself, in the words of its own protocol.
    pub async fn order(&self, command: &str, parameters: Value) {
        let order = json!({"cmd": command, "params": parameters});
        let address = format!("http://127.0.0.1:{}/session/{}/goog/cdp/execute", self.port, self.session);
        let answer = reqwest::Client::new().post(address).body(order.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// The element for this selector.
    pub async fn find(&self, selector: &str) -> WebElement {
        self.driver.find(By::Css(selector)).await.unwrap()
    }

    /// Waits until a script's value is `true`.
    pub async fn until(&self, what: &str, code: &str) {
        let start = Instant::now();
        while self.script(code).await != Value::Bool(true) {
            if start.elapsed() > PATIENCE {
                let text = self.script("return document.body.innerText").await;
                unreachable!("waited {PATIENCE:?} for: {what}\n{code}\nthe page says: {text}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses a key together with Ctrl.
    pub async fn control(&self, key: &str) {
        self.driver.active_element().await.unwrap().send_keys(Key::Control + key).await.unwrap();
    }
}
