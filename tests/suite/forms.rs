//! The page without JavaScript: what its form does.

use codecube::db::embedded::Embedded;
use reqwest::Response;

use crate::server::{Process, Server};
use crate::socket::{Visitor, fresh_key, quiet_client};

/// Sends the form of the page with this key, as its fields say.
pub async fn submit(visitor: &Visitor, action: &str, fields: &[(&str, &str)]) -> Response {
    let request = quiet_client().post(format!("{}/{action}", visitor.url)).body(encoded(fields));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request =
        request.header("cookie", &visitor.cookie).header("origin", &visitor.url).header("accept", "text/html");
    request.send().await.unwrap()
}

/// Fields as a browser sends them, every byte escaped.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

/// The key in the form's address on a page.
pub fn key_of_form(html: &str) -> &str {
    html.split("action=\"/").nth(1).unwrap().split('/').next().unwrap()
}

#[tokio::test]
async fn a_form_with_an_unknown_language_comes_back_with_its_text() {
    let url = Server::shared().await.url();
    let visitor = Visitor::new(url).await;
    let key = fresh_key(url).await;
    let fields = [("language", "klingon"), ("content", "my own words"), ("args", "--mine"), ("stdin", "typed")];
    let answer = submit(&visitor, &format!("{key}/run"), &fields).await;
    assert_eq!(answer.status(), 422);
    let page = answer.text().await.unwrap();
    for kept in ["my own words", "--mine", "typed", "no language called “klingon”"] {
        assert!(page.contains(kept), "{kept} is not in {page}");
    }
}

/// The name of the first file on the page without a script stays what it was; compilers go by it.
#[tokio::test]
async fn another_language_chosen_without_a_script_gives_the_first_file_its_usual_name() {
    let url = Server::shared().await.url();
    let visitor = Visitor::new(url).await;
    let java = include_str!("../../images/languages/java/hello.java");
    let named =
        |name| [("language", "java"), ("path", "main.py"), ("content", java), ("first", name), ("files", "all")];
    let ran = submit(&visitor, &format!("{}/run", fresh_key(url).await), &named("main.py")).await.text().await.unwrap();
    assert!(ran.contains("Hello, world!"), "{ran}");
    let key = fresh_key(url).await;
    submit(&visitor, &format!("{key}/save"), &named("Own.java")).await;
    let files = quiet_client().get(format!("{url}/{key}/raw/Own.java")).send().await.unwrap();
    assert_eq!(files.text().await.unwrap(), java, "a name that somebody chose stays");
}

#[tokio::test]
async fn a_run_that_finds_no_runner_leaves_no_copy() {
    let directory = tempfile::TempDir::new().unwrap();
    let redis = Embedded::start(directory.path()).await.unwrap();
    let web = Process::start(&["web", "--listen=127.0.0.1:0", &format!("--redis-url={}", redis.url())]);
    let visitor = Visitor::new(web.url.as_deref().unwrap()).await;
    crate::server::until("the page says that nothing can run", || async {
        let home = quiet_client().get(&visitor.url).send().await.unwrap();
        let page = quiet_client().get(format!("{}{}", visitor.url, home.headers()["location"].to_str().unwrap()));
        page.send().await.unwrap().text().await.unwrap().contains("No runner is connected")
    })
    .await;
    let key = fresh_key(&visitor.url).await;
    let fields = [("language", "bash"), ("content", "echo kept")];
    let answer = submit(&visitor, &format!("{key}/run"), &fields).await;
    assert_eq!(answer.status(), 503);
    let page = answer.text().await.unwrap();
    assert!(page.contains("echo kept"), "{page}");
    assert_eq!(key_of_form(&page), key);
    let stored = quiet_client().get(format!("{}/{key}/raw", visitor.url)).send().await.unwrap();
    assert_eq!(stored.status(), 404);
}

