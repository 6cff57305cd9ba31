//! Schedules in the reference's shapes.

use axum::{Json, response::IntoResponse};
use http::StatusCode;
use metadata_store::{HealthRules as _, StoredSchedule};
use model::rule::{Schedule, Times, Weekday, WhichDay};
use serde_json::{Map, Value, json};

use super::{created, one_of, text, texts, word};
use crate::{
    auth::Trail, controller::asked::Asked, error::ApiError, extract::Body, health_rules as rules,
    v1::rule_schedules as told,
};

const DAYS: [(&str, Weekday); 7] = [
    ("MONDAY", Weekday::Monday),
    ("TUESDAY", Weekday::Tuesday),
    ("WEDNESDAY", Weekday::Wednesday),
    ("THURSDAY", Weekday::Thursday),
    ("FRIDAY", Weekday::Friday),
    ("SATURDAY", Weekday::Saturday),
    ("SUNDAY", Weekday::Sunday),
];

const OCCURRENCES: [(&str, WhichDay); 5] = [
    ("FIRST", WhichDay::First),
    ("SECOND", WhichDay::Second),
    ("THIRD", WhichDay::Third),
    ("FOURTH", WhichDay::Fourth),
    ("LAST", WhichDay::Last),
];

pub(crate) async fn list(asked: Asked) -> Result<Json<Value>, ApiError> {
    let app = asked.application()?;
    let all = asked.context().store.schedules(app.id.0).await?;
    let item = |stored: &StoredSchedule| {
        let Schedule { name, description, timezone, .. } = rules::schedule_of(stored)?;
        Ok(json!({"id": stored.id, "name": name, "description": description, "timezone": timezone}))
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
    let schedule = read(&body)?;
    let stored =
        rules::put_schedule(asked.context(), &asked.caller, app.id, None, &schedule).await?;
    trail.tell_made("schedule", (stored.id, &stored.name), &told::body(&stored)?);
    Ok(created(written(stored.id, &schedule)))
}

pub(crate) async fn one(asked: Asked) -> Result<Json<Value>, ApiError> {
    let app = asked.application()?;
    let id = asked.path_id("schedule", "schedule")?;
    let stored = rules::schedule(asked.context(), app.id, id).await?;
    Ok(Json(written(stored.id, &rules::schedule_of(&stored)?)))
}

pub(crate) async fn replace(
    asked: Asked,
    trail: Trail,
    Body(body): Body<Value>,
) -> Result<Json<Value>, ApiError> {
    let app = asked.application()?;
    let id = asked.path_id("schedule", "schedule")?;
    let schedule = read(&body)?;
    let was = rules::schedule(asked.context(), app.id, id).await?;
    let stored =
        rules::put_schedule(asked.context(), &asked.caller, app.id, Some(id), &schedule).await?;
    let before = told::body(&was).ok();
    trail.tell_changed("schedule", (id, &was.name), before.as_ref(), &told::body(&stored)?);
    Ok(Json(written(id, &schedule)))
}

pub(crate) async fn delete(asked: Asked, trail: Trail) -> Result<StatusCode, ApiError> {
    let app = asked.application()?;
    let id = asked.path_id("schedule", "schedule")?;
    let was = rules::schedule(asked.context(), app.id, id).await?;
    rules::delete_schedule(asked.context(), &asked.caller, app.id, id).await?;
    trail.tell_deleted("schedule", (id, &was.name), told::body(&was).ok().as_ref());
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a body.
pub(super) fn read(body: &Value) -> Result<Schedule, ApiError> {
    Ok(Schedule {
        name: text(body, "name")?.to_owned(),
        description: body["description"].as_str().unwrap_or_default().to_owned(),
        timezone: text(body, "timezone")?.to_owned(),
        times: times(&body["scheduleConfiguration"])?,
    })
}

/// Writes one.
pub(super) fn written(id: u32, schedule: &Schedule) -> Value {
    json!({
        "id": id,
        "name": schedule.name,
        "description": schedule.description,
        "timezone": schedule.timezone,
        "scheduleConfiguration": configuration(&schedule.times),
    })
}

fn times(configuration: &Value) -> Result<Times, ApiError> {
    let of = |field: &str| text(configuration, field).map(str::to_owned);
    let frequency = text(configuration, "scheduleFrequency")?;
    if frequency == "CUSTOM" {
        return Ok(Times::Custom { start_cron: of("startCron")?, end_cron: of("endCron")? });
    }
    let (start_time, end_time) = (of("startTime")?, of("endTime")?);
    match frequency {
        "ONE_TIME" => Ok(Times::OneTime {
            start_date: of("startDate")?,
            start_time,
            end_date: of("endDate")?,
            end_time,
        }),
        "DAILY" => Ok(Times::Daily { start_time, end_time }),
        "WEEKLY" => {
            let days = texts(configuration, "days")?;
            let days = days.iter().map(|day| one_of("days", day, &DAYS));
            Ok(Times::Weekly { days: days.collect::<Result<_, _>>()?, start_time, end_time })
        }
        "MONTHLY_SPECIFIC_DATE" => Ok(Times::MonthlyDate {
            start_day: day(configuration, "startDate")?,
            start_time,
            end_day: day(configuration, "endDate")?,
            end_time,
        }),
        "MONTHLY_SPECIFIC_DAY" => Ok(Times::MonthlyDay {
            which: one_of("occurrence", text(configuration, "occurrence")?, &OCCURRENCES)?,
            day: one_of("day", text(configuration, "day")?, &DAYS)?,
            start_time,
            end_time,
        }),
        other => Err(ApiError::bad(format!(
            "scheduleFrequency is {other:?}; use ONE_TIME, DAILY, WEEKLY, MONTHLY_SPECIFIC_DATE, MONTHLY_SPECIFIC_DAY or CUSTOM"
        ))),
    }
}

/// A day of the month, as a number or a text.
fn day(configuration: &Value, field: &str) -> Result<u8, ApiError> {
    let value = &configuration[field];
    let day = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let day = day.and_then(|day| u8::try_from(day).ok());
    day.ok_or_else(|| ApiError::bad(format!("{field} has to be a day of the month")))
}

fn configuration(times: &Times) -> Value {
    let mut written = Map::new();
    let mut put = |field: &str, value: Value| drop(written.insert(field.to_owned(), value));
    match times {
        Times::Custom { start_cron, end_cron } => {
            put("scheduleFrequency", "CUSTOM".into());
            put("startCron", start_cron.as_str().into());
            put("endCron", end_cron.as_str().into());
        }
        Times::OneTime { start_date, start_time, end_date, end_time } => {
            put("scheduleFrequency", "ONE_TIME".into());
            put("startDate", start_date.as_str().into());
            put("startTime", start_time.as_str().into());
            put("endDate", end_date.as_str().into());
            put("endTime", end_time.as_str().into());
        }
        Times::Daily { start_time, end_time } => {
            put("scheduleFrequency", "DAILY".into());
            put("startTime", start_time.as_str().into());
            put("endTime", end_time.as_str().into());
        }
        Times::Weekly { days, start_time, end_time } => {
            put("scheduleFrequency", "WEEKLY".into());
            let days: Vec<&str> = days.iter().map(|day| word(*day, &DAYS)).collect();
            put("days", days.into());
            put("startTime", start_time.as_str().into());
            put("endTime", end_time.as_str().into());
        }
        Times::MonthlyDate { start_day, start_time, end_day, end_time } => {
            put("scheduleFrequency", "MONTHLY_SPECIFIC_DATE".into());
            put("startDate", (*start_day).into());
            put("startTime", start_time.as_str().into());
            put("endDate", (*end_day).into());
            put("endTime", end_time.as_str().into());
        }
        Times::MonthlyDay { which, day, start_time, end_time } => {
            put("scheduleFrequency", "MONTHLY_SPECIFIC_DAY".into());
            put("occurrence", word(*which, &OCCURRENCES).into());
            put("day", word(*day, &DAYS).into());
            put("startTime", start_time.as_str().into());
            put("endTime", end_time.as_str().into());
        }
    }
    Value::Object(written)
}
