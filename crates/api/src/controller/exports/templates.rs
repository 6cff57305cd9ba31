//! Templates of HTTP requests as JSON: here they are actions of the whole account, which others of the reference's kind do by
//! their name. What a template says of waiting, redirects and answers is kept and has no effect.

use alerting::{
    actions::{self, Action, Doing, Hidden, Http, http},
    notifier,
};
use axum::{Json, response::Response};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use metadata_store::{AlertConfig, AlertConfigKind, AlertConfigs as _};
use serde_json::{Map, Value, json};

use super::{
    Coming, OWN, answer, documents, overwrite, own_doing, store_all, text, unset,
    upload::Upload,
    velocity::{Place, translated},
    wanted_secrets,
};
use crate::{auth::Trail, controller::asked::Asked, error::ApiError, notification};

const HTTP: &str = "httprequest";
const EMAIL: &str = "email";
/// The secret in whose place user and password stand.
const BASIC: &str = "basic";
/// What names of headers have in them whose values are secret.
const SECRET: [&str; 6] = ["authorization", "token", "key", "secret", "password", "cookie"];
type IsIt = fn(&Value) -> bool;
/// What has no effect here, and the value at which it would have none there.
const WITHOUT_EFFECT: [(&str, IsIt); 3] = [
    ("oneRequestPerEvent", |value| value == &Value::Bool(true)),
    ("responseMatchCriteriaAnyTemplate", has_items),
    ("responseMatchCriteriaNoneTemplate", has_items),
];

fn has_items(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty())
}

/// All templates of a kind.
pub(crate) async fn export(asked: Asked) -> Result<Json<Value>, ApiError> {
    let mut exported = Vec::new();
    if kind(&asked)? == HTTP {
        for config in of_account(&asked).await? {
            let action = notifier::read::<Action>(&config)?.value;
            if matches!(action.doing, Doing::Http(_)) {
                exported.push(shown(&config.name, &action.doing, action.exported.as_ref()));
            }
        }
    }
    // The emails of Vedette are its own: there are no templates of them.
    Ok(Json(exported.into()))
}

/// Stores all templates of a file or none.
pub(crate) async fn import(
    asked: Asked,
    trail: Trail,
    Upload(file): Upload,
) -> Result<Response, ApiError> {
    Ok(answer(stored(&asked, &trail, &file).await))
}

async fn stored(asked: &Asked, trail: &Trail, file: &str) -> Result<Vec<String>, ApiError> {
    if kind(asked)? == EMAIL {
        return Err(ApiError::Unprocessable(
            "Vedette writes the text of its emails itself, with link, value, expectation and beginning: there are no \
             templates of them to import. Make an email action instead"
                .to_owned(),
        ));
    }
    let (context, caller) = (asked.context(), &asked.caller);
    let taken = overwrite(asked)?;
    let known = of_account(asked).await?;
    let mut coming = Vec::new();
    for document in documents(file)? {
        let name = notification::name(text(&document, "name").unwrap_or_default())?;
        let before = known.iter().find(|one| one.name == name);
        let before = before.map(|one| context.notifier.opened(one)).transpose()?;
        let read = read(document, &before.unwrap_or_default())
            .map_err(|error| ApiError::Unprocessable(format!("the template {name:?}: {error}")))?;
        let action = Action { exported: read.kept, ..Action::of(Doing::Http(read.request)) };
        let sealed = context.notifier.sealed(&read.secrets);
        let new = notification::to_store(context, caller, None, name, &action, sealed);
        coming.push(Coming { new, warnings: read.warnings });
    }
    store_all(context, caller, trail, AlertConfigKind::Action, coming, taken).await
}

fn kind(asked: &Asked) -> Result<&'static str, ApiError> {
    match asked.path_text("kind").unwrap_or_default() {
        HTTP => Ok(HTTP),
        EMAIL => Ok(EMAIL),
        other => Err(ApiError::NotFound(format!(
            "there are no templates of the kind {other:?}; there are httprequest and email"
        ))),
    }
}

