//! Run and Save without a script: the page's form.

use actix_web::HttpResponse;
use actix_web::cookie::Cookie;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};

use crate::languages::Language;
use crate::program::file::SourceFile;
use crate::program::{Draft, Program};
use crate::runs::request::Control;
use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::Lock;
use crate::snippets::revision::{Content, clean_title};
use crate::snippets::store::Seen;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::fork_of::ForkOf;
use crate::web::form_fields::{Chosen, Fields};
use crate::web::fresh_page;
use crate::web::network::Network;
use crate::web::note::Note;
use crate::web::posted::Posted;
use crate::web::rates::Kind;
use crate::web::refusal::Refusal;
use crate::web::run_result;
use crate::web::secrets::door;
use crate::web::snippet_page;
use crate::web::state::State;
use crate::web::submission::{self, Stored, Wanted};
use crate::web::view::{self, View};
use crate::web::visitor::Visitor;

/// Everything that Run and Save need.
pub(super) struct Sent {
    pub(super) state: Data<State>,
    pub(super) visitor: Visitor,
    network: Network,
    pub(super) key: SnippetKey,
    pub(super) fields: Fields,
}

/// Who sent it.
type Asked = (Data<State>, Visitor, Network);

/// `POST /{key}/save`
pub(super) async fn save(
    asked: Asked,
    page: Page,
    key: Path<SnippetKey>,
    form: Posted,
) -> Result<HttpResponse, WebError> {
    let sent = Sent::new(asked, key.into_inner(), Fields::read(form.into_pairs())?);
    match sent.save().await {
        Ok((stored, _)) => Ok(sent.go_to(&stored)),
        Err(error) => sent.answer_with_form(page, error, None).await,
    }
}

