//! Actions. Emails are sent, and HTTP requests by the templates that have the name of an action here; of other kinds the
//! document is kept, and the log of deliveries says that they are not done.

use alerting::{
    actions::{Action, Doing, Email, email},
    notifier,
};
use metadata_store::{AlertConfig, AlertConfigKind, DocumentNeeds};
use serde_json::{Map, Value, json};

use super::{Asked, Read, json_text, named, texts};
use crate::error::ApiError;

/// Kinds that the reference has.
const KINDS: &[&str] = &[
    "EMAIL",
    "SMS",
    "CUSTOM_EMAIL",
    "HTTP_REQUEST",
    "THREAD_DUMP",
    "RUN_SCRIPT_ON_NODES",
    "DIAGNOSE_BUSINESS_TRANSACTIONS",
    "CREATE_UPDATE_JIRA",
    "CUSTOM",
    "AUTOSCALE",
];

impl Asked<'_> {
    pub(super) async fn read_action(
        &self,
        document: Map<String, Value>,
        stored: Option<&AlertConfig>,
    ) -> Result<Read, ApiError> {
        let sealed = stored.map(|stored| stored.sealed.clone()).unwrap_or_default();
        let (name, reference) = named(&document)?;
        let kind = document.get("actionType").and_then(Value::as_str).unwrap_or_default();
        if !KINDS.contains(&kind) {
            let kinds = KINDS.join(", ");
            return Err(ApiError::bad(format!("actionType is {kind:?}; use one of {kinds}")));
        }
        let (doing, sealed) = match kind {
            "EMAIL" => (read_email(&document)?, Vec::new()),
            "HTTP_REQUEST" => {
                let template = document.get("httpRequestTemplateName").and_then(Value::as_str);
                let template = template
                    .ok_or_else(|| ApiError::bad("httpRequestTemplateName has to be given"))?;
                self.by_template(template, sealed).await?
            }
            other => (Doing::Unsupported { what: other.to_owned() }, Vec::new()),
        };
        let action = Action { reference: Some(reference), ..Action::of(doing) };
        let needs = DocumentNeeds::default();
        Ok(Read { name, body: json_text(&action), sealed, needs })
    }

    /// What the action of a template's name does, with its secrets.
    pub(in crate::controller) async fn by_template(
        &self,
        template: &str,
        sealed: Vec<u8>,
    ) -> Result<(Doing, Vec<u8>), ApiError> {
        let known = self.configs(AlertConfigKind::Action).await?;
        for config in known.iter().filter(|one| one.name == template) {
            let action = notifier::read::<Action>(config)?.value;
            if matches!(action.doing, Doing::Http(_)) {
                return Ok((action.doing, config.sealed.clone()));
            }
        }
        let what =
            format!("HTTP_REQUEST with the template {template:?}, of which name no action is");
        Ok((Doing::Unsupported { what }, sealed))
    }

    pub(super) fn show_action(&self, config: &AlertConfig) -> Result<Map<String, Value>, ApiError> {
        let action = notifier::read::<Action>(config)?.value;
        if let Some(Value::Object(document)) = action.reference {
            return Ok(document);
        }
        let document = match action.doing {
            Doing::Email(email) => json!({ "actionType": "EMAIL", "emails": email.to }),
            Doing::Http(_) => {
                json!({ "actionType": "HTTP_REQUEST", "httpRequestTemplateName": config.name })
            }
            Doing::Command(command) => {
                json!({ "actionType": "CUSTOM", "customType": command.command })
            }
            Doing::Unsupported { what } => json!({ "actionType": what }),
        };
        match document {
            Value::Object(document) => Ok(document),
            _ => Ok(Map::new()),
        }
    }
}

fn read_email(document: &Map<String, Value>) -> Result<Doing, ApiError> {
    email_to(texts(document.get("emails"), "emails")?)
}

/// An email to these.
pub(in crate::controller) fn email_to(to: Vec<String>) -> Result<Doing, ApiError> {
    if to.is_empty() || to.len() > alerting::actions::MAX_RECIPIENTS {
        return Err(ApiError::bad("emails has to have 1 to 50 addresses"));
    }
    for address in &to {
        email::mailbox(address).map_err(ApiError::bad)?;
    }
    Ok(Doing::Email(Email { to, subject: String::new() }))
}
