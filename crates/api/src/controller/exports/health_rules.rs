//! Health rules as XML.
//!
//! The XML has no place for all that a rule may be here. An exported rule that could not be read back from its elements
//! carries itself besides, as JSON in `<vedette-rule>`, which is read in their place: whatever is exported can be imported.

mod affected;
mod criteria;
mod expression;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use metadata_store::HealthRules as _;
use model::rule::{ALWAYS, Rule};
use roxmltree::{Document, Node, ParsingOptions};

use super::{
    element::{Element, child, flag, number, text},
    overwrite,
    upload::Upload,
};
use crate::{
    auth::{Deed, Trail},
    controller::{asked::Asked, server_status::padded},
    error::ApiError,
    health_rules as rules,
};

/// The element of a rule that its other elements do not tell.
const OWN: &str = "vedette-rule";
/// Elements and texts of a document.
const MAX_NODES: u32 = 500_000;

/// All rules of an application, or the one of a name.
pub(crate) async fn export(asked: Asked) -> Result<Response, ApiError> {
    let app = asked.application()?;
    let mut all = asked.context().store.health_rules(app.id.0).await?;
    let named = asked.path_text("name").or_else(|| asked.param("name"));
    if let Some(name) = named {
        all.retain(|rule| rule.name == name);
        if all.is_empty() {
            return Err(ApiError::missing("health rule", format_args!("{name:?}")));
        }
    }
    let entities = asked.entities();
    let transactions = entities.transactions(app.id, asked.context().now_ms());
    let tiers_of = |name: &str| {
        let same = transactions.iter().filter(|bt| bt.key.name == name);
        same.filter_map(|bt| Some(entities.get(bt.key.parent)?.key.name.clone())).collect()
    };
    let read = all.iter().map(rules::rule_of).collect::<Result<Vec<Rule>, ApiError>>()?;
    let elements = read.iter().map(|rule| written(rule, &tiers_of)).collect();
    let document = Element::of("health-rules", elements)
        .with("controller-version", &padded(&asked.context().status.version()));
    let kind = [(CONTENT_TYPE, "application/xml;charset=UTF-8")];
    Ok((kind, document.document()).into_response())
}

/// Stores all rules of a document, or none of them. With `skip-unsupported` those that Vedette has no counterpart of are left
/// out and named.
pub(crate) async fn import(
    asked: Asked,
    trail: Trail,
    Upload(document): Upload,
) -> Result<String, ApiError> {
    let app = asked.application()?;
    let taken = overwrite(&asked)?;
    let skip = asked.flag("skip-unsupported")?.unwrap_or(false);
    let (mut read, mut unsupported) = read_document(&document)?;
    let known = rules::Known::load(asked.context(), &asked.caller, app.id).await?;
    read.retain(|rule| match known.check(rule, None) {
        Ok(()) => true,
        Err(error) => {
            unsupported.push(format!("The health rule {:?}: {error}", rule.name));
            false
        }
    });
    let left_out = unsupported.join("; ");
    if !unsupported.is_empty() && !skip {
        return Err(ApiError::Unprocessable(format!(
            "nothing was imported. {left_out}. Leave them out of the file, or by skip-unsupported=true"
        )));
    }
    if read.is_empty() {
        let why = if left_out.is_empty() { "the file has no <health-rule>" } else { &*left_out };
        return Err(ApiError::Unprocessable(format!("nothing was imported: {why}")));
    }
    rules::import_rules(asked.context(), &asked.caller, (app.id, &known), &read, taken).await?;
    let names: Vec<&str> = read.iter().map(|rule| rule.name.as_str()).collect();
    let deed = Deed {
        action: "import",
        object: "health rule",
        id: "",
        name: &super::shortened(&names.join(", ")),
    };
    trail.tell(deed, None::<&()>, None::<&()>);
    let mut answer = format!("Imported {} health rules: {}", read.len(), names.join(", "));
    if !left_out.is_empty() {
        answer.push_str(&format!("\nNot imported: {left_out}"));
    }
    answer.push('\n');
    Ok(answer)
}

