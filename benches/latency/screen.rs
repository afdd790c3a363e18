//! From a line's printing to the screen: a program notes when it prints each line, the page when each is shown.

use std::time::Duration;

use crate::figures::{median, ms, percentile};
use crate::page::SnippetPage;
use crate::server::Server;

/// Prints fifty lines, ten in a second, each with the time at which it was printed.
const LINES: &str = "import time
for number in range(50):
    print('line', number, 'at', time.time() * 1000)
    time.sleep(0.1)
print('That is all.')
";

/// Notes what each line took until it stood in the page.
const NOTE_LINES: &str = "window.lags = {};
new MutationObserver(() => {
  for (const row of document.querySelectorAll('.xterm-rows > div')) {
    const match = /line (\\d+) at ([\\d.]+)/.exec(row.textContent.replace(/\\u00a0/g, ' '));
    if (match && !(match[1] in window.lags)) window.lags[match[1]] = Date.now() - Number(match[2]);
  }
}).observe(document.querySelector('.xterm-rows'), {childList: true, subtree: true, characterData: true})";

/// Measures in real Chromium and prints.
pub async fn measure() {
    let server = Server::start(&[]).await;
    let page = SnippetPage::open(server.url()).await;
    page.paste(LINES).await;
    page.browser.script(NOTE_LINES).await;
    page.press_run().await;
    page.shows("That is all.").await;
    let seen = page.browser.script("return Object.values(window.lags)").await;
    let lags = seen.as_array().unwrap().iter().map(|lag| lag.as_f64().unwrap().max(0.0));
    let lags: Vec<Duration> = lags.map(|lag| Duration::from_secs_f64(lag / 1000.0)).collect();
    let (middle, most, worst) = (median(&lags), percentile(&lags, 90), percentile(&lags, 100));
    println!("\nFrom a line's printing to Chromium's page, {} lines of 50 seen", lags.len());
    println!("  median {} (p90 {}, worst {}), aim 100 ms each", ms(middle), ms(most), ms(worst));
    println!("  aim    {}", if lags.len() == 50 && worst <= Duration::from_millis(100) { "kept" } else { "MISSED" });
}
