//! Run and Save without a script: the page's form.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Form, Path};
use serde::Deserialize;

use crate::languages::Language;
use crate::program::{Draft, Program, SourceFile};
use crate::runs::request::Control;
use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Content;
use crate::snippets::store::Seen;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::snippet_page::{self, View};
use crate::web::state::State;
use crate::web::submission::{self, Stored, Wanted};
use crate::web::visitor::Visitor;
use crate::web::{arguments, run_result};

/// The form's fields. Its `revision` is not read: each save makes a revision of its own, so none is lost.
#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    language: String,
    content: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    args: String,
}

/// Everything that Run and Save need.
struct Sent {
    state: Data<State>,
    visitor: Visitor,
    key: SnippetKey,
    fields: Fields,
}

/// `POST /{key}/save`
pub(super) async fn save(
    state: Data<State>,
    page: Page,
    visitor: Visitor,
    key: Path<SnippetKey>,
    form: Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let sent = Sent { state, visitor, key: key.into_inner(), fields: form.into_inner() };
    match sent.store().await {
        Ok((stored, _)) => Ok(sent.go_to(&stored.key)),
        Err(error) => sent.answer_with_form(page, error).await,
    }
}

/// `POST /{key}/run`
pub(super) async fn run(
    state: Data<State>,
    page: Page,
    visitor: Visitor,
    key: Path<SnippetKey>,
    form: Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let sent = Sent { state, visitor, key: key.into_inner(), fields: form.into_inner() };
    match sent.run(&page).await {
        Ok(response) => Ok(response),
        Err(error) => sent.answer_with_form(page, error).await,
    }
}

impl Sent {
    async fn store(&self) -> Result<(Stored, Content), WebError> {
        let base = snippet_page::load(&self.state, &self.key).await?;
        let program = self.draft(base.as_ref()).parse(&self.state.languages, &self.state.settings.program_limits)?;
        let title = base.map(|view| view.content.title).unwrap_or_default();
        let content = Content { title, program };
        let (key, visitor) = (&self.key, &self.visitor.hash);
        let wanted = Wanted { key, visitor, content: &content, fork_of: None, seen: Seen::Any };
        let stored = submission::store(&self.state.snippets, wanted).await?;
        Ok((stored, content))
    }

    async fn run(&self, page: &Page) -> Result<HttpResponse, WebError> {
        let state = &self.state;
        let (stored, content) = self.store().await?;
        submission::check_ready(state)?;
        let run = submission::fresh_run();
        let follower = state.feed.follow_log(&state.runs, run.clone(), 0);
        let head = run_result::head(state, page, &stored.key, &content)?;
        let request = submission::request(content, &stored, None);
        submission::submit(&state.runs, &run, &request, self.visitor.hash.as_str()).await?;
        state.runs.control(&run, &Control::Eof).await?;
        Ok(run_result::stream(state, &self.visitor, stored.key, head, follower))
    }

    fn go_to(&self, key: &SnippetKey) -> HttpResponse {
        let mut builder = HttpResponse::SeeOther();
        builder.insert_header((LOCATION, format!("/{key}")));
        self.visitor.cookie(&self.state.settings).map(|cookie| builder.cookie(cookie));
        builder.finish()
    }

    /// The form's one file, with the other files of the snippet it was made from.
    fn draft(&self, base: Option<&View>) -> Draft {
        let fields = &self.fields;
        let main = SourceFile { path: fields.path.clone(), content: line_ends(&fields.content) };
        let others = base.map(|view| view.content.program.files.iter().skip(1)).into_iter().flatten();
        let others: Vec<SourceFile> = others.filter(|file| file.path != main.path).cloned().collect();
        Draft {
            language: fields.language.clone(),
            files: std::iter::once(main).chain(others).collect(),
            arguments: arguments::split(&fields.args),
            stdin: Some(line_ends(&fields.stdin)),
        }
    }

    /// The form again, its text kept, with what is wrong. Where the form itself could not be made, the error.
    async fn answer_with_form(&self, page: Page, error: WebError) -> Result<HttpResponse, WebError> {
        let Some(language) = self.state.languages.find(&self.fields.language) else {
            return Err(error);
        };
        let Ok(base) = snippet_page::load(&self.state, &self.key).await else {
            return Err(error);
        };
        error.log();
        let story = error.story();
        let view = View {
            key: self.key.clone(),
            content: Content {
                title: base.as_ref().map(|view| view.content.title.clone()).unwrap_or_default(),
                program: unchecked(self.draft(base.as_ref()), language),
            },
            forked_from: base.as_ref().and_then(|view| view.forked_from.clone()),
            snippet: base.and_then(|view| view.snippet),
            notice: Some(story.message),
        };
        snippet_page::respond(&self.state, page, &self.visitor, view, story.status).await
    }
}

/// What was sent, to be shown again and for nothing else.
fn unchecked(draft: Draft, language: &Language) -> Program {
    Program { language: language.id.clone(), files: draft.files, arguments: draft.arguments, stdin: draft.stdin }
}

/// Browsers send line ends of a text field as CR LF whatever was typed.
fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n")
}
