//! The socket's messages, both directions: a public, stable interface. Fields are added, never renamed.

use serde::{Deserialize, Serialize};

use crate::program::Draft;
use crate::runs::event::LoggedEvent;
use crate::runs::request::{RunId, Terminal};
use crate::snippets::key::SnippetKey;
use crate::web::story::Story;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    /// Store the program and run it.
    Run {
        #[serde(flatten)]
        draft: Draft,
        /// Absent: as it was.
        title: Option<String>,
        /// The revision that the program started from; refused when another was saved meanwhile. Absent: any.
        revision: Option<u64>,
        /// A terminal of this size; absent for pipes.
        tty: Option<Terminal>,
    },
    /// Store the program.
    Save {
        #[serde(flatten)]
        draft: Draft,
        title: Option<String>,
        revision: Option<u64>,
    },
    /// Text for a run's stdin.
    Input { run: String, data: String },
    /// Nothing more for a run's stdin.
    Eof { run: String },
    /// The terminal has another size.
    Resize {
        run: String,
        #[serde(flatten)]
        terminal: Terminal,
    },
    /// End a run.
    Stop { run: String },
}

/// What the server says, apart from events.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    Snippet {
        key: &'a SnippetKey,
        revision: u64,
        owner: bool,
        saved: bool,
        /// The revision that this client's own program became, right after it was stored.
        #[serde(skip_serializing_if = "Option::is_none")]
        stored: Option<u64>,
    },
    Viewers {
        count: u64,
    },
    Error {
        code: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<&'a str>,
    },
}

impl ServerMessage<'_> {
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).expect("these types have no form that JSON cannot write")
    }
}

/// An error as a message.
pub(super) fn error_text(story: &Story, run: Option<&str>) -> String {
    ServerMessage::Error { code: story.code, message: &story.message, run }.text()
}

/// An event as a message. Its JSON is passed on unread; a run's id needs no escaping.
pub(super) fn event_text(run: &RunId, event: &LoggedEvent) -> String {
    let fields = event.json.strip_prefix('{').unwrap_or("}");
    let (id, at_ms) = (event.id, event.at_ms);
    let comma = if fields.starts_with('}') { "" } else { "," };
    format!(r#"{{"type":"event","run":"{run}","id":{id},"at_ms":{at_ms}{comma}{fields}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_spliced_into_its_message() {
        let run = RunId::random(0);
        let json = r#"{"kind":"output","stream":"stdout","data":"a\"}{"}"#.to_owned();
        let text = event_text(&run, &LoggedEvent { id: 7, at_ms: 12, json });
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["type"], "event");
        assert_eq!(value["run"], run.as_str());
        assert_eq!((&value["id"], &value["at_ms"]), (&7.into(), &12.into()));
        assert_eq!((&value["kind"], &value["data"]), (&"output".into(), &"a\"}{".into()));
    }

    #[test]
    fn a_run_message_reads_with_and_without_its_optional_fields() {
        let short = r#"{"type":"run","language":"python","files":[{"path":"","content":"x"}]}"#;
        let long = r#"{"type":"run","language":"python","files":[{"path":"a.py","content":"x"}],"args":["1"],
            "stdin":null,"title":"t","tty":{"columns":80,"rows":24},"later":true}"#;
        assert!(matches!(serde_json::from_str(short), Ok(ClientMessage::Run { tty: None, title: None, .. })));
        assert!(matches!(serde_json::from_str(long), Ok(ClientMessage::Run { tty: Some(_), title: Some(_), .. })));
    }

    #[test]
    fn a_resize_carries_its_size_beside_the_run() {
        let text = r#"{"type":"resize","run":"0-x","columns":80,"rows":24}"#;
        assert!(matches!(
            serde_json::from_str(text),
            Ok(ClientMessage::Resize { terminal: Terminal { rows: 24, .. }, .. })
        ));
    }
}
