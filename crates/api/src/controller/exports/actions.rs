//! Actions of an application as JSON. Emails are sent, requests are those of templates; what the reference does besides is kept
//! and not done, and the importer is told so.

use alerting::{
    actions::{Action, Doing, Hidden},
    notifier,
};
use api_types::Ref;
use axum::{Json, response::Response};
use metadata_store::{AlertConfig, AlertConfigKind};
use serde_json::{Map, Value, json};

use super::{
    Coming, OWN, answer, documents, overwrite, own_doing, store_all, text,
    upload::Upload,
    velocity::{Place, translated},
};
use crate::{
    auth::Trail,
    controller::{
        asked::Asked,
        responses::{self, email_to},
    },
    error::ApiError,
    notification,
};

/// Kinds that are exported, and what the other API calls them.
const KINDS: [(&str, &str); 9] = [
    ("EmailAction", "EMAIL"),
    ("CustomEmailAction", "CUSTOM_EMAIL"),
    ("SMSAction", "SMS"),
    ("HttpRequestAction", "HTTP_REQUEST"),
    ("ThreadDumpAction", "THREAD_DUMP"),
    ("DiagnosticSessionAction", "DIAGNOSE_BUSINESS_TRANSACTIONS"),
    ("RunLocalScriptAction", "RUN_SCRIPT_ON_NODES"),
    ("JiraAction", "CREATE_UPDATE_JIRA"),
    ("CustomAction", "CUSTOM"),
];

/// All actions of an application.
pub(crate) async fn export(asked: Asked) -> Result<Json<Value>, ApiError> {
    let mut exported = Vec::new();
    for config in of_application(&of(&asked)?).await? {
        let action = notifier::read::<Action>(&config)?.value;
        exported.push(shown(&config.name, &action));
    }
    Ok(Json(exported.into()))
}

/// Stores all actions of a file or none.
pub(crate) async fn import(
    asked: Asked,
    trail: Trail,
    Upload(file): Upload,
) -> Result<Response, ApiError> {
    // Of an application that is not there the door's words are the right ones.
    let of = of(&asked)?;
    Ok(answer(stored(&asked, &of, &trail, &file).await))
}

/// The collection of an application's actions.
pub(super) fn of(asked: &Asked) -> Result<responses::Asked<'_>, ApiError> {
    let app = asked.application()?;
    Ok(responses::Asked {
        context: asked.context(),
        caller: &asked.caller,
        application: Ref { id: app.id.0, name: app.key.name.clone() },
        kind: AlertConfigKind::Action,
    })
}

async fn of_application(of: &responses::Asked<'_>) -> Result<Vec<AlertConfig>, ApiError> {
    let mut all = of.configs(AlertConfigKind::Action).await?;
    all.retain(|one| one.application_id.is_some());
    Ok(all)
}

async fn stored(
    asked: &Asked,
    of: &responses::Asked<'_>,
    trail: &Trail,
    file: &str,
) -> Result<Vec<String>, ApiError> {
    let taken = overwrite(asked)?;
    let known = of_application(of).await?;
    let mut coming = Vec::new();
    for document in documents(file)? {
        let name = notification::name(text(&document, "name").unwrap_or_default())?;
        let before = known.iter().find(|one| one.name == name);
        let before = before.map(|one| of.context.notifier.opened(one)).transpose()?;
        let read = read(of, document, &before.unwrap_or_default())
            .await
            .map_err(|error| ApiError::Unprocessable(format!("the action {name:?}: {error}")))?;
        let warnings = read.warnings.iter().map(|one| format!("{name:?}: {one}")).collect();
        let application = Some(of.application.id);
        let new = notification::to_store(
            of.context,
            of.caller,
            application,
            name,
            &read.action,
            read.sealed,
        );
        coming.push(Coming { new, warnings });
    }
    store_all(of.context, of.caller, trail, AlertConfigKind::Action, coming, taken).await
}

/// What a document comes to.
struct Read {
    action: Action,
    sealed: Vec<u8>,
    warnings: Vec<String>,
}