/// The rules of a document, and a sentence about each that there is no counterpart of.
///
/// # Errors
/// When it is no XML, or not of health rules.
fn read_document(text: &str) -> Result<(Vec<Rule>, Vec<String>), ApiError> {
    // Nothing of a document's own entities: they could grow without bound.
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| ApiError::bad(format!("the file cannot be read as XML: {error}")))?;
    let root = document.root_element();
    let listed: Vec<Node<'_, '_>> = match root.has_tag_name("health-rule") {
        true => vec![root],
        false => root.children().filter(|node| node.has_tag_name("health-rule")).collect(),
    };
    if listed.is_empty() {
        return Err(ApiError::bad(format!(
            "the file has to be <health-rules> with <health-rule>s in it; it is <{}>",
            root.tag_name().name()
        )));
    }
    let (mut rules, mut unsupported) = (Vec::new(), Vec::new());
    for rule in listed {
        match read(rule) {
            Ok(rule) => rules.push(rule),
            Err(error) => {
                let name = text_of_name(rule);
                unsupported.push(format!("The health rule {name:?}: {error}"));
            }
        }
    }
    Ok((rules, unsupported))
}

fn text_of_name<'a>(rule: Node<'a, '_>) -> &'a str {
    text(rule, "name").unwrap_or_default()
}

/// One rule as `<health-rule>` holds it.
fn written(rule: &Rule, tiers_of: affected::TiersOf<'_>) -> Element {
    let mut elements = elements(rule, tiers_of);
    let text = Element::of("health-rule", elements.clone()).document();
    let back = Document::parse(&text).ok().and_then(|text| read(text.root_element()).ok());
    if back.as_ref() != Some(rule) {
        let own = serde_json::to_string(rule).expect("a rule is plain data with finite numbers");
        // What XML cannot hold; it can only stand in texts.
        let own = own.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
        elements.push(Element::text(OWN, own));
    }
    Element::of("health-rule", elements)
}

fn elements(rule: &Rule, tiers_of: affected::TiersOf<'_>) -> Vec<Element> {
    let mut written = vec![
        Element::text("name", &rule.name),
        Element::text("type", affected::type_word(rule.affects.kind)),
        Element::text("description", ""),
        Element::text("enabled", rule.enabled),
        Element::text("is-default", false),
        Element::text("always-enabled", rule.schedule == ALWAYS),
        Element::text("duration-min", rule.window_minutes),
        Element::text("wait-time-min", rule.wait_minutes),
    ];
    if rule.schedule != ALWAYS {
        written.push(Element::text("schedule", &rule.schedule));
    }
    written.push(affected::write(&rule.affects, tiers_of));
    let levels = [
        ("critical-execution-criteria", &rule.critical),
        ("warning-execution-criteria", &rule.warning),
    ];
    for (name, level) in levels {
        let kind = rule.affects.kind;
        written.extend(level.as_ref().map(|level| criteria::write(name, level, kind)));
    }
    written
}

/// The rule in a `<health-rule>`.
///
/// # Errors
/// What is missing, or what there is no counterpart of.
fn read(rule: Node<'_, '_>) -> Result<Rule, ApiError> {
    if let Some(own) = text(rule, OWN) {
        let own: Rule = serde_json::from_str(own)
            .map_err(|error| ApiError::bad(format!("<{OWN}> cannot be read: {error}")))?;
        own.check()?;
        return Ok(own);
    }
    let affects = affected::read(rule)?;
    let window_minutes = number(rule, "duration-min")?;
    let level = |name| {
        let level = child(rule, name);
        level.map(|level| criteria::read(level, window_minutes, affects.kind)).transpose()
    };
    let is_always = child(rule, "always-enabled").is_none() || flag(rule, "always-enabled");
    let read = Rule {
        name: text_of_name(rule).to_owned(),
        enabled: child(rule, "enabled").is_none() || flag(rule, "enabled"),
        window_minutes,
        wait_minutes: number(rule, "wait-time-min")?,
        schedule: match text(rule, "schedule") {
            Some(schedule) if !is_always => schedule.to_owned(),
            _ => ALWAYS.to_owned(),
        },
        critical: level("critical-execution-criteria")?,
        warning: level("warning-execution-criteria")?,
        affects,
    };
    read.check()?;
    Ok(read)
}

#[cfg(test)]
mod tests;
