//! How a change is told: its event.

use metadata_store::{Directory, EntityRef, EventSeverity, NewEvent, event_key};
use model::{
    anomaly::{AnomalyChangeKind, AnomalyMeasure, CauseVerdict},
    entity::EntityKind,
    id::{AccountId, EntityId},
    rule::Level,
    time::Minute,
};
use serde::Serialize;

use super::{
    episode::Change,
    stored::Body,
    words::{called, cut, figure},
};

/// The persisted number of a level.
pub(super) fn number(level: Level) -> u8 {
    match level {
        Level::Warning => 1,
        Level::Critical => 2,
    }
}

/// Reads the persisted number; what a newer version made counts as critical.
pub(super) fn level(number: u8) -> Level {
    if number == 1 { Level::Warning } else { Level::Critical }
}

/// What the event of a change keeps: what notices tell of it.
#[derive(Debug, Serialize)]
struct Detail<'a> {
    /// Since when it deviates.
    since_ms: i64,
    metric: &'a str,
    value: f64,
    unit: &'a str,
    expected: String,
    verdict: CauseVerdict,
    suspect: Option<&'a super::stored::Brief>,
}

/// Whose anomaly a change is of.
#[derive(Clone, Debug)]
pub(super) struct Whose {
    pub(super) account: AccountId,
    pub(super) application: EntityId,
    pub(super) entity: EntityId,
    pub(super) kind: EntityKind,
    pub(super) name: String,
    /// A node's tier.
    pub(super) tier: Option<String>,
}

impl Whose {
    /// As it is called in sentences.
    pub(super) fn called(&self) -> String {
        let tier = self.tier.as_deref();
        match model::anomaly::AnomalousKind::of(self.kind) {
            Some(kind) => called(kind, &self.name, tier),
            None => self.name.clone(),
        }
    }
}

/// The name of the tier that a node is of; none of what is no node.
pub(super) fn tier_of(directory: &Directory, entity: EntityId) -> Option<String> {
    let node = directory.get(entity).filter(|entity| entity.key.kind == EntityKind::Node)?;
    Some(directory.get(node.key.parent)?.key.name.clone())
}

/// The event of a change that was seen in a minute.
pub(super) fn event(
    whose: &Whose,
    change: Change,
    measure: AnomalyMeasure,
    body: &Body,
    onset: Minute,
    minute: Minute,
) -> NewEvent {
    let kind = change.event_kind();
    let severity = match change.level {
        _ if change.ends() => EventSeverity::Info,
        Level::Warning => EventSeverity::Warn,
        Level::Critical => EventSeverity::Error,
    };
    let level = match change.level {
        Level::Warning => "warning",
        Level::Critical => "critical",
    };
    let metric = match measure {
        AnomalyMeasure::ResponseTime => "Response time",
        AnomalyMeasure::ErrorShare => "Share of failed calls",
        AnomalyMeasure::Calls => "Calls",
        AnomalyMeasure::Metric => body.metric.as_deref().unwrap_or("Metric"),
    };
    let detail = Detail {
        since_ms: onset.start_millis(),
        metric,
        value: body.observed,
        unit: &body.unit,
        expected: format!("about {}", figure(body.expected, &body.unit)),
        verdict: body.verdict,
        suspect: body.suspect.as_ref(),
    };
    let key = event_key(&[
        b"anomaly",
        &whose.entity.0.to_be_bytes(),
        &minute.0.to_be_bytes(),
        kind.as_bytes(),
    ]);
    let mut properties = vec![("level".to_owned(), level.to_owned())];
    if let Some(suspect) = &body.suspect {
        properties.push(("suspected cause".to_owned(), cut(&suspect.entity.called(), 500)));
    }
    NewEvent {
        account_id: whose.account.0,
        application_id: Some(whose.application.0),
        kind: kind.to_owned(),
        sub_type: String::new(),
        severity,
        // It was known once the minute was over.
        time_ms: Minute(minute.0 + 1).start_millis(),
        summary: cut(&sentence(whose, change, body), 900),
        comment: String::new(),
        affected: vec![EntityRef {
            kind: whose.kind as u8,
            id: whose.entity.0,
            name: cut(&whose.name, 250),
        }],
        triggered: None,
        properties,
        key: Some(key),
        repeats: 1,
        detail: serde_json::to_string(&detail).expect("it is plain data"),
    }
}

/// What happened, in a sentence.
pub(super) fn sentence(whose: &Whose, change: Change, body: &Body) -> String {
    let of = whose.called();
    match change.kind {
        AnomalyChangeKind::Opened => body.summary.clone(),
        AnomalyChangeKind::Upgraded => format!("Now critical: {}", body.summary),
        AnomalyChangeKind::Downgraded => format!("Now a warning: {}", body.summary),
        AnomalyChangeKind::Closed => {
            format!("The anomaly of {of} is over. It was: {}", body.summary)
        }
        AnomalyChangeKind::Shifted => format!(
            "{of} stays where it went, which is usual from now on; the anomaly is over. It was: {}",
            body.summary
        ),
    }
}