async fn of_account(asked: &Asked) -> Result<Vec<AlertConfig>, ApiError> {
    let account = Some(asked.caller.account.0);
    let mut all = asked.context().store.alert_configs(AlertConfigKind::Action, account).await?;
    all.retain(|one| one.application_id.is_none());
    Ok(all)
}

/// What a template comes to.
#[derive(Debug)]
struct Read {
    request: Http,
    secrets: Hidden,
    /// The document without what is secret, of one that another product wrote.
    kept: Option<Value>,
    warnings: Vec<String>,
}

fn read(mut document: Map<String, Value>, before: &Hidden) -> Result<Read, ApiError> {
    if let Some(own) = own_doing(&document, before)? {
        let Doing::Http(request) = own.doing else {
            return Err(ApiError::bad("it is no HTTP request"));
        };
        let (secrets, warnings) = (own.secrets, own.warnings);
        return Ok(Read { request, secrets, kept: None, warnings });
    }
    let own = own_properties(&document);
    let payload = document.get("payloadTemplate").and_then(Value::as_object).cloned();
    let payload = payload.unwrap_or_default();
    let media = text(&payload, "httpRequestActionMediaType").unwrap_or("application/json");
    let mut read = Read {
        request: Http {
            preset: "webhook".to_owned(),
            method: text(&document, "method").unwrap_or("POST").to_ascii_uppercase(),
            url: url(&document, &own)?,
            headers: vec![("Content-Type".to_owned(), media.to_owned())],
            body: body(&payload, media, &own)?,
        },
        secrets: Hidden::default(),
        kept: None,
        warnings: Vec::new(),
    };
    if read.request.method == "GET" {
        read.request.headers.clear();
        read.request.body.clear();
    }
    read.authorization(&mut document, before)?;
    read.headers(&mut document, &own, before)?;
    for (field, has_effect) in WITHOUT_EFFECT {
        if document.get(field).is_some_and(has_effect) {
            read.warnings.push(format!("{field} has no effect in Vedette"));
        }
    }
    // Tried with something in the place of secrets that are still to be set.
    let mut tried = read.secrets.clone();
    for (_, value) in &read.request.headers {
        for name in wanted_secrets(value) {
            tried.0.entry(name.to_owned()).or_insert_with(|| "secret".to_owned());
        }
    }
    http::make(&read.request, &alerting::notice::sample(), &tried).map_err(ApiError::bad)?;
    let long = read.request.body.len() > actions::MAX_TEMPLATE
        || read.request.headers.len() > actions::MAX_PARTS
        || read.secrets.0.len() > actions::MAX_SECRETS;
    if long {
        return Err(ApiError::bad("it has more or longer parts than may be"));
    }
    read.kept = Some(Value::Object(document));
    Ok(read)
}

impl Read {
    /// User and password become a secret.
    fn authorization(
        &mut self,
        document: &mut Map<String, Value>,
        before: &Hidden,
    ) -> Result<(), ApiError> {
        match text(document, "authType").unwrap_or("NONE") {
            "NONE" => return Ok(()),
            "BASIC" => (),
            other => {
                return Err(ApiError::bad(format!(
                    "authType is {other:?}; use NONE or BASIC, or a header"
                )));
            }
        }
        let user = text(document, "authUsername").unwrap_or_default().to_owned();
        let given = text(document, "authPassword")
            .map(|password| BASE64_STANDARD.encode(format!("{user}:{password}")));
        self.secret(BASIC, given, before, "user and password (user:password in base64)");
        self.request
            .headers
            .push(("Authorization".to_owned(), format!("Basic {{{{ secrets.{BASIC} }}}}")));
        document.insert("authPassword".to_owned(), "".into());
        Ok(())
    }

