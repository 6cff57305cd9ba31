//! Action suppressions.

use std::collections::BTreeSet;

use alerting::{
    notifier,
    suppression::{Suppression, Window, moment},
};
use metadata_store::{AlertConfig, DocumentNeeds};
use serde_json::{Map, Value, json};

use super::{Asked, Read, json_text, named, rules, shown_rules, texts};
use crate::{error::ApiError, notification};

const DAYS: [&str; 7] =
    ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

impl Asked<'_> {
    pub(super) async fn read_suppression(
        &self,
        document: Map<String, Value>,
        stored: Option<&AlertConfig>,
    ) -> Result<Read, ApiError> {
        let (name, reference) = named(&document)?;
        let window = window(&document)?;
        window.check().map_err(ApiError::bad)?;
        let suppression = Suppression {
            enabled: document.get("enabled").and_then(Value::as_bool).unwrap_or(true),
            window,
            rules: rules(document.get("healthRuleScope"))?.into_iter().collect(),
            entities: match document.get("affects") {
                None => Vec::new(),
                Some(affects) => self.selectors(affects)?,
            },
            reference: Some(reference),
        };
        let before = stored.and_then(|stored| notifier::read::<Suppression>(stored).ok());
        let before = before.as_ref().map(|stored| &stored.value);
        notification::lies_ahead(self.context, &suppression.window, before.map(|one| &one.window))?;
        let rules = self.known_rules(&suppression.rules, before.map(|one| &one.rules)).await?;
        let needs = DocumentNeeds { rules, ..DocumentNeeds::default() };
        Ok(Read { name, body: json_text(&suppression), sealed: Vec::new(), needs })
    }

    pub(super) fn show_suppression(
        &self,
        config: &AlertConfig,
    ) -> Result<Map<String, Value>, ApiError> {
        let suppression = notifier::read::<Suppression>(config)?.value;
        if let Some(Value::Object(document)) = suppression.reference {
            return Ok(document);
        }
        let mut document = shown_window(&suppression.window);
        document["disableAgentReporting"] = false.into();
        document["affects"] = match suppression.entities.is_empty() {
            true => json!({ "affectedInfoType": "APPLICATION" }),
            false => self.shown_selectors(&suppression.entities),
        };
        document["healthRuleScope"] = shown_rules(&suppression.rules);
        match document {
            Value::Object(document) => Ok(document),
            _ => Ok(Map::new()),
        }
    }
}

fn text<'a>(of: &'a Map<String, Value>, name: &str) -> Result<&'a str, ApiError> {
    let text = of.get(name).and_then(Value::as_str);
    text.ok_or_else(|| ApiError::bad(format!("{name} has to be given as a text")))
}

fn window(document: &Map<String, Value>) -> Result<Window, ApiError> {
    let zone = document.get("timezone").and_then(Value::as_str).unwrap_or("UTC");
    match text(document, "suppressionScheduleType")? {
        "ONE_TIME" => {
            let at = |name: &str| {
                let value = document.get(name).unwrap_or(&Value::Null);
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                moment(&text, zone).map_err(|why| ApiError::bad(format!("{name}: {why}")))
            };
            Ok(Window::OneTime { from_ms: at("startTime")?, until_ms: at("endTime")? })
        }
        "RECURRING" => {
            let schedule = document.get("recurringSchedule").and_then(Value::as_object);
            let schedule = schedule
                .ok_or_else(|| ApiError::bad("recurringSchedule has to be given as an object"))?;
            recurring(schedule, zone)
        }
        other => Err(ApiError::bad(format!(
            "suppressionScheduleType is {other:?}; use ONE_TIME or RECURRING"
        ))),
    }
}

fn recurring(schedule: &Map<String, Value>, zone: &str) -> Result<Window, ApiError> {
    let days = texts(schedule.get("days"), "days")?;
    let day = |day: &String| {
        let found =
            DAYS.iter().position(|known| known == day).and_then(|at| u8::try_from(at + 1).ok());
        found.ok_or_else(|| ApiError::bad(format!("{day:?} is no day such as MONDAY")))
    };
    let days: BTreeSet<u8> = days.iter().map(day).collect::<Result<_, _>>()?;
    let mut month_days = BTreeSet::new();
    match text(schedule, "scheduleFrequency")? {
        "DAILY" => (),
        "WEEKLY" if !days.is_empty() => (),
        "MONTHLY_SPECIFIC_DATE" => {
            let date = schedule.get("day").or_else(|| schedule.get("date")).and_then(Value::as_u64);
            let date = date.and_then(|date| u8::try_from(date).ok());
            month_days.extend(date);
            if month_days.is_empty() {
                return Err(ApiError::bad("day has to be 1 to 31"));
            }
        }
        other => {
            return Err(ApiError::bad(format!(
                "scheduleFrequency is {other:?}; use DAILY, WEEKLY with days, or MONTHLY_SPECIFIC_DATE"
            )));
        }
    }
    Ok(Window::Recurring {
        days,
        month_days,
        from_minute: minute(text(schedule, "startTime")?)?,
        until_minute: minute(text(schedule, "endTime")?)?,
        zone: zone.to_owned(),
    })
}

/// Minutes since midnight of `22:30` or `22:30:00`.
fn minute(text: &str) -> Result<u16, ApiError> {
    let wrong = || ApiError::bad(format!("{text:?} is no time such as 22:30"));
    let mut parts = text.split(':').map(|part| part.parse::<u16>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(hours @ 0..=24), Some(minutes @ 0..=59)) => Ok(hours * 60 + minutes),
        _ => Err(wrong()),
    }
}

fn shown_window(window: &Window) -> Value {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    match window {
        Window::OneTime { from_ms, until_ms } => json!({
            "suppressionScheduleType": "ONE_TIME",
            "timezone": "UTC",
            "startTime": from_ms.to_string(),
            "endTime": until_ms.to_string(),
        }),
        Window::Recurring { days, month_days, from_minute, until_minute, zone } => {
            let names: Vec<&str> =
                days.iter().filter_map(|day| DAYS.get(usize::from(*day) - 1).copied()).collect();
            let frequency = match (month_days.first(), names.is_empty()) {
                (Some(_), _) => "MONTHLY_SPECIFIC_DATE",
                (None, false) => "WEEKLY",
                (None, true) => "DAILY",
            };
            json!({
                "suppressionScheduleType": "RECURRING",
                "timezone": zone,
                "recurringSchedule": {
                    "scheduleFrequency": frequency,
                    "days": names,
                    "day": month_days.first(),
                    "startTime": clock(*from_minute),
                    "endTime": clock(*until_minute),
                },
            })
        }
    }
}