#[tokio::test]
async fn a_refused_run_of_somebody_elses_snippet_names_the_copy_and_the_next_try_makes_no_other() {
    let server = Server::start(&["--runs-per-visitor=1", "--pool-size=1"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    page.run("bash", "echo original").await;
    let visitor = Visitor::new(server.url()).await;
    let mut busy = visitor.fresh().await;
    busy.start("bash", "echo up; sleep 50").await;
    busy.event("output").await;
    let fields = [("language", "bash"), ("content", "echo copy")];
    let answer = submit(&visitor, &format!("{}/run", page.key), &fields).await;
    assert_eq!(answer.status(), 429);
    let html = answer.text().await.unwrap();
    let copy = key_of_form(&html);
    assert_ne!(copy, page.key);
    assert!(html.contains(&format!("<a class=\"kept\" href=\"/{copy}\"")), "{html}");
    let again = submit(&visitor, &format!("{copy}/run"), &fields).await.text().await.unwrap();
    assert_eq!(key_of_form(&again), copy);
}

#[tokio::test]
async fn a_form_with_the_greatest_source_and_input_is_taken_though_every_byte_is_escaped() {
    let url = Server::shared().await.url();
    let key = fresh_key(url).await;
    let (source, input) = (format!("wc -c\n{}", "#".repeat(256 * 1024 - 6)), "x".repeat(1024 * 1024));
    let fields = [("language", "bash"), ("content", source.as_str()), ("stdin", input.as_str())];
    let answer = submit(&Visitor::new(url).await, &format!("{key}/run"), &fields).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("1048576"));
}

#[tokio::test]
async fn a_title_is_set_without_a_script_and_read_only_to_others() {
    let url = Server::shared().await.url();
    let (owner, key) = (Visitor::new(url).await, fresh_key(url).await);
    let fields = [("language", "bash"), ("content", "echo 1"), ("title", "Two\nlines & <b>more</b>")];
    assert_eq!(submit(&owner, &format!("{key}/save"), &fields).await.status(), 303);
    let page = |visitor: Visitor| {
        let request = quiet_client().get(format!("{url}/{key}")).header("cookie", visitor.cookie);
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let (own, others) = (page(owner.clone()).await, page(Visitor::new(url).await).await);
    let field = |html: &str| html.split("id=\"title\"").nth(1).unwrap().split('>').next().unwrap().to_owned();
    for html in [&own, &others] {
        assert!(html.contains("<title>Two lines &#38; &#60;b&#62;more&#60;/b&#62; · Bash"), "{html}");
    }
    assert!(field(&own).contains("value=\"Two lines") && !field(&own).contains("disabled"), "{}", field(&own));
    assert!(field(&others).contains("disabled"), "{}", field(&others));
}

#[tokio::test]
async fn a_fork_saved_without_a_script_says_where_it_comes_from() {
    let url = Server::shared().await.url();
    let mut original = Visitor::new(url).await.fresh().await;
    original.run("bash", "echo original").await;
    let (visitor, key) = (Visitor::new(url).await, fresh_key(url).await);
    let fresh = quiet_client().get(format!("{url}/{key}?fork={}", original.key)).send().await.unwrap();
    let field = format!("name=\"fork\" value=\"{}/1\"", original.key);
    assert!(fresh.text().await.unwrap().contains(&field));
    let fields = [("language", "bash"), ("content", "echo copy"), ("fork", original.key.as_str())];
    assert_eq!(submit(&visitor, &format!("{key}/save"), &fields).await.status(), 303);
    let saved = quiet_client().get(format!("{url}/{key}")).send().await.unwrap().text().await.unwrap();
    assert!(saved.contains(&format!("Fork of <a href=\"/{}\"", original.key)), "{saved}");
}

#[tokio::test]
async fn a_quote_that_is_never_closed_is_said_and_the_line_stays() {
    let url = Server::shared().await.url();
    let (visitor, key) = (Visitor::new(url).await, fresh_key(url).await);
    let fields = [("language", "bash"), ("content", "echo 1"), ("args", "--name 'two words")];
    let answer = submit(&visitor, &format!("{key}/run"), &fields).await;
    assert_eq!(answer.status(), 422);
    let page = answer.text().await.unwrap();
    assert!(page.contains("never closed") && page.contains("value=\"--name &#39;two words\""), "{page}");
}

/// What was chosen must not be forgotten: the next try would keep the text in clear, for ever.
#[tokio::test]
async fn a_refused_form_remembers_how_it_was_to_be_kept_and_asks_for_the_password_again() {
    let url = Server::shared().await.url();
    let (visitor, key) = (Visitor::new(url).await, fresh_key(url).await);
    let fields = [
        ("language", "bash"),
        ("content", "echo hidden"),
        ("args", "'open"),
        ("expires", "1d"),
        ("password", "sesame"),
        ("burn", "1"),
    ];
    for action in ["save", "run"] {
        let answer = submit(&visitor, &format!("{key}/{action}"), &fields).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        for kept in [
            "keeping\" open",
            "value=\"1d\" selected",
            "required aria-describedby=\"keep-again\"",
            "value=\"1\" autocomplete=\"off\" checked",
            "Type the password again",
        ] {
            assert!(page.contains(kept), "{kept} is not in {page}");
        }
        assert!(!page.contains("sesame"), "{page}");
    }
}

/// It was kept with the password, or to be read once, before it was refused.
#[tokio::test]
async fn a_refused_run_of_a_new_secret_comes_back_with_its_text_and_the_cookie_that_opens_it() {
    let server = Server::start(&["--runs-per-visitor=1", "--pool-size=1"]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut busy = visitor.fresh().await;
    busy.start("bash", "echo up; sleep 50").await;
    busy.event("output").await;
    let fields = |secret: (&'static str, &'static str)| [("language", "bash"), ("content", "echo secret"), secret];
    let key = fresh_key(server.url()).await;
    let locked = submit(&visitor, &format!("{key}/run"), &fields(("password", "sesame"))).await;
    assert_eq!(locked.status(), 429);
    let cookies: Vec<String> =
        locked.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("codecube_lock_")), "{cookies:?}");
    let page = locked.text().await.unwrap();
    assert!(page.contains("echo secret") && key_of_form(&page) == key, "{page}");
    let key = fresh_key(server.url()).await;
    let burning = submit(&visitor, &format!("{key}/run"), &fields(("burn", "1"))).await;
    assert_eq!(burning.status(), 429);
    let page = burning.text().await.unwrap();
    assert!(page.contains("echo secret") && page.contains(&format!("to be read once: /{key}")), "{page}");
    assert_ne!(key_of_form(&page), key, "what burns takes no change");
}

/// Going back in the browser to the form of before the first save: it still asks how to keep the snippet.
#[tokio::test]
async fn a_password_that_is_chosen_after_a_save_in_clear_makes_no_silent_revision() {
    let url = Server::shared().await.url();
    let (visitor, key) = (Visitor::new(url).await, fresh_key(url).await);
    let raw = |key: String| {
        let request = quiet_client().get(format!("{url}/{key}/raw"));
        async move { request.send().await.unwrap() }
    };
    let clear = [("language", "bash"), ("content", "echo clear"), ("expires", "never"), ("password", "")];
    assert_eq!(submit(&visitor, &format!("{key}/save"), &clear).await.status(), 303);
    for choice in [("password", "sesame"), ("burn", "1"), ("expires", "1d")] {
        let fields = [("language", "bash"), ("content", "echo secret"), ("revision", "0"), choice];
        for action in ["save", "run"] {
            let answer = submit(&visitor, &format!("{key}/{action}"), &fields).await;
            assert_eq!(answer.status(), 409, "{choice:?}");
            let page = answer.text().await.unwrap();
            for kept in ["echo secret", "was saved before", "keeping\" open"] {
                assert!(page.contains(kept), "{choice:?}: {kept} is not in {page}");
            }
            let fresh = key_of_form(&page).to_owned();
            assert_ne!(fresh, key, "the next try is a new snippet");
            assert_eq!(submit(&visitor, &format!("{fresh}/save"), &fields).await.status(), 303);
            let status = raw(fresh).await.status();
            assert_eq!(
                status.as_u16(),
                match choice.0 {
                    "password" => 401,
                    "burn" => 409,
                    _ => 200,
                },
                "{choice:?}"
            );
        }
    }
    assert_eq!(raw(key).await.text().await.unwrap(), "echo clear");
}
