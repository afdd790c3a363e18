//! What a client sent to be kept or run: files from the body, and words about them from the address or the form.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde::Deserialize;

use crate::languages::Language;
use crate::program::Draft;
use crate::program::file::{FileContent, SourceFile};
use crate::snippets::revision::{Content, clean_title};
use crate::web::api::body::{self, FormField, FormRoom, Room};
use crate::web::arguments;
use crate::web::error::WebError;
use crate::web::excess::Excess;
use crate::web::fresh_page;
use crate::web::refusal::Refusal;
use crate::web::secrets::door::Choices;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// Fields of a form that are no files.
const MAX_WORDS: usize = 8;
/// Room for them.
const WORDS_BYTES: usize = 4096;

/// What may stand behind the address. Nothing else: a mistyped `expires` would keep for ever what was to go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Options {
    /// The language's id or alias.
    pub(super) language: Option<String>,
    /// The main file's name.
    pub(super) name: Option<String>,
    pub(super) title: Option<String>,
    /// The arguments, as on a command line.
    pub(super) args: Option<String>,
    /// How long it is kept.
    pub(super) expires: Option<String>,
    /// Anything but `0`: it can be read once.
    pub(super) burn: Option<String>,
    /// The revision that an edit starts from.
    pub(super) revision: Option<u64>,
    /// Anything but `0`: how the run ended is the last line of the body.
    pub(super) status: Option<String>,
}

/// What was sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) files: Vec<SourceFile>,
    pub(super) options: Options,
    pub(super) stdin: Option<String>,
    /// For the new snippet. Never behind the address, which logs keep.
    password: Option<String>,
}

impl Sent {
    /// Reads the body, as a form or as one file.
    pub(super) async fn read(
        request: &HttpRequest,
        payload: Payload,
        options: Options,
        state: &State,
    ) -> Result<Self, WebError> {
        let limits = state.settings.program_limits;
        if body::is_form(request) {
            let bytes = limits.source_bytes + limits.argument_bytes + limits.stdin_bytes + WORDS_BYTES;
            let room = FormRoom::of_program(limits, (bytes, limits.source_bytes), limits.files + MAX_WORDS);
            let fields = body::read_form(request, payload, room).await?;
            return Self::of_form(fields, options);
        }
        let room = Room { bytes: limits.source_bytes, excess: Excess::Source(limits) };
        let content = FileContent::from_bytes(body::read(request, payload, room).await?.into());
        let path = options.name.clone().unwrap_or_default();
        if content.is_empty() {
            return Err(WebError::EmptyBody);
        }
        Ok(Self { files: vec![SourceFile { path, content }], options, ..Self::default() })
    }

    fn of_form(fields: Vec<FormField>, options: Options) -> Result<Self, WebError> {
        let mut sent = Self { options, ..Self::default() };
        for FormField { name, file_name, bytes } in fields {
            let file = |path| SourceFile { path, content: FileContent::from_bytes(bytes.to_vec()) };
            let text = |what| body::text(bytes.clone(), what);
            match (name.as_str(), file_name) {
                ("stdin", _) => sent.stdin = Some(text("The input (stdin)")?),
                (_, Some(path)) => sent.files.push(file(path)),
                ("language", None) => sent.options.language = Some(text("The language")?),
                ("title", None) => sent.options.title = Some(text("The title")?),
                ("args", None) => sent.options.args = Some(text("The line of arguments")?),
                ("password", None) => sent.password = Some(text("The password")?),
                ("burn", None) => sent.options.burn = Some(text("The field “burn”")?),
                ("expires", None) => sent.options.expires = Some(text("The expiry")?),
                ("file", None) => sent.files.push(file(sent.options.name.take().unwrap_or_default())),
                _ => {
                    return Err(WebError::Malformed(
                        "A form may hold files, and the fields language, title, args, stdin, expires, password and burn.",
                    ));
                }
            }
        }
        if sent.files.is_empty() { Err(WebError::FormWithoutFile) } else { Ok(sent) }
    }

    /// What was sent as a program of its own.
    pub(super) fn content(self, state: &State) -> Result<Content, WebError> {
        let language = self.language(state)?;
        let draft = Draft {
            language,
            files: self.files,
            arguments: self.options.args.as_deref().map(arguments::split).transpose()?.unwrap_or_default(),
            stdin: self.stdin,
        };
        let program = draft.parse(&state.languages, &state.settings.program_limits)?;
        Ok(Content { title: self.options.title.as_deref().map(clean_title).unwrap_or_default(), program })
    }

    /// What was sent, in place of what was there: one nameless file takes the main file's place, others take all.
    pub(super) fn content_over(mut self, base: Content, state: &State) -> Result<Content, WebError> {
        let title = self.options.title.as_deref().map_or(base.title, clean_title);
        let old = base.program;
        if let [only] = self.files.as_mut_slice()
            && only.path.is_empty()
        {
            only.path.clone_from(&old.files[0].path);
            self.files.extend(old.files.into_iter().skip(1));
        }
        let arguments = self.options.args.as_deref().map_or(Ok(old.arguments), arguments::split)?;
        let language = self.options.language.unwrap_or(old.language.0);
        let draft = Draft { language, files: self.files, arguments, stdin: self.stdin.or(old.stdin) };
        let program = draft.parse(&state.languages, &state.settings.program_limits)?;
        Ok(Content { title, program })
    }

    /// How it is to be kept, if it is new; the password may also be the one that the request states.
    pub(super) fn choices<'a>(&'a self, visitor: &'a Visitor) -> Choices<'a> {
        Choices {
            expires: self.options.expires.as_deref(),
            password: self.password.as_deref().or(visitor.password.as_deref()),
            burns: self.options.burn.as_deref().is_some_and(|burn| burn != "0"),
        }
    }

    /// Refuses what says how to keep it, for it is kept already.
    pub(super) fn check_chooses_nothing(&self) -> Result<(), WebError> {
        let chooses = self.options.expires.is_some() || self.options.burn.is_some() || self.password.is_some();
        if chooses { Err(WebError::Refused(Refusal::ChosenBefore)) } else { Ok(()) }
    }

    /// The language that was named, or that the main file tells.
    fn language(&self, state: &State) -> Result<String, WebError> {
        if let Some(named) = &self.options.language {
            return Ok(named.clone());
        }
        let Some(main) = self.files.first() else {
            return Err(WebError::FormWithoutFile);
        };
        let guessed = match main.content.as_text() {
            Some(text) => state.languages.guess(&main.path, text),
            // Nothing that could be run as it is: kept for what it is, beside whatever language the others tell.
            None => self.language_beside(state).or_else(|| fresh_page::first_language(&state.languages)),
        };
        Ok(guessed.ok_or(WebError::LanguageUnclear)?.id.0.clone())
    }

    fn language_beside<'a>(&self, state: &'a State) -> Option<&'a Language> {
        let told = |file: &SourceFile| state.languages.guess(&file.path, file.content.as_text()?);
        self.files.iter().find_map(told)
    }
}