    fn headers(
        &mut self,
        document: &mut Map<String, Value>,
        own: &Map<String, Value>,
        before: &Hidden,
    ) -> Result<(), ApiError> {
        let listed = document.get_mut("headers").and_then(Value::as_array_mut);
        for header in listed.into_iter().flatten() {
            let header = header
                .as_object_mut()
                .ok_or_else(|| ApiError::bad("headers has to be a list of names and values"))?;
            let name = text(header, "name")
                .ok_or_else(|| ApiError::bad("a header has no name"))?
                .to_owned();
            let value = text(header, "value").unwrap_or_default().to_owned();
            let lower = name.to_ascii_lowercase();
            let is_secret = SECRET.iter().any(|word| lower.contains(word));
            let value = match is_secret && !value.contains('$') {
                false => translated(&value, Place::Plain, own)?,
                true => {
                    let secret = secret_name(&lower);
                    let given = Some(value).filter(|value| !value.is_empty());
                    self.secret(&secret, given, before, &format!("the header {name}"));
                    header.insert("value".to_owned(), "".into());
                    format!("{{{{ secrets.{secret} }}}}")
                }
            };
            // One of them stands in the payload's description already.
            if lower != "content-type" {
                self.request.headers.push((name, value));
            }
        }
        Ok(())
    }

    /// Keeps a secret: that of the file, or the one that there was.
    fn secret(&mut self, name: &str, given: Option<String>, before: &Hidden, what: &str) {
        match given.or_else(|| before.0.get(name).cloned()) {
            Some(secret) => drop(self.secrets.0.insert(name.to_owned(), secret)),
            None => self.warnings.push(format!("{what}: {}", unset(name))),
        }
    }
}

/// `x-api-key` as a secret is called.
fn secret_name(header: &str) -> String {
    header.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(64).collect()
}

/// Properties that a template brings along.
fn own_properties(document: &Map<String, Value>) -> Map<String, Value> {
    let listed = document.get("defaultCustomProperties").and_then(Value::as_array);
    let pairs = listed.into_iter().flatten().filter_map(|one| {
        let name = one.get("name").or_else(|| one.get("key"))?.as_str()?;
        Some((name.to_owned(), one.get("value")?.clone()))
    });
    pairs.collect()
}

fn url(document: &Map<String, Value>, own: &Map<String, Value>) -> Result<String, ApiError> {
    let scheme = text(document, "scheme").unwrap_or("HTTPS").to_ascii_lowercase();
    let host = text(document, "host").ok_or_else(|| ApiError::bad("host has to be given"))?;
    let mut url = format!("{scheme}://{}", translated(host, Place::Plain, own)?);
    if let Some(port) = document.get("port").and_then(Value::as_u64).filter(|port| *port > 0) {
        url.push_str(&format!(":{port}"));
    }
    if let Some(path) = text(document, "path") {
        if !path.starts_with('/') {
            url.push('/');
        }
        url.push_str(&translated(path, Place::Url, own)?);
    }
    if let Some(query) = text(document, "query") {
        url.push('?');
        url.push_str(&translated(query.trim_start_matches('?'), Place::Url, own)?);
    }
    Ok(url)
}

fn body(
    payload: &Map<String, Value>,
    media: &str,
    own: &Map<String, Value>,
) -> Result<String, ApiError> {
    let pairs = payload.get("formDataPairs").and_then(Value::as_array);
    if let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty()) {
        let mut fields = Vec::new();
        for pair in pairs {
            let part = |name: &str| pair.get(name).and_then(Value::as_str).unwrap_or_default();
            let name: String = form_urlencoded::byte_serialize(part("name").as_bytes()).collect();
            fields.push(format!("{name}={}", translated(part("value"), Place::Url, own)?));
        }
        return Ok(fields.join("&"));
    }
    let place = if media.contains("json") { Place::Json } else { Place::Plain };
    translated(text(payload, "payload").unwrap_or_default(), place, own)
}

/// A template as it came, or as much as a template of the reference can say of a request, which it carries besides.
fn shown(name: &str, doing: &Doing, exported: Option<&Value>) -> Value {
    if let Some(Value::Object(kept)) = exported {
        let mut kept = kept.clone();
        kept.insert("name".to_owned(), name.into());
        return Value::Object(kept);
    }
    json!({ "actionPlanType": HTTP, "name": name, "oneRequestPerEvent": false, OWN: doing })
}

#[cfg(test)]
mod tests;
