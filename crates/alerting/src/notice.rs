//! Notices: what people are told. One cause, one notice, with everything that it concerns.

use metadata_store::{EntityRef, Event, EventSeverity};
use model::event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::policy::{Phase, phase};

/// Entries that a notice lists; further ones are counted.
pub const MAX_ENTRIES: usize = 30;

/// Something with an id and a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub id: u32,
    pub name: String,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Something is wrong and goes on.
    Alarm,
    /// It has ended.
    Recovery,
    /// Something happened.
    Event,
    /// What happened in the last hours.
    Digest,
    /// A try of an action.
    Test,
}

/// How bad the worst of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

/// A notice as it is stored and rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub kind: NoticeKind,
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// The same for every notice of one cause: what receivers join them by.
    pub key: String,
    pub policy: Named,
    pub application: Option<Named>,
    /// The health rule, or the type of the events.
    pub cause: Named,
    /// The earliest beginning of its entries, Unix milliseconds.
    pub since_ms: i64,
    /// When it was written.
    pub at_ms: i64,
    pub entries: Vec<Entry>,
    /// Entries beyond those listed.
    pub more: u32,
    /// Whether nothing of its cause goes on.
    pub over: bool,
    /// Where it can be looked at.
    pub link: String,
}

/// One thing that a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub event_id: u32,
    /// `POLICY_OPEN_CRITICAL`.
    pub event_type: String,
    pub severity: Severity,
    pub summary: String,
    pub entity: Option<EntryEntity>,
    pub since_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Why it ended without having recovered: "the rule was changed". None of what goes on or has recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unjudged_because: Option<String>,
    pub measures: Vec<Measure>,
    pub properties: Vec<(String, String)>,
    pub link: String,
}

/// Whom an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryEntity {
    /// As people read it, `business transaction`.
    pub kind: String,
    pub id: u32,
    pub name: String,
    /// A node's tier: nodes of several tiers are often called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
}

impl EntryEntity {
    /// As people read it: `vm-1 of catalog`.
    pub fn called(&self) -> String {
        called(&self.name, self.tier.as_deref())
    }
}

/// An entity's name with that of its tier where that is to be said.
pub fn called(name: &str, tier: Option<&str>) -> String {
    match tier {
        Some(tier) if !tier.is_empty() => format!("{name} of {tier}"),
        _ => name.to_owned(),
    }
}

/// A figure, and what was expected of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    pub name: String,
    pub value: String,
    pub expected: String,
}

/// What an entity's kind is called.
pub fn kind_name(kind: u8) -> &'static str {
    match kind {
        1 => "application",
        2 => "tier",
        3 => "node",
        4 => "business transaction",
        5 => "service endpoint",
        6 => "backend",
        7 => "queue",
        8 => "error",
        EntityRef::HEALTH_RULE => "health rule",
        _ => "entity",
    }
}

/// The page of an entity, below the public URL.
pub fn page_of(application: Option<u32>, entity: Option<(u8, u32)>) -> String {
    let Some(application) = application else { return "/applications".to_owned() };
    let page = |name: &str, id: u32| format!("/applications/{application}/{name}/{id}");
    match entity {
        Some((2, id)) => page("tiers", id),
        Some((3, id)) => page("nodes", id),
        Some((4, id)) => page("business-transactions", id),
        Some((6 | 7, id)) => page("backends", id),
        Some((8, id)) => page("errors", id),
        _ => format!("/applications/{application}/flow-map"),
    }
}

