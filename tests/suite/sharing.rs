//! A snippet in other sites: the embed, oEmbed, the picture, and what previews read from the page.

use std::io::{Read, Write};
use std::net::TcpListener;

use reqwest::Response;
use serde_json::Value;
use thirtyfour::By;

use crate::browser::Browser;
use crate::curl::Shell;
use crate::reading::page;
use crate::server::Server;
use crate::socket::quiet_client;

const CODE: &str = "# one\nprint('two <b>')\nthree = 3\nfour = 4\n";

/// A kept snippet's key.
async fn kept(code: &str) -> String {
    let shell = Shell::new(&[("a.py", code)]).await;
    shell.curl(&["--data-binary", "@a.py", "HOST/?language=python&title=A%20%3Cb%3E%22title%22"]).key()
}

async fn ask(path: &str) -> Response {
    let url = format!("{}/{path}", Server::shared().await.url());
    quiet_client().get(url).header("accept", "text/html,image/*").send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn only_the_embed_may_stand_in_a_frame() {
    let key = kept(CODE).await;
    for (path, status) in [(format!("{key}/embed"), 200), ("23456789ABCD/embed".to_owned(), 404)] {
        let answer = ask(&path).await;
        assert_eq!(answer.status(), status);
        assert_eq!((header(&answer, "x-frame-options"), header(&answer, "set-cookie")), ("", ""));
        assert!(header(&answer, "content-security-policy").contains("script-src 'self'"), "{answer:?}");
        assert!(header(&answer, "content-security-policy").ends_with("frame-ancestors *"), "{answer:?}");
    }
    for path in [key.clone(), format!("{key}/1"), format!("{key}/revisions"), "oembed".to_owned(), format!("{key}/raw")]
    {
        let answer = ask(&path).await;
        assert_eq!(header(&answer, "x-frame-options"), "DENY", "{path}");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(!header(&answer, "content-security-policy").contains("frame-ancestors *"), "{path}");
    }
}

#[tokio::test]
async fn an_embed_shows_the_lines_and_the_theme_that_its_address_names() {
    let key = kept(CODE).await;
    let html = page(&format!("{key}/embed?lines=2-3&theme=dark")).await;
    let code = html.split("<pre id=\"code\">").nth(1).unwrap().split("</pre>").next().unwrap();
    assert!(code.contains("two &lt;b>") && code.contains("three") && !code.contains("one"), "{code}");
    assert!(!code.contains("four") && code.contains("<span class=m>3</span>"), "{code}");
    assert!(html.contains("aria-hidden=\"true\">\n2\n3\n</pre>") && html.contains("data-theme=\"dark\""), "{html}");
    assert!(html.contains("A &#60;b&#62;&#34;title&#34;") && !html.contains("<b>"), "{html}");
    assert!(html.trim_end().ends_with("</html>") && !html.contains("embed-output"), "{html}");
    let hostile = page(&format!("{key}/embed?lines=%22%3E%3Cb%3E&theme=%22%3E%3Cb%3E&x=%22%3E%3Cb%3E")).await;
    assert!(hostile.contains("four") && !hostile.contains("<b>"), "{hostile}");
    assert_eq!(ask(&format!("{key}/embed?file=none")).await.status(), 404);
}

/// Another site with one page; gives its address. It answers as long as the test runs.
fn foreign_page(html: &str) -> String {
    let listener = TcpListener::bind("localhost:0").unwrap();
    let address = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let length = html.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\r\n{html}");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[tokio::test]
async fn a_frame_in_another_sites_page_runs_the_snippet() {
    let key = kept("import time\nprint('first', flush=True)\nprint(6 * 7)\n").await;
    let url = Server::shared().await.url();
    let browser = Browser::open(900, 700).await;
    let frame = |path: &str| foreign_page(&format!("<iframe src='{url}/{path}' width=800 height=600></iframe>"));
    browser.driver.goto(frame(&format!("{key}/embed"))).await.unwrap();
    browser.driver.enter_frame(0).await.unwrap();
    browser.find(".run").await.click().await.unwrap();
    browser.until("the run ends", "return document.querySelector('[data-tone=good]') !== null").await;
    let output = browser.find(".embed-output").await.text().await.unwrap();
    assert_eq!(output, "first\n42");
    browser.driver.goto(frame(&key)).await.unwrap();
    browser.driver.enter_frame(0).await.unwrap();
    assert!(browser.driver.find(By::Css("#program")).await.is_err(), "the page itself stands in a frame");
    let again = page(&key).await;
    assert!(!again.contains("first\n42"), "a stranger's run in a frame is shown as the snippet's own");
}

/// Nobody can type into a frame of another site: what asks for input finds its end, and its reader a way to type.
#[tokio::test]
async fn a_program_that_asks_for_input_in_an_embed_ends_and_its_reader_is_led_to_its_page() {
    let run = async |key: &str| {
        let url = Server::shared().await.url();
        let form = quiet_client().post(format!("{url}/{key}/embed")).header("origin", url);
        form.send().await.unwrap().text().await.unwrap()
    };
    let shell = Shell::new(&[("a.py", "print('hello', input('name? '))\n")]).await;
    let key = shell.curl(&["-F", "file=@a.py", "HOST/"]).key();
    let html = run(&key).await;
    assert!(html.contains("name? ") && html.contains("EOFError"), "{html}");
    assert!(
        html.contains(&format!("<a href=\"/{key}\" target=\"_blank\" rel=\"noopener\">Run it on its own page</a>")),
        "{html}"
    );
    let given = shell.curl(&["-F", "file=@a.py", "-F", "stdin=Ada", "HOST/"]).key();
    let html = run(&given).await;
    assert!(html.contains("hello Ada") && !html.contains("Run it on its own page"), "{html}");
}

#[tokio::test]
async fn oembed_gives_a_frame_for_addresses_of_ours_only() {
    let key = kept(CODE).await;
    let site = Server::shared().await.url();
    let found = ask(&format!("oembed?url={site}/{key}&maxwidth=300&maxheight=200")).await;
    assert_eq!(found.status(), 200);
    let answer: Value = found.json().await.unwrap();
    assert_eq!((&answer["type"], &answer["version"]), (&"rich".into(), &"1.0".into()));
    assert_eq!((&answer["width"], &answer["height"]), (&300.into(), &200.into()));
    assert_eq!(answer["thumbnail_url"], format!("{site}/{key}.png"));
    let frame = answer["html"].as_str().unwrap();
    assert!(frame.starts_with(&format!("<iframe src=\"{site}/{key}/embed\"")), "{frame}");
    assert!(frame.contains("title=\"A &#60;b&#62;&#34;title&#34;\""), "{frame}");
    for (query, status) in [
        (String::new(), 400),
        (format!("?url={site}/{key}&format=xml"), 501),
        (format!("?url={site}/23456789ABCD"), 404),
        (format!("?url=http://elsewhere.example/{key}"), 404),
        (format!("?url={site}/{key}&maxwidth=x"), 400),
    ] {
        assert_eq!(ask(&format!("oembed{query}")).await.status(), status, "{query}");
    }
}

#[tokio::test]
async fn a_snippets_picture_is_drawn_once_for_each_revision() {
    let shell = Shell::new(&[("a.py", CODE), ("b.py", "print('other')")]).await;
    let made = shell.curl(&["--data-binary", "@a.py", "HOST/?language=python"]);
    let key = made.key();
    let answer = ask(&format!("{key}.png")).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (200, "image/png"));
    assert_eq!(header(&answer, "cross-origin-resource-policy"), "cross-origin");
    let tag = header(&answer, "etag").to_owned();
    let picture = answer.bytes().await.unwrap();
    assert_eq!(picture[16..24], [0, 0, 4, 176, 0, 0, 2, 118], "1200 × 630");
    let again = quiet_client().get(format!("{}/{key}.png", shell.site)).header("if-none-match", &tag).send();
    assert_eq!(again.await.unwrap().status(), 304);
    shell.curl(&["-X", "PUT", "--data-binary", "@b.py", "-H", &made.bearer(), &format!("HOST/{key}")]);
    let changed = ask(&format!("{key}.png")).await;
    assert_ne!(header(&changed, "etag"), tag);
    assert_ne!(changed.bytes().await.unwrap(), picture);
    assert_eq!(ask("23456789ABCD.png").await.status(), 404);
}

#[tokio::test]
async fn previews_find_title_picture_and_frame_in_the_page() {
    let key = kept(CODE).await;
    let site = Server::shared().await.url();
    let html = page(&key).await;
    for part in [
        "<meta property=\"og:title\" content=\"A &#60;b&#62;&#34;title&#34; · Python\">".to_owned(),
        format!("<meta property=\"og:image\" content=\"{site}/{key}.png\">"),
        "<meta name=\"twitter:card\" content=\"summary_large_image\">".to_owned(),
    ] {
        assert!(html.contains(&part), "{part} is not in {html}");
    }
    let link = html.split("type=\"application/json+oembed\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let found = quiet_client().get(link.replace("&#38;", "&")).send().await.unwrap();
    assert_eq!(found.status(), 200, "{link}");
    let home = ask("").await;
    let fresh = page(header(&home, "location").trim_start_matches('/')).await;
    assert!(!fresh.contains("og:") && !fresh.contains("oembed"), "{fresh}");
}

#[tokio::test]
async fn the_share_panel_has_the_link_in_other_forms_without_a_script() {
    let key = kept(CODE).await;
    let site = Server::shared().await.url();
    let html = page(&key).await;
    let panel = html.split("id=\"share-panel\"").nth(1).unwrap().split("</details>").next().unwrap();
    assert!(panel.contains(&format!("value=\"[A \\&#60;b\\&#62;&#34;title&#34;]({site}/{key})\"")), "{panel}");
    assert!(panel.contains(&format!("value=\"&#60;iframe src=&#34;{site}/{key}/embed&#34;")), "{panel}");
    assert!(!panel.starts_with(" hidden"), "{panel}");
    let code = ask(&format!("{key}/qr.svg")).await;
    assert_eq!((code.status().as_u16(), header(&code, "content-type")), (200, "image/svg+xml"));
}

#[tokio::test]
async fn robots_that_make_previews_are_given_the_page_and_never_burn_anything() {
    let shell = Shell::new(&[("a.py", CODE)]).await;
    let key = kept(CODE).await;
    let burning = shell.curl(&["-F", "file=@a.py", "-F", "burn=1", "HOST/"]).key();
    for robot in ["Slackbot-LinkExpanding 1.0", "Mozilla/5.0 (compatible; Discordbot/2.0)", "facebookexternalhit/1.1"] {
        let seen = shell.curl(&["-A", robot, &format!("HOST/{key}")]);
        assert!(seen.status == 200 && seen.body.contains("<meta property=\"og:title\""), "{robot}: {}", seen.body);
        assert_eq!(seen.header("x-robots-tag"), Some("noindex"));
        let asked = shell.curl(&["-A", robot, &format!("HOST/{burning}")]);
        assert!(asked.body.contains("This can be read once") && !asked.body.contains("three"), "{}", asked.body);
        assert_eq!(shell.curl(&["-A", robot, "-I", &format!("HOST/{burning}")]).status, 409);
    }
    assert_eq!(shell.curl(&[&format!("HOST/{key}")]).body, CODE, "curl gets the text");
    assert_eq!(shell.curl(&["-X", "POST", &format!("HOST/{burning}/burn")]).body, CODE);
    let robots = shell.curl(&["HOST/robots.txt"]).body;
    let (previews, others) = robots.split_once("\n\n").unwrap();
    assert!(previews.contains("User-agent: Slackbot\n") && previews.ends_with("Allow: /"), "{robots}");
    assert_eq!(others, "User-agent: *\nDisallow: /\n");
}
