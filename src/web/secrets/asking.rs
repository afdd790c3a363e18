//! Pages that ask before they show: for a password, for the word to burn, for a log-in. They stand in an error's place
//! wherever a browser meets one, so that no page needs to know of them.

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;

use crate::snippets::key::SnippetKey;
use crate::snippets::store::SnippetError;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::links::{self, own_path};
use crate::web::note::Note;
use crate::web::refusal::Refusal;
use crate::web::state::State;

#[derive(Template)]
#[template(path = "unlock.html")]
struct UnlockPage<'a> {
    page: Page,
    key: &'a str,
    to: &'a str,
    was_wrong: bool,
}

#[derive(Template)]
#[template(path = "burn.html")]
struct BurnPage<'a> {
    page: Page,
    key: &'a str,
    /// Where it is, to be sent.
    address: String,
    /// It was created a moment ago, by whoever sees this.
    is_fresh: bool,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    page: Page,
    to: &'a str,
    was_wrong: bool,
}

/// The page in the place of this error, if there is one.
pub(in crate::web) fn page(error: &WebError, request: &HttpRequest) -> Option<Result<String, askama::Error>> {
    let page = || Page::of(request);
    let to = || way_back(request);
    let unlock =
        |key: &SnippetKey, was_wrong| UnlockPage { page: page(), key: key.as_str(), to: &to(), was_wrong }.render();
    match error {
        WebError::Snippet(SnippetError::Locked(key)) => Some(unlock(key, false)),
        WebError::Snippet(SnippetError::WrongPassword(key)) => Some(unlock(key, true)),
        WebError::Snippet(SnippetError::Burns(key)) => {
            let is_fresh = Note::of(request) == Some(Note::Kept);
            let state = request.app_data::<Data<State>>();
            let address = state.map(|state| links::of_snippet(request, state, key)).unwrap_or_default();
            Some(BurnPage { page: page(), key: key.as_str(), address, is_fresh }.render())
        }
        WebError::Refused(Refusal::LoginNeeded) => {
            Some(LoginPage { page: page(), to: &to(), was_wrong: false }.render())
        }
        WebError::Refused(Refusal::WrongAccessToken) => {
            Some(LoginPage { page: page(), to: &to(), was_wrong: true }.render())
        }
        _ => None,
    }
}

/// Where the visitor wanted to go: this address, or what the form that failed had said.
fn way_back(request: &HttpRequest) -> String {
    let uri = request.uri();
    if request.method().is_safe() && uri.path() != "/login" {
        return own_path(uri.path_and_query().map_or("/", |path| path.as_str())).to_owned();
    }
    request.match_info().get("key").and_then(SnippetKey::parse).map_or_else(|| "/".to_owned(), |key| format!("/{key}"))
}
