//! What a viewer's client asks for: run, save, and what it says to runs.

use crate::program::Draft;
use crate::runs::request::{Control, RunId, Terminal};
use crate::runs::store::Controlled;
use crate::snippets::revision::{Content, clean_title};
use crate::snippets::store::{Keeping, Seen, SnippetError};
use crate::web::error::WebError;
use crate::web::messages::ClientMessage;
use crate::web::rates::Kind;
use crate::web::refusal::Refusal;
use crate::web::submission::{self, Stored, Wanted};
use crate::web::viewer::{Failure, Gone, Viewer};

/// Runs remembered as this client's to speak to.
const MAX_PERMITTED: usize = 32;
/// A terminal's greatest width and height.
const MAX_TERMINAL: u16 = 1000;

/// What the client has in its editor.
struct Edited {
    draft: Draft,
    title: Option<String>,
    /// Where it started from.
    revision: Option<u64>,
}

impl Viewer {
    /// Does what one message asks for, or says why not.
    pub(super) async fn obey(&mut self, text: &str) -> Result<(), Gone> {
        if !self.is_admitted {
            return self.tell_error(&WebError::Refused(Refusal::LoginNeeded), None).await;
        }
        let Ok(message) = serde_json::from_str::<ClientMessage>(text) else {
            return self
                .tell_error(
                    &WebError::Malformed(
                        "This is not a message that is known here, or a file in it is not base64 though it says so.",
                    ),
                    None,
                )
                .await;
        };
        let (done, run) = match message {
            ClientMessage::Run { draft, title, revision, tty } => {
                (self.run_in_turn(Edited { draft, title, revision }, tty).await, None)
            }
            ClientMessage::Save { draft, title, revision } => {
                (self.save_in_turn(Edited { draft, title, revision }).await, None)
            }
            ClientMessage::Input { run, data } => (self.control(&run, Control::Input { data }).await, Some(run)),
            ClientMessage::Eof { run } => (self.control(&run, Control::Eof).await, Some(run)),
            ClientMessage::Resize { run, terminal } => {
                (self.control(&run, Control::Resize(clamped(terminal))).await, Some(run))
            }
            ClientMessage::Stop { run } => (self.control(&run, Control::Stop).await, Some(run)),
        };
        match done {
            Ok(()) => Ok(()),
            Err(Failure::Gone) => Err(Gone),
            Err(Failure::Refused(error)) => self.tell_error(&error, run.as_deref()).await,
        }
    }

    async fn run_in_turn(&mut self, edited: Edited, tty: Option<Terminal>) -> Result<(), Failure> {
        self.state.rates.count(Kind::Run, self.network)?;
        self.run(edited, tty).await
    }

    async fn save_in_turn(&mut self, edited: Edited) -> Result<(), Failure> {
        self.state.rates.count(Kind::Change, self.network)?;
        self.save(edited).await.map(drop)
    }

    async fn run(&mut self, edited: Edited, tty: Option<Terminal>) -> Result<(), Failure> {
        let (stored, content) = self.save(edited).await?;
        submission::check_ready(&self.state)?;
        let run = stored.fresh_run();
        // Before it is submitted, so that its first event comes by the shortest way.
        self.follow(run.clone());
        let request = submission::request(content, &stored, tty.map(clamped));
        if let Err(error) = submission::submit(&self.state.runs, &run, &request, self.visitor.as_str()).await {
            self.followed.forget(&run);
            return Err(error.into());
        }
        self.permit(run);
        Ok(())
    }

    async fn save(&mut self, edited: Edited) -> Result<(Stored, Content), Failure> {
        let settings = &self.state.settings;
        let program = edited.draft.parse(&self.state.languages, &settings.program_limits).map_err(WebError::from)?;
        let title = match edited.title {
            Some(title) => clean_title(&title),
            None => self.snippet.as_ref().map(|snippet| snippet.title.clone()).unwrap_or_default(),
        };
        let content = Content { title, program };
        let snippets = &self.state.snippets;
        let (key, visitor, fork_of) = (&self.key, &self.visitor, self.fork_of.as_ref());
        let seen = edited.revision.map_or(Seen::Any, Seen::Revision);
        let wanted = Wanted {
            key,
            visitor,
            content: &content,
            fork_of,
            seen,
            keyring: &self.keyring,
            keeping: &Keeping::default(),
            was_protected: self.was_protected,
        };
        let stored = match submission::store(snippets, wanted).await {
            Err(error @ WebError::Snippet(SnippetError::Stale(_))) => {
                // The client learns first what the newest revision is, and can then choose to go on from there.
                self.reload().await?;
                return Err(error.into());
            }
            Err(error @ WebError::Refused(Refusal::GoneMeanwhile)) => {
                // Before it is told why, so that the next try is one of a fresh page.
                self.start_anew().await?;
                return Err(error.into());
            }
            stored => stored?,
        };
        if stored.key != self.key {
            self.move_to(stored.key.clone()).await?;
        }
        self.look().await?;
        self.tell_stored(stored.revision).await?;
        Ok((stored, content))
    }

    async fn control(&mut self, run: &str, control: Control) -> Result<(), Failure> {
        let run = RunId::parse(run).ok_or(WebError::NoSuchRun)?;
        self.check_permitted(&run).await?;
        let typed = matches!(control, Control::Input { .. });
        match self.state.runs.control(&run, &control).await? {
            Controlled::TooMuch => Err(WebError::TooMuchInput.into()),
            Controlled::Ended if typed => Err(WebError::RunEnded.into()),
            Controlled::Ended | Controlled::Sent => Ok(()),
        }
    }

    /// A run obeys whoever submitted it, and the owner of the snippet it belongs to.
    async fn check_permitted(&mut self, run: &RunId) -> Result<(), Failure> {
        if self.permitted.contains(run) {
            return Ok(());
        }
        let belonging = self.state.runs.belonging_of(run).await?.ok_or(WebError::NoSuchRun)?;
        let snippets_own = self.owns_snippet() && belonging.snippet == self.key.as_str();
        if !snippets_own && !self.visitor.is_text(&belonging.visitor) {
            return Err(WebError::NotYours.into());
        }
        self.permit(run.clone());
        Ok(())
    }

    fn permit(&mut self, run: RunId) {
        if self.permitted.len() == MAX_PERMITTED {
            self.permitted.pop_front();
        }
        self.permitted.push_back(run);
    }
}

fn clamped(terminal: Terminal) -> Terminal {
    Terminal { columns: terminal.columns.clamp(1, MAX_TERMINAL), rows: terminal.rows.clamp(1, MAX_TERMINAL) }
}
