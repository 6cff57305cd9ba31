//! Actions: how a notice gets to people. One file for each way.

pub mod command;
pub mod email;
pub mod http;
pub mod outward;
pub mod presets;
pub mod redact;
pub mod render;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// Secrets of one action.
pub const MAX_SECRETS: usize = 20;
/// Addresses of one email action.
pub const MAX_RECIPIENTS: usize = 50;
/// Headers of one HTTP action, or arguments of one command.
pub const MAX_PARTS: usize = 50;
/// Bytes of a template.
pub const MAX_TEMPLATE: usize = 16 << 10;
/// Bytes of an answer that are kept.
pub const MAX_ANSWER: usize = 1_000;

/// An action, as it is stored. Secrets are apart and sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub doing: Doing,
    /// The document by which a script made it, as long as nobody else has changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<serde_json::Value>,
    /// The document by which an import of exports made it, as long as nobody else has changed it; no secret is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported: Option<serde_json::Value>,
}

impl Action {
    /// One that no script wrote.
    pub fn of(doing: Doing) -> Action {
        Action { doing, reference: None, exported: None }
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Doing {
    Email(Email),
    Http(Http),
    Command(Command),
    /// Of a kind that a script asked for and that is kept, but not done here.
    Unsupported {
        what: String,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Email {
    pub to: Vec<String>,
    /// A template; empty: the notice's title.
    pub subject: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Http {
    /// Of [`presets`]; what it was made from.
    pub preset: String,
    /// `POST`, `PUT`, `PATCH` or `GET`.
    pub method: String,
    /// A template, like header values and body; secrets are `{{ secrets.name }}`.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Command {
    /// The name under which the settings file allows it.
    pub command: String,
    /// Templates; each is one argument, whatever is in it.
    pub arguments: Vec<String>,
}

/// Secrets of an action by their names. Never shown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub BTreeMap<String, String>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// How an attempt ended. No secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub ok: bool,
    /// Whether trying again may help.
    pub retry: bool,
    /// Where it went.
    pub target: String,
    /// `HTTP 200 OK`, `250 2.0.0 queued`, `exit code 0`, or a sentence that says what is wrong.
    pub status: String,
    /// The first bytes of the answer.
    pub answer: String,
    /// The receiver asked to come again after so many seconds.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl Outcome {
    /// It failed and would fail again.
    pub fn refused(target: impl Into<String>, status: impl Into<String>) -> Outcome {
        Outcome { target: target.into(), status: status.into(), ..Outcome::default() }
    }

    /// It failed and may succeed later.
    pub fn failed(target: impl Into<String>, status: impl Into<String>) -> Outcome {
        Outcome { retry: true, ..Outcome::refused(target, status) }
    }
}

/// One attempt, as the log of its delivery keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at_ms: i64,
    pub took_ms: u64,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How long one attempt may take, whatever it does.
pub const ATTEMPT_TIME: Duration = Duration::from_secs(30);

/// Cuts a text to what is kept of an answer, at a character.
pub fn shortened(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_ANSWER)]);
    text.chars().map(|one| if one.is_control() && one != '\n' { ' ' } else { one }).collect()
}
