//! `/controller/{healthrules,actions,policies}/{app}` and `/controller/actiontemplate/{kind}`: configuration of alerting as the
//! reference exports and imports it, health rules as XML and the rest as JSON.
//!
//! An import is stored as a whole or not at all: what has no counterpart here is refused by its name. What was imported is
//! exported as it came, until somebody changes it elsewhere.

pub(crate) mod actions;
pub(crate) mod health_rules;
pub(crate) mod policies;
pub(crate) mod templates;

pub(super) mod absent;
mod element;
mod upload;
mod velocity;

use std::collections::BTreeSet;

use alerting::actions::{Doing, Hidden};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use metadata_store::{AlertConfigKind, AlertConfigs as _, NameTaken, NewAlertConfig, StoreError};
use serde_json::{Map, Value, json};

pub(crate) use self::upload::MAX_IMPORT;
use super::asked::Asked;
use crate::{
    auth::{Caller, Deed, Trail},
    context::Context,
    error::{ApiError, Refused},
    notification,
};

/// Documents of one file.
const MOST: usize = 1_000;

/// What becomes of what has the name of something that is imported.
fn overwrite(asked: &Asked) -> Result<NameTaken, ApiError> {
    Ok(match asked.flag("overwrite")?.unwrap_or(false) {
        true => NameTaken::Replace,
        false => NameTaken::Refuse,
    })
}

/// The documents of a file: a list of objects, or one.
fn documents(text: &str) -> Result<Vec<Map<String, Value>>, ApiError> {
    let file: Value = serde_json::from_str(text)
        .map_err(|error| ApiError::bad(format!("the file cannot be read as JSON: {error}")))?;
    let listed = match file {
        Value::Array(listed) => listed,
        one => vec![one],
    };
    if listed.is_empty() || listed.len() > MOST {
        return Err(ApiError::bad(format!("the file has to hold 1 to {MOST} documents")));
    }
    let object = |one| match one {
        Value::Object(object) => Ok(object),
        _ => Err(ApiError::bad("the file has to be a list of JSON objects")),
    };
    listed.into_iter().map(object).collect()
}

/// A text of a document; none where it is null, empty or missing.
fn text<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    of.get(name)?.as_str().filter(|text| !text.trim().is_empty())
}

/// The beginning of a text.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

/// What an exported document of Vedette's own carries besides, in place of its other members: what no other product wrote.
const OWN: &str = "vedette";

/// What a document of Vedette's own does.
struct OwnDoing {
    doing: Doing,
    secrets: Hidden,
    warnings: Vec<String>,
}

/// Reads it, checked; secrets are those that there were.
fn own_doing(of: &Map<String, Value>, before: &Hidden) -> Result<Option<OwnDoing>, ApiError> {
    let Some(own) = of.get(OWN).filter(|own| !own.is_null()) else { return Ok(None) };
    let doing: Doing = serde_json::from_value(own.clone())
        .map_err(|error| ApiError::bad(format!("{OWN} cannot be read: {error}")))?;
    let mut tried = before.clone();
    let mut warnings = Vec::new();
    for name in wanted_secrets(&own.to_string()) {
        if !tried.0.contains_key(name) {
            warnings.push(unset(name));
            // A URL may be all of it.
            tried.0.insert(name.to_owned(), "https://secret.invalid/".to_owned());
        }
    }
    let doing = notification::doing(&notification::shown_doing(&doing), &tried)?;
    Ok(Some(OwnDoing { doing, secrets: before.clone(), warnings }))
}

/// The secrets that the templates in a text ask for.
fn wanted_secrets(text: &str) -> BTreeSet<&str> {
    let behind = text.split("secrets.").skip(1);
    let name = |rest: &'_ str| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    behind.map(|rest| &rest[..name(rest).unwrap_or(rest.len())]).filter(|n| !n.is_empty()).collect()
}

/// Says that a secret is still to be set.
fn unset(name: &str) -> String {
    format!(
        "exports leave out what is secret: set the secret {name:?} on the action's page, or it is not done"
    )
}

/// One of the documents of a file, ready to be stored, and what the importer should know of it.
struct Coming {
    new: NewAlertConfig,
    warnings: Vec<String>,
}

/// Stores all documents or none; what the importer should know of them.
async fn store_all(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    kind: AlertConfigKind,
    coming: Vec<Coming>,
    taken: NameTaken,
) -> Result<Vec<String>, ApiError> {
    let mut names = BTreeSet::new();
    for one in &coming {
        if !names.insert(one.new.name.as_str()) {
            return Err(ApiError::Unprocessable(format!(
                "the file has several of the name {:?}",
                one.new.name
            )));
        }
    }
    let names = shortened(&names.into_iter().collect::<Vec<_>>().join(", "));
    let warnings = coming.iter().flat_map(|one| one.warnings.clone()).collect();
    let new: Vec<NewAlertConfig> = coming.into_iter().map(|one| one.new).collect();
    context.store.import_alert_configs(kind, &new, taken).await.map_err(|error| match error {
        // In the words by which programs know that it is there.
        StoreError::AlreadyExists { name, .. } => ApiError::Conflict(format!(
            "{name} already exists; overwrite what there is by overwrite=true"
        )),
        error => error.into(),
    })?;
    let object = match kind {
        AlertConfigKind::Policy => "policy",
        _ => "action",
    };
    tracing::info!(object, names, user = caller.name, "imported");
    trail.tell(Deed { action: "import", object, id: "", name: &names }, None::<&()>, None::<&()>);
    Ok(warnings)
}

/// The answer to an import of JSON: words in place of flags, as programs compare them.
fn answer(outcome: Result<Vec<String>, ApiError>) -> Response {
    let told = |success: bool, errors: &[String], warnings: &[String]| {
        let success = if success { "True" } else { "False" };
        Json(json!({ "success": success, "errors": errors, "warnings": warnings }))
    };
    match outcome {
        Ok(warnings) => told(true, &[], &warnings).into_response(),
        Err(error) => {
            let refused = error.into_response();
            let status = refused.status();
            let sentence = refused.extensions().get::<Refused>().map(|one| one.sentence.clone());
            let errors = [format!("nothing was imported: {}", sentence.unwrap_or_default())];
            (status, told(false, &errors, &[])).into_response()
        }
    }
}
