//! Health rules in the reference's shapes.

use axum::{Json, response::IntoResponse};
use http::StatusCode;
use metadata_store::{HealthRule, HealthRules as _};
use model::rule::Rule;
use serde_json::{Value, json};

use super::{affects, created, criteria, text};
use crate::{
    auth::Trail, controller::asked::Asked, error::ApiError, extract::Body, health_rules as rules,
    v1::health_rules as told,
};

pub(crate) async fn list(asked: Asked) -> Result<Json<Value>, ApiError> {
    let app = asked.application()?;
    let all = asked.context().store.health_rules(app.id.0).await?;
    let item = |stored: &HealthRule| {
        let rule = rules::rule_of(stored)?;
        Ok(json!({
            "id": stored.id,
            "name": rule.name,
            "enabled": rule.enabled,
            "affectedEntityType": affects::entity_type(rule.affects.kind),
        }))
    };
    let items = all.iter().map(item).collect::<Result<Vec<Value>, ApiError>>()?;
    Ok(Json(items.into()))
}

pub(crate) async fn create(
    asked: Asked,
    trail: Trail,
    Body(body): Body<Value>,
) -> Result<impl IntoResponse, ApiError> {
    let app = asked.application()?;
    let rule = read(&body)?;
    let stored = rules::put_rule(asked.context(), &asked.caller, app.id, None, &rule).await?;
    let made = told::body(asked.context(), &asked.caller, &stored)?;
    trail.tell_made("health rule", (stored.id, &stored.name), &made);
    Ok(created(written(stored.id, &rule)))
}

pub(crate) async fn one(asked: Asked) -> Result<Json<Value>, ApiError> {
    let app = asked.application()?;
    let id = asked.path_id("rule", "health rule")?;
    let stored = rules::rule(asked.context(), app.id, id).await?;
    Ok(Json(written(stored.id, &rules::rule_of(&stored)?)))
}

pub(crate) async fn replace(
    asked: Asked,
    trail: Trail,
    Body(body): Body<Value>,
) -> Result<Json<Value>, ApiError> {
    let app = asked.application()?;
    let id = asked.path_id("rule", "health rule")?;
    let rule = read(&body)?;
    let was = rules::rule(asked.context(), app.id, id).await?;
    let stored = rules::put_rule(asked.context(), &asked.caller, app.id, Some(id), &rule).await?;
    told::changed(asked.context(), (&asked.caller, &trail), &was, &stored)?;
    Ok(Json(written(id, &rule)))
}

pub(crate) async fn delete(asked: Asked, trail: Trail) -> Result<StatusCode, ApiError> {
    let app = asked.application()?;
    let id = asked.path_id("rule", "health rule")?;
    let was = rules::rule(asked.context(), app.id, id).await?;
    rules::delete_rule(asked.context(), &asked.caller, app.id, id).await?;
    told::deleted(asked.context(), (&asked.caller, &trail), &was);
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a body.
pub(super) fn read(body: &Value) -> Result<Rule, ApiError> {
    let minutes = |field: &str, default: u16| match &body[field] {
        Value::Null => Ok(default),
        value => value
            .as_u64()
            .and_then(|value| u16::try_from(value).ok())
            .ok_or_else(|| ApiError::bad(format!("{field} has to be a number of minutes"))),
    };
    let window_minutes = minutes("useDataFromLastNMinutes", 30)?;
    let levels = &body["evalCriterias"];
    Ok(Rule {
        name: text(body, "name")?.to_owned(),
        enabled: body["enabled"].as_bool().unwrap_or(true),
        window_minutes,
        wait_minutes: minutes("waitTimeAfterViolation", 30)?,
        schedule: body["scheduleName"].as_str().unwrap_or(model::rule::ALWAYS).to_owned(),
        affects: affects::read(&body["affects"])?,
        critical: criteria::read(&levels["criticalCriteria"], window_minutes)?,
        warning: criteria::read(&levels["warningCriteria"], window_minutes)?,
    })
}

/// Writes one.
pub(super) fn written(id: u32, rule: &Rule) -> Value {
    json!({
        "id": id,
        "name": rule.name,
        "enabled": rule.enabled,
        "useDataFromLastNMinutes": rule.window_minutes,
        "waitTimeAfterViolation": rule.wait_minutes,
        "scheduleName": rule.schedule,
        "affects": affects::write(&rule.affects),
        "evalCriterias": {
            "criticalCriteria": criteria::write(rule.critical.as_ref()),
            "warningCriteria": criteria::write(rule.warning.as_ref()),
        },
    })
}