async fn read(
    of: &responses::Asked<'_>,
    document: Map<String, Value>,
    before: &Hidden,
) -> Result<Read, ApiError> {
    if let Some(own) = own_doing(&document, before)? {
        let sealed = of.context.notifier.sealed(&own.secrets);
        return Ok(Read { action: Action::of(own.doing), sealed, warnings: own.warnings });
    }
    let kind = text(&document, "actionType").unwrap_or_default();
    let (_, other) = KINDS.iter().find(|(known, _)| *known == kind).ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|(known, _)| *known).collect();
        ApiError::bad(format!("actionType is {kind:?}; use one of {}", known.join(", ")))
    })?;
    let mut warnings = Vec::new();
    let (doing, sealed) = match kind {
        "EmailAction" => {
            let to = addresses(document.get("toAddress"));
            (email(to, text(&document, "subject"))?, Vec::new())
        }
        "CustomEmailAction" => {
            warnings
                .push("the text of its email is Vedette's own, not that of a template".to_owned());
            let all = ["to", "cc", "bcc"].iter().flat_map(|of| addresses(document.get(*of)));
            (email(all.collect(), None)?, Vec::new())
        }
        "HttpRequestAction" => {
            let template = text(&document, "httpRequestActionPlanName")
                .ok_or_else(|| ApiError::bad("httpRequestActionPlanName has to be given"))?;
            let (doing, sealed) = of.by_template(template, Vec::new()).await?;
            if !matches!(doing, Doing::Http(_)) {
                return Err(ApiError::bad(format!(
                    "there is no template {template:?}; import it first: POST /controller/actiontemplate/httprequest"
                )));
            }
            (doing, sealed)
        }
        _ => {
            warnings.push(format!("a {kind} is kept, and Vedette does not do it"));
            (Doing::Unsupported { what: (*other).to_owned() }, Vec::new())
        }
    };
    let action = Action { exported: Some(Value::Object(document)), ..Action::of(doing) };
    Ok(Read { action, sealed, warnings })
}

/// Addresses joined by commas or semicolons, as a list, or as the `emailAddress` of each of a list.
fn addresses(of: Option<&Value>) -> Vec<String> {
    match of {
        Some(Value::String(text)) => {
            let all = text.split([',', ';']).map(str::trim).filter(|one| !one.is_empty());
            all.map(str::to_owned).collect()
        }
        Some(Value::Array(list)) => {
            let one = |one: &Value| addresses(Some(one.get("emailAddress").unwrap_or(one)));
            list.iter().filter(|one| !one.is_array()).flat_map(one).collect()
        }
        _ => Vec::new(),
    }
}

fn email(to: Vec<String>, subject: Option<&str>) -> Result<Doing, ApiError> {
    let mut doing = email_to(to)?;
    if let (Doing::Email(email), Some(subject)) = (&mut doing, subject) {
        email.subject = translated(subject, Place::Plain, &Map::new())?;
    }
    // Its subject is tried as a template.
    notification::doing(&notification::shown_doing(&doing), &Hidden::default())
}

/// An action as it came, or as much as the reference can say of it, which then carries what it does besides.
fn shown(name: &str, action: &Action) -> Value {
    if let Some(Value::Object(kept)) = &action.exported {
        let mut kept = kept.clone();
        kept.insert("name".to_owned(), name.into());
        return Value::Object(kept);
    }
    let mut shown = json!({ "actionType": "", "name": name, "priority": 0, "description": null });
    let kind = match &action.doing {
        Doing::Email(email) => {
            shown["toAddress"] = email.to.join(", ").into();
            shown["subject"] = "".into();
            shown["timeZone"] = Value::Null;
            "EmailAction"
        }
        Doing::Http(_) => {
            shown["httpRequestActionPlanName"] = name.into();
            "HttpRequestAction"
        }
        Doing::Command(command) => {
            shown["customType"] = command.command.as_str().into();
            "CustomAction"
        }
        Doing::Unsupported { what } => {
            let known = KINDS.iter().find(|(_, other)| other == what);
            shown["actionType"] = known.map_or("CustomAction", |(kind, _)| kind).into();
            return shown;
        }
    };
    shown["actionType"] = kind.into();
    shown[OWN] = json!(action.doing);
    shown
}
