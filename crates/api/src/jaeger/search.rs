//! What a search asks for. In Jaeger's first API: `service`, `operation`, `tags`, `minDuration`, `maxDuration`, `start`, `end`,
//! `lookback`, `limit`. In its third: `query.serviceName`, `query.operationName`, `query.attributes`, `query.durationMin`,
//! `query.durationMax`, `query.startTimeMin`, `query.startTimeMax`, `query.searchDepth`, or the same in snake case.

use std::collections::BTreeMap;

use model::{
    id::{AccountId, EntityId},
    span::{SpanKind, StatusCode},
};
use telemetry_store::reader::{FoundSpan, SpanQuery};

use super::{
    services::{kind_of, of_tier},
    wrong,
};
use crate::{error::ApiError, prometheus::Asked};

/// Traces, where `limit` is not given.
const DEFAULT_LIMIT: usize = 100;
/// What Jaeger's own form lets ask for at most.
const MAX_LIMIT: usize = 1500;
/// Attributes in one question.
const MAX_TAGS: usize = 8;
/// Without `start` and `lookback`: two days, as Jaeger does.
const DEFAULT_LOOKBACK_NS: u64 = 48 * 3_600_000_000_000;

/// Spans for which all of this is so.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) service: String,
    operation: Option<String>,
    pub(super) tags: Tags,
    min_duration_ns: u64,
    max_duration_ns: u64,
    from_ns: u64,
    to_ns: u64,
    /// Traces.
    pub(super) limit: usize,
}

impl Search {
    /// As the first API asks.
    pub(super) fn read(asked: &Asked, now_ms: i64) -> Result<Search, ApiError> {
        let to_ns = micros(asked, "end")?.unwrap_or(nanos(now_ms));
        // Its front end says `custom` where start and end are given.
        let lookback = asked.text("lookback").and_then(read_duration);
        let lookback_ns = lookback.unwrap_or(DEFAULT_LOOKBACK_NS);
        let search = Search {
            service: required(asked, "service")?.to_owned(),
            operation: asked.text("operation").map(str::to_owned),
            tags: Tags::read(asked)?,
            min_duration_ns: duration(asked, "minDuration")?.unwrap_or(0),
            max_duration_ns: duration(asked, "maxDuration")?.unwrap_or(u64::MAX),
            from_ns: micros(asked, "start")?.unwrap_or(to_ns.saturating_sub(lookback_ns)),
            to_ns,
            limit: limit(asked, "limit")?,
        };
        search.checked()
    }

    /// As the third API asks.
    pub(super) fn read_third(asked: &Asked, now_ms: i64) -> Result<Search, ApiError> {
        // Names of the one or the other spelling, whichever is there.
        let name = |camel: &'static str, snake: &'static str| {
            if asked.text(snake).is_some() { snake } else { camel }
        };
        let time = |name: &str| Ok::<_, ApiError>(asked.time(name)?.map(nanos));
        let to_ns = time(name("query.startTimeMax", "query.start_time_max"))?;
        let to_ns = to_ns.unwrap_or(nanos(now_ms));
        let from_ns = time(name("query.startTimeMin", "query.start_time_min"))?;
        let operation = asked.text(name("query.operationName", "query.operation_name"));
        let (least, most) = (
            duration(asked, name("query.durationMin", "query.duration_min"))?,
            duration(asked, name("query.durationMax", "query.duration_max"))?,
        );
        let search = Search {
            service: required(asked, name("query.serviceName", "query.service_name"))?.to_owned(),
            operation: operation.map(str::to_owned),
            tags: Tags::of(attributes(asked, "query.attributes")?)?,
            min_duration_ns: least.unwrap_or(0),
            max_duration_ns: most.unwrap_or(u64::MAX),
            from_ns: from_ns.unwrap_or(to_ns.saturating_sub(DEFAULT_LOOKBACK_NS)),
            to_ns,
            limit: limit(asked, name("query.searchDepth", "query.search_depth"))?,
        };
        search.checked()
    }

    fn checked(self) -> Result<Search, ApiError> {
        match self.max_duration_ns < self.min_duration_ns {
            true => Err(ApiError::bad("'maxDuration' should be greater than 'minDuration'")),
            false => Ok(self),
        }
    }

    /// What the store is asked.
    pub(super) fn query(&self, account: AccountId, tier: EntityId) -> SpanQuery {
        SpanQuery {
            name: self.operation.clone(),
            attributes: self.tags.attributes.clone(),
            min_duration_ns: self.min_duration_ns,
            max_duration_ns: self.max_duration_ns,
            errors_only: self.tags.error == Some(true),
            from_ns: self.from_ns,
            to_ns: self.to_ns,
            ..of_tier(account, tier)
        }
    }
}

fn required<'a>(asked: &'a Asked, name: &str) -> Result<&'a str, ApiError> {
    asked.text(name).ok_or_else(|| ApiError::bad(format!("parameter '{name}' is required")))
}

