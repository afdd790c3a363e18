//! Keeping snippets with curl and nothing beside it: every line as the usage text has it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::server::Server;
use crate::socket::quiet_client;

/// What curl printed.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Heads and trailers, as they came.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// A header's or trailer's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = |line: &&str| line.split_once(':').is_some_and(|(own, _)| own.eq_ignore_ascii_case(name));
        self.head.lines().find(found).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }

    /// The key in the answer's address.
    pub fn key(&self) -> String {
        self.body.trim().rsplit('/').next().unwrap().to_owned()
    }

    /// The edit token, as a header that shows it.
    pub fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.header("x-edit-token").unwrap())
    }
}

/// A working directory for curl, with some files.
pub struct Shell {
    pub directory: TempDir,
    pub site: String,
}

impl Shell {
    /// A directory beside the server that all tests share.
    pub async fn new(files: &[(&str, &str)]) -> Self {
        Self::at(Server::shared().await.url(), files)
    }

    /// A directory beside this server.
    pub fn at(site: &str, files: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().unwrap();
        for (name, text) in files {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        Self { directory, site: site.to_owned() }
    }

    /// Runs curl; in its words HOST stands for the server.
    pub fn curl(&self, words: &[&str]) -> Answer {
        self.curl_with(words, b"")
    }

    /// Runs curl with something on its standard input.
    pub fn curl_with(&self, words: &[&str], input: &[u8]) -> Answer {
        let mut command = curl_command(self.directory.path(), &self.site, words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let head = std::fs::read_to_string(self.directory.path().join("head")).unwrap_or_default();
        assert!(output.status.success(), "curl {words:?} ended with {}: {head}", output.status);
        let mut status_lines = head.lines().filter(|line| line.starts_with("HTTP/"));
        let status = status_lines.next_back().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: String::from_utf8(output.stdout).unwrap() }
    }
}

/// curl, silent, with the heads in a file of this directory.
pub fn curl_command(directory: &Path, site: &str, words: &[&str]) -> Command {
    let mut command = Command::new("curl");
    command.current_dir(directory).args(["-s", "-D", "head", "--max-time", "60"]);
    command.args(words.iter().map(|word| word.replace("HOST", site)));
    command
}

#[tokio::test]
async fn a_file_is_kept_and_its_address_is_the_answer() {
    let shell = Shell::new(&[("hello.py", "print('hello')\n")]).await;
    let kept = shell.curl(&["--data-binary", "@hello.py", "HOST/"]);
    assert_eq!(kept.status, 201);
    assert_eq!(kept.body, format!("{}/{}\n", shell.site, kept.key()));
    assert_eq!(kept.header("location"), Some(kept.body.trim()));
    assert_eq!(kept.header("x-edit-token").unwrap().len(), 64);
    assert_eq!(shell.curl(&[kept.body.trim()]).body, "print('hello')\n");
    let page = quiet_client().get(kept.body.trim()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<!doctype html>") && page.contains("main.py"), "{page}");
}

#[tokio::test]
async fn several_files_are_kept_as_one_snippet() {
    let shell = Shell::new(&[("hello.py", "import lib\nprint(lib.x)\n"), ("lib.py", "x = 1\n")]).await;
    let kept = shell.curl(&["-F", "file=@hello.py", "-F", "file=@lib.py", "-F", "title=Two files", "HOST/"]);
    assert_eq!(kept.status, 201);
    assert_eq!(shell.curl(&[kept.body.trim()]).body, "import lib\nprint(lib.x)\n");
    let page = quiet_client().get(kept.body.trim()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("lib.py") && page.contains("Two files") && page.contains("Python"), "{page}");
}

#[tokio::test]
async fn an_upload_keeps_the_files_name_which_tells_the_language() {
    let shell = Shell::new(&[("greet.rb", "print 'x'\n")]).await;
    let kept = shell.curl(&["-T", "greet.rb", "HOST/"]);
    assert_eq!(kept.status, 201);
    let page = quiet_client().get(kept.body.trim()).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("greet.rb") && page.contains("Ruby · CodeCube"), "{page}");
}

#[tokio::test]
async fn the_language_is_the_one_named_else_guessed_else_asked_for() {
    let shell =
        Shell::new(&[("a", "#!/usr/bin/env lua\nprint(1)\n"), ("b", "puts 'x'\n"), ("c", "Dear all, hello\n")]).await;
    let write = |name: &str, text: &str| std::fs::write(shell.directory.path().join(name), text).unwrap();
    write("d", "type Id = string\nconst id: Id = 'x'\nconsole.log(id)\n");
    write("e", "const id = { type: 'string' }\nconsole.log(id)\n");
    for (words, language) in [
        (["--data-binary", "@a", "HOST/"], "Lua"),
        (["--data-binary", "@b", "HOST/"], "Ruby"),
        (["--data-binary", "@d", "HOST/"], "TypeScript"),
        (["--data-binary", "@e", "HOST/"], "JavaScript"),
        (["--data-binary", "@b", "HOST/?language=py"], "Python"),
        (["--data-binary", "@c", "HOST/?name=c.go"], "Go"),
    ] {
        let kept = shell.curl(&words);
        let page = quiet_client().get(kept.body.trim()).send().await.unwrap().text().await.unwrap();
        assert!(page.contains(&format!("{language} · CodeCube")), "{words:?}");
    }
    let asked = shell.curl(&["--data-binary", "@c", "HOST/"]);
    assert_eq!(asked.status, 422);
    assert!(asked.body.contains("?language="), "{}", asked.body);
}

#[tokio::test]
async fn the_edit_token_replaces_and_deletes_and_nothing_else_does() {
    let shell = Shell::new(&[("hello.py", "print(1)\n"), ("new.py", "print(2)\n")]).await;
    let kept = shell.curl(&["--data-binary", "@hello.py", "HOST/"]);
    let (url, bearer) = (kept.body.trim(), kept.bearer());
    let replaced = shell.curl(&["-X", "PUT", "--data-binary", "@new.py", "-H", &bearer, url]);
    assert_eq!((replaced.status, replaced.body.trim()), (200, url));
    assert_eq!(replaced.header("x-edit-token"), None);
    assert_eq!(shell.curl(&[url]).body, "print(2)\n");

    let stranger = format!("Authorization: Bearer {}", "ab".repeat(32));
    assert_eq!(shell.curl(&["-X", "PUT", "--data-binary", "@hello.py", url]).status, 401);
    assert_eq!(shell.curl(&["-X", "PUT", "--data-binary", "@hello.py", "-H", &stranger, url]).status, 403);
    assert_eq!(shell.curl(&["-X", "DELETE", url]).status, 401);
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &stranger, url]).status, 403);
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", "Authorization: Bearer x", url]).status, 401);
    assert_eq!(shell.curl(&[url]).body, "print(2)\n");

    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &bearer, url]).status, 200);
    assert_eq!(shell.curl(&[url]).status, 404);
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &bearer, url]).status, 404);
    assert_eq!(shell.curl(&["-X", "POST", "-H", &stranger, &format!("{url}/undelete")]).status, 404);
    let back = shell.curl(&["-X", "POST", "-H", &bearer, &format!("{url}/undelete")]);
    assert_eq!((back.status, back.body.trim()), (200, url));
    assert_eq!(shell.curl(&[url]).body, "print(2)\n");
}