impl Entry {
    /// An entry of an event. `base` is the public URL, without a slash at its end. What a node's tier is called the event does
    /// not say.
    pub fn of(event: &Event, base: &str) -> Entry {
        let entity = event.affected.iter().find(|entity| entity.kind < 100);
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or(Value::Null);
        let page = match (anomaly_of(event), trace_of(event)) {
            (Some((application, id)), _) => format!("/applications/{application}/anomalies/{id}"),
            (None, Some(trace)) => format!("/traces/{trace}"),
            _ => page_of(event.application_id, entity.map(|entity| (entity.kind, entity.id))),
        };
        let since = since(&detail).unwrap_or(event.time_ms);
        Entry {
            event_id: event.id,
            event_type: match event.kind.as_str() {
                "CUSTOM" if !event.sub_type.is_empty() => format!("CUSTOM: {}", event.sub_type),
                kind => kind.to_owned(),
            },
            severity: severity(event),
            summary: cut(&event.summary, 400),
            entity: entity.map(|entity| EntryEntity {
                kind: kind_name(entity.kind).to_owned(),
                id: entity.id,
                name: entity.name.clone(),
                tier: None,
            }),
            since_ms: since,
            ended_ms: (phase(&event.kind) == Phase::Ends).then_some(event.time_ms),
            unjudged_because: event
                .kind
                .starts_with("POLICY_CANCELED_")
                .then(|| cut(&event.comment, 200)),
            measures: measures(&detail),
            properties: properties(event),
            link: match page.starts_with("/traces/") {
                true => format!("{base}{page}"),
                false => format!("{base}{page}{}", around(since.min(event.time_ms), event.time_ms)),
            },
        }
    }
}

/// The application and the anomaly that an event tells of.
fn anomaly_of(event: &Event) -> Option<(u32, u32)> {
    let of_anomaly = event.kind.starts_with("ANOMALY_");
    let (_, id) = event.properties.iter().find(|(name, _)| of_anomaly && name == "anomaly")?;
    Some((event.application_id?, id.parse().ok()?))
}

/// The trace by which transactions that went badly are looked at.
fn trace_of(event: &Event) -> Option<&str> {
    let of_transactions = [event::SLOW, event::VERY_SLOW, event::STALL, event::ERROR];
    if !of_transactions.contains(&event.kind.as_str()) {
        return None;
    }
    let (_, trace) = event.properties.iter().find(|(name, _)| name == "trace")?;
    trace.bytes().all(|one| one.is_ascii_hexdigit()).then_some(trace)
}

/// The first properties of an event.
fn properties(event: &Event) -> Vec<(String, String)> {
    let all = event.properties.iter().take(8);
    all.map(|(name, value)| (cut(name, 64), cut(value, 128))).collect()
}

/// At most so many bytes of a text, without control characters.
fn cut(text: &str, most: usize) -> String {
    let clean = text.replace(|one: char| one.is_control() && one != '\n', " ");
    match clean.char_indices().take_while(|(at, one)| at + one.len_utf8() <= most).last() {
        Some((at, one)) if at + one.len_utf8() < clean.len() => {
            format!("{}…", &clean[..at + one.len_utf8()])
        }
        _ => clean,
    }
}

/// What a page's URL says of the time around these moments.
fn around(from_ms: i64, to_ms: i64) -> String {
    const HALF_AN_HOUR: i64 = 1_800_000;
    format!("?from={}&to={}", from_ms - HALF_AN_HOUR, to_ms + HALF_AN_HOUR)
}

/// How bad an event is.
pub fn severity(event: &Event) -> Severity {
    match event.severity {
        EventSeverity::Info => Severity::Info,
        EventSeverity::Warn => Severity::Warning,
        EventSeverity::Error => Severity::Critical,
    }
}

/// When what an event is about began, as far as its detail says.
fn since(detail: &Value) -> Option<i64> {
    ["since_ms", "since", "opened_ms", "opened_at", "start_ms"]
        .iter()
        .find_map(|name| detail.get(name)?.as_i64())
}

/// What was measured and what was expected: `value`, `expected` and `unit` of the detail itself and of its `conditions`,
/// those that were met first.
fn measures(detail: &Value) -> Vec<Measure> {
    let mut all: Vec<&Value> =
        detail.get("conditions").and_then(Value::as_array).into_iter().flatten().collect();
    all.sort_by_key(|one| !one.get("violated").and_then(Value::as_bool).unwrap_or(true));
    let own = detail.get("value").map(|_| detail);
    own.into_iter().chain(all).filter_map(measure).take(10).collect()
}