/// `POST /{key}/run`
pub(super) async fn run(
    asked: Asked,
    page: Page,
    key: Path<SnippetKey>,
    form: Posted,
) -> Result<HttpResponse, WebError> {
    let mut sent = Sent::new(asked, key.into_inner(), Fields::read(form.into_pairs())?);
    let prepared = match sent.prepare().await {
        Ok(prepared) => prepared,
        Err(error) => return sent.answer_with_form(page, error, None).await,
    };
    let kept = prepared.0.clone();
    let error = match sent.run(&page, prepared).await {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    sent.become_opener(&kept);
    let mut response = sent.answer_with_form(page, error, Some(&kept)).await?;
    if let Some(cookie) = sent.lock_cookie(&kept.lock) {
        // Fails only for names and values that no header can hold; ours are plain.
        let _ = response.add_cookie(&cookie);
    }
    Ok(response)
}

impl Sent {
    pub(super) fn new((state, visitor, network): Asked, key: SnippetKey, mut fields: Fields) -> Self {
        fields.name_main_for(&state.languages);
        Self { state, visitor, network, key, fields }
    }

    /// Counted here, not where programs are: a form that comes too often comes back with its text.
    async fn save(&self) -> Result<(Stored, Content), WebError> {
        self.visitor.check_admitted()?;
        self.state.rates.count(Kind::Change, self.network)?;
        self.store().await
    }

    async fn store(&self) -> Result<(Stored, Content), WebError> {
        self.fields.check_sent()?;
        let base = self.base(&self.key).await?;
        let draft = self.fields.draft(files_of(base.as_ref()))?;
        let program = draft.parse(&self.state.languages, &self.state.settings.program_limits)?;
        let content = Content { title: self.title(base.as_ref()), program };
        let (key, visitor, origin) = (&self.key, &self.visitor.hash, self.fork_of());
        let keeping = door::keeping(self.fields.choices()).await?;
        // With the key that a stated password gave, if one did.
        let keyring = base.as_ref().map_or(&self.visitor.keyring, |base| &base.keyring);
        let seen = self.fields.revision.map_or(Seen::Any, Seen::Revision);
        let wanted = Wanted {
            key,
            visitor,
            content: &content,
            fork_of: origin.as_ref(),
            seen,
            keyring,
            keeping: &keeping,
            was_protected: self.fields.was_protected || base.as_ref().is_some_and(|view| view.is_protected),
        };
        let stored = submission::store(&self.state.snippets, wanted).await?;
        Ok((stored, content))
    }

    /// Stores what is to run, unless it could not run anyway: whoever may not save here gets a new snippet, and
    /// tries that are refused should not leave one each.
    async fn prepare(&self) -> Result<(Stored, Content), WebError> {
        self.visitor.check_admitted()?;
        self.state.rates.count(Kind::Run, self.network)?;
        submission::check_ready(&self.state)?;
        self.store().await
    }

    async fn run(&self, page: &Page, (stored, content): (Stored, Content)) -> Result<HttpResponse, WebError> {
        let state = &self.state;
        let run = stored.fresh_run();
        let follower = state.feed.follow_log(&state.runs, run.clone(), 0);
        let head = run_result::head(state, page, &stored.key, &content)?;
        let stored_lock = stored.lock.clone();
        let request = submission::request(content, &stored, None);
        submission::submit(&state.runs, &run, &request, self.visitor.hash.as_str()).await?;
        state.runs.control(&run, &Control::Eof).await?;
        let mut response = run_result::stream(state, run_result::around(head, stored.key), follower);
        for cookie in self.cookies(&stored_lock) {
            // Fails only for names and values that no header can hold; ours are plain.
            let _ = response.add_cookie(&cookie);
        }
        Ok(response)
    }

    fn go_to(&self, stored: &Stored) -> HttpResponse {
        let mut builder = HttpResponse::SeeOther();
        builder.insert_header((LOCATION, format!("/{}", stored.key)));
        let note = self.visitor.note_cookie(Note::Kept, &stored.key);
        for cookie in self.cookies(&stored.lock).into_iter().chain([note]) {
            builder.cookie(cookie);
        }
        builder.finish()
    }

    /// What the visitor's browser needs from now on.
    fn cookies(&self, lock: &Option<(Lock, SealKey)>) -> Vec<Cookie<'static>> {
        self.visitor.cookie().into_iter().chain(self.lock_cookie(lock)).collect()
    }

    fn lock_cookie(&self, lock: &Option<(Lock, SealKey)>) -> Option<Cookie<'static>> {
        lock.as_ref().map(|(lock, key)| self.visitor.lock_cookie(lock, key))
    }

    /// What was stored with a password a moment ago opens for whoever chose it.
    fn become_opener(&mut self, stored: &Stored) {
        if let Some((_, key)) = &stored.lock {
            self.visitor.keyring.add(key.clone());
        }
    }

    /// What the form was made from: the snippet, or the one that the page will be a fork of.
    pub(super) async fn base(&self, key: &SnippetKey) -> Result<Option<View>, WebError> {
        if let Some(saved) = view::load(&self.state, &self.visitor, key).await? {
            return Ok(Some(saved));
        }
        match self.fork_of() {
            Some(origin) => view::fork_of(&self.state, &self.visitor, key.clone(), &origin).await,
            None => Ok(None),
        }
    }

    fn fork_of(&self) -> Option<ForkOf> {
        self.fields.fork.as_deref().and_then(ForkOf::parse)
    }

    fn title(&self, base: Option<&View>) -> String {
        let kept = || base.map(|view| view.content.title.clone()).unwrap_or_default();
        self.fields.title.as_deref().map_or_else(kept, clean_title)
    }

    /// The form again, its text kept, with what is wrong. Where it was stored before that, the form is that
    /// snippet's, so that the next try does not make one more; but one that can be read once takes no change.
    /// Where nothing can be read, of storage or of the snippet, the form is what was sent and nothing else.
    async fn answer_with_form(
        &self,
        page: Page,
        error: WebError,
        kept: Option<&Stored>,
    ) -> Result<HttpResponse, WebError> {
        let burning = kept.filter(|kept| kept.burns);
        let key = match burning {
            Some(_) => SnippetKey::random(),
            None => kept.map_or(&self.key, |kept| &kept.key).clone(),
        };
        let base = self.base(&key).await.unwrap_or_default();
        let Some(language) = self.shown_language(base.as_ref()) else {
            return Err(error);
        };
        error.log();
        let story = error.story();
        let chosen = if kept.is_some() && burning.is_none() { Chosen::default() } else { self.fields.chosen() };
        let notice = notice(&story.message, chosen, burning);
        let view = self.view(key, base, language);
        let view = match &error {
            WebError::Refused(Refusal::KeptAlready | Refusal::GoneMeanwhile) => view::anew(view),
            _ => View { kept: kept.is_some() && burning.is_none(), ..view },
        };
        let view = View { notice: Some(notice), chosen, ..view };
        snippet_page::respond(&self.state, page, &self.visitor, view, Some(&story)).await
    }

    /// What was sent, to be shown again.
    pub(super) fn view(&self, key: SnippetKey, base: Option<View>, language: &Language) -> View {
        let content = Content {
            title: self.title(base.as_ref()),
            program: unchecked(self.fields.shown(files_of(base.as_ref())), language),
        };
        View {
            arguments_line: Some(self.fields.arguments.clone()),
            sent_revision: self.fields.revision,
            is_protected: self.fields.was_protected || base.as_ref().is_some_and(|view| view.is_protected),
            keyring: self.visitor.keyring.clone(),
            run: base.as_ref().and_then(|view| view.run.clone()),
            forked_from: base.as_ref().map_or_else(|| self.fork_of(), |view| view.forked_from.clone()),
            snippet: base.and_then(|view| view.snippet),
            ..view::unsaved(key, content)
        }
    }

    /// The language that was sent; if nobody knows it, the snippet's own or the first one.
    pub(super) fn shown_language(&self, base: Option<&View>) -> Option<&Language> {
        let languages = &self.state.languages;
        let known = languages.find(&self.fields.language);
        let own = || base.and_then(|view| languages.get(&view.content.program.language));
        known.or_else(own).or_else(|| fresh_page::first_language(languages))
    }
}

/// What is wrong, and what a form cannot bring back.
fn notice(message: &str, chosen: Chosen, burning: Option<&Stored>) -> String {
    let kept = burning.map(|kept| format!(" It was kept, to be read once: /{}", kept.key));
    let password = if chosen.has_password { " Type the password again." } else { "" };
    format!("{message}{}{password}", kept.unwrap_or_default())
}

pub(super) fn files_of(base: Option<&View>) -> &[SourceFile] {
    base.map_or(&[], |view| &view.content.program.files)
}

/// What was sent, to be shown again and for nothing else.
fn unchecked(draft: Draft, language: &Language) -> Program {
    Program { language: language.id.clone(), files: draft.files, arguments: draft.arguments, stdin: draft.stdin }
}