#[tokio::test]
async fn one_token_may_own_several_snippets_and_is_not_shown_again() {
    let shell = Shell::new(&[("hello.py", "print(1)\n")]).await;
    let first = shell.curl(&["-T", "hello.py", "HOST/"]);
    let second = shell.curl(&["--data-binary", "@hello.py", "-H", &first.bearer(), "HOST/"]);
    assert_eq!((second.status, second.header("x-edit-token")), (201, None));
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &first.bearer(), second.body.trim()]).status, 200);
}

#[tokio::test]
async fn a_program_may_ask_for_json() {
    let shell = Shell::new(&[("hello.py", "print(1)\n")]).await;
    let kept = shell.curl(&["-H", "Accept: application/json", "-T", "hello.py", "HOST/"]);
    let told: Value = serde_json::from_str(&kept.body).unwrap();
    assert_eq!(told["url"], kept.header("location").unwrap());
    assert_eq!(told["edit_token"], kept.header("x-edit-token").unwrap());
    assert_eq!(told["revision"], 1);
}

#[tokio::test]
async fn the_usage_text_fits_one_screen_and_a_browser_gets_a_page() {
    let shell = Shell::new(&[]).await;
    let usage = shell.curl(&["HOST/"]);
    assert_eq!(usage.status, 200);
    assert!(usage.body.contains("--data-binary") && usage.body.contains("python"), "{}", usage.body);
    assert!(usage.body.lines().count() <= 24 && usage.body.ends_with('\n'), "{}", usage.body);
    let page = quiet_client().get(&shell.site).send().await.unwrap();
    assert!(page.status().is_redirection());
}

#[tokio::test]
async fn a_picture_is_kept_byte_by_byte_and_a_program_reads_it() {
    let code = "data = open('image.png', 'rb').read()\nprint(len(data), sum(data))\n";
    let shell = Shell::new(&[("main.py", code)]).await;
    let picture: Vec<u8> = b"\x89PNG\r\n\x1a\n".iter().copied().chain(0..=255).collect();
    std::fs::write(shell.directory.path().join("image.png"), &picture).unwrap();
    for words in [vec!["-F", "file=@image.png", "HOST/"], vec!["-T", "image.png", "HOST/"]] {
        let key = shell.curl(&words).key();
        let raw = quiet_client().get(format!("{}/{key}/raw/image.png", shell.site)).send().await.unwrap();
        assert_eq!(raw.headers()["content-type"], "application/octet-stream");
        assert!(raw.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
        assert_eq!(raw.bytes().await.unwrap(), picture);
        let page = quiet_client().get(format!("{}/{key}/1", shell.site)).send().await.unwrap();
        assert!(page.text().await.unwrap().contains("(binary, 264 bytes)"));
    }
    let sum: u64 = picture.iter().map(|&byte| u64::from(byte)).sum();
    let ran = shell.curl(&["-F", "file=@main.py", "-F", "file=@image.png", "HOST/run/python"]);
    assert_eq!(ran.body, format!("264 {sum}\n"));
}