fn measure(one: &Value) -> Option<Measure> {
    let unit = one.get("unit").and_then(Value::as_str).unwrap_or_default();
    let field = |names: &[&str]| {
        names.iter().find_map(|name| shown(one.get(name)?, unit)).unwrap_or_default()
    };
    let name = ["metric", "name", "metric_path", "condition"]
        .iter()
        .find_map(|name| one.get(name)?.as_str());
    let measure = Measure {
        name: cut(name.unwrap_or("value"), 128),
        value: cut(&field(&["value", "actual"]), 64),
        expected: cut(&field(&["expected", "threshold", "limit"]), 64),
    };
    (!measure.value.is_empty()).then_some(measure)
}

/// A figure with its unit; a text as it is.
fn shown(value: &Value, unit: &str) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => {
            let number = number.as_f64()?;
            let digits = if number.abs() >= 100.0 || number.fract() == 0.0 { 0 } else { 2 };
            Some(format!("{number:.digits$} {unit}").trim_end().to_owned())
        }
        _ => None,
    }
}

/// A made-up notice: for tries of an action, and for tests.
pub fn sample() -> Notice {
    let since_ms = 1_700_000_000_000;
    let entry = Entry {
        event_id: 0,
        event_type: "POLICY_OPEN_CRITICAL".to_owned(),
        severity: Severity::Critical,
        summary: "Average response time is 812 ms, far above what is normal at this hour"
            .to_owned(),
        entity: Some(EntryEntity {
            kind: "business transaction".to_owned(),
            id: 17,
            name: "POST /checkout".to_owned(),
            tier: None,
        }),
        since_ms,
        ended_ms: None,
        unjudged_because: None,
        measures: vec![Measure {
            name: "Average Response Time".to_owned(),
            value: "812 ms".to_owned(),
            expected: "at most 120 ms".to_owned(),
        }],
        properties: Vec::new(),
        link: "https://apm.example.com/applications/3/business-transactions/17".to_owned(),
    };
    Notice {
        kind: NoticeKind::Alarm,
        severity: Severity::Critical,
        title: "Critical: Checkout is slow on POST /checkout · shop".to_owned(),
        key: "vedette/1/3/100:9".to_owned(),
        policy: Named { id: 1, name: "Page the shop's team".to_owned() },
        application: Some(Named { id: 3, name: "shop".to_owned() }),
        cause: Named { id: 9, name: "Checkout is slow".to_owned() },
        since_ms,
        at_ms: since_ms + 90_000,
        link: entry.link.clone(),
        entries: vec![entry],
        more: 0,
        over: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units_and_what_was_broken_comes_first() {
        let detail = serde_json::json!({
            "since_ms": 5,
            "conditions": [
                {"metric": "Calls per Minute", "value": 80.0, "expected": "> 50", "violated": false},
                {"metric": "Average Response Time", "value": 812.4, "expected": 120.25, "unit": "ms",
                 "violated": true},
                {"metric": "nothing was measured", "value": null},
            ],
        });
        let measures = measures(&detail);
        let texts: Vec<_> = measures.iter().map(|one| (&*one.value, &*one.expected)).collect();
        assert_eq!(texts, [("812 ms", "120 ms"), ("80", "> 50")]);
        assert_eq!(since(&detail), Some(5));
        assert!(super::measures(&Value::Null).is_empty());
    }

    #[test]
    fn an_entity_leads_to_its_page() {
        assert_eq!(page_of(Some(3), Some((4, 17))), "/applications/3/business-transactions/17");
        assert_eq!(page_of(Some(3), None), "/applications/3/flow-map");
        assert_eq!(page_of(None, Some((4, 17))), "/applications");
    }
}