fn nanos(unix_ms: i64) -> u64 {
    u64::try_from(unix_ms).unwrap_or(0).saturating_mul(1_000_000)
}

fn limit(asked: &Asked, name: &str) -> Result<usize, ApiError> {
    let Some(text) = asked.text(name) else { return Ok(DEFAULT_LIMIT) };
    match text.parse() {
        Ok(0) => Ok(DEFAULT_LIMIT),
        Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
        _ => Err(wrong(name, text, &format!("a whole number up to {MAX_LIMIT}"))),
    }
}

fn micros(asked: &Asked, name: &str) -> Result<Option<u64>, ApiError> {
    let read = |text: &str| {
        let micros: u64 = text.parse().map_err(|_| wrong(name, text, "Unix microseconds"))?;
        Ok(micros.saturating_mul(1000))
    };
    asked.text(name).map(read).transpose()
}

/// Tags that are attributes of spans or their resources, and those that stand for something else.
#[derive(Debug, Default)]
pub(super) struct Tags {
    attributes: Vec<(String, String)>,
    error: Option<bool>,
    status: Option<StatusCode>,
    kind: Option<SpanKind>,
}

impl Tags {
    /// `tags` is a JSON object of texts; `tag=key:value` may be given several times.
    fn read(asked: &Asked) -> Result<Tags, ApiError> {
        let mut all = BTreeMap::new();
        for text in asked.all("tag") {
            let (key, value) =
                text.split_once(':').ok_or_else(|| wrong("tag", text, "key:value"))?;
            all.insert(key.to_owned(), value.to_owned());
        }
        all.extend(attributes(asked, "tags")?);
        Tags::of(all)
    }

    fn of(all: BTreeMap<String, String>) -> Result<Tags, ApiError> {
        if all.len() > MAX_TAGS {
            return Err(ApiError::bad(format!("there are at most {MAX_TAGS} tags in a search")));
        }
        let mut tags = Tags::default();
        for (key, value) in all {
            tags.add(key, value)?;
        }
        Ok(tags)
    }

    fn add(&mut self, key: String, value: String) -> Result<(), ApiError> {
        match &*key {
            "error" => {
                let error = value.parse();
                self.error = Some(error.map_err(|_| wrong("error", &value, "true or false"))?);
            }
            "otel.status_code" => {
                self.status = Some(match &*value {
                    "ERROR" => StatusCode::Error,
                    "OK" => StatusCode::Ok,
                    _ => return Err(wrong("otel.status_code", &value, "ERROR or OK")),
                });
            }
            "span.kind" => {
                let kinds = "server, client, producer, consumer or internal";
                self.kind = Some(kind_of(&value).ok_or_else(|| wrong("span.kind", &value, kinds))?);
            }
            _ => self.attributes.push((key, value)),
        }
        Ok(())
    }

    /// Whether a span has what the store was not asked for.
    pub(super) fn take(tags: &Tags, span: &FoundSpan) -> bool {
        tags.error.is_none_or(|error| (span.status == StatusCode::Error) == error)
            && tags.status.is_none_or(|status| span.status == status)
            && tags.kind.is_none_or(|kind| span.kind == kind)
    }
}

/// JSON objects of texts, put together.
fn attributes(asked: &Asked, name: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let mut all = BTreeMap::new();
    for text in asked.all(name) {
        let read = serde_json::from_str::<BTreeMap<String, String>>(text);
        all.extend(read.map_err(|_| wrong(name, text, "a JSON object of texts"))?);
    }
    Ok(all)
}

fn duration(asked: &Asked, name: &str) -> Result<Option<u64>, ApiError> {
    let what = "a duration such as 100us, 1.5ms or 1m30s";
    let read = |text: &str| read_duration(text).ok_or_else(|| wrong(name, text, what));
    asked.text(name).map(read).transpose()
}

/// A duration as Go writes it (`1m30.5s`), with days besides, in nanoseconds.
fn read_duration(text: &str) -> Option<u64> {
    const UNITS: [(&str, f64); 9] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("μs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3600e9),
        ("d", 86_400e9),
    ];
    let (mut rest, mut nanos) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == &rest[..end])?;
        nanos += number * unit;
        rest = &rest[end..];
    }
    (!text.is_empty() && nanos < 1e18).then_some(nanos.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, expected) in [
            ("100us", Some(100_000)),
            ("1.2ms", Some(1_200_000)),
            ("1m30.5s", Some(90_500_000_000)),
            ("5µs", Some(5_000)),
            ("2d", Some(172_800_000_000_000)),
            ("", None),
            ("5", None),
            ("ms", None),
            ("1.2.3s", None),
            ("-1s", None),
            ("5 s", None),
            ("999999999999d", None),
        ] {
            assert_eq!(read_duration(text), expected, "{text:?}");
        }
    }
}
