//! A link in the forms in which people pass it on: Markdown, a frame for their own pages, a code for cameras.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::state::State;
use crate::web::{links, qr};

/// Pixels of a frame whose page does not say how many.
const WIDTH: u32 = 720;
const HEIGHT: u32 = 400;

/// The element that shows a snippet in another page.
#[derive(Template)]
#[template(path = "frame.html")]
pub(super) struct Frame<'a> {
    pub(super) site: &'a str,
    pub(super) key: &'a str,
    pub(super) title: &'a str,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// `GET /{key}/qr.svg`: the link for a camera. Says nothing of whether a snippet is there.
pub(in crate::web) async fn code(
    request: HttpRequest,
    state: Data<State>,
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    qr::answer(&links::of_snippet(&request, &state, &key))
}

/// The element with a size that fits most pages.
pub(in crate::web) fn frame(title: &str, site: &str, key: &str) -> String {
    let frame = Frame { site, key, title: named(title), width: WIDTH, height: HEIGHT };
    frame.render().map(|html| html.trim().to_owned()).unwrap_or_default()
}

/// `[title](link)`
pub(in crate::web) fn markdown(title: &str, site: &str, key: &str) -> String {
    format!("[{}]({site}/{key})", escaped(title))
}

/// The picture, which leads to the snippet.
pub(in crate::web) fn markdown_picture(title: &str, site: &str, key: &str) -> String {
    format!("[![{}]({site}/{key}.png)]({site}/{key})", escaped(title))
}

fn named(title: &str) -> &str {
    if title.is_empty() { "Untitled" } else { title }
}

/// A title must not end the brackets around it, nor be markup itself.
fn escaped(title: &str) -> String {
    let mut escaped = String::new();
    for character in named(title).chars() {
        if matches!(character, '\\' | '[' | ']' | '<' | '>' | '`' | '*' | '_' | '!') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_stays_within_its_brackets() {
        let link = markdown("a](http://evil)<b>", "http://h", "k");
        assert_eq!(link, "[a\\](http://evil)\\<b\\>](http://h/k)");
        assert_eq!(markdown_picture("", "http://h", "k"), "[![Untitled](http://h/k.png)](http://h/k)");
        assert!(frame("\"><script>", "http://h", "k").contains("title=\"&#34;&#62;&#60;script&#62;\""));
    }
}
