//! The telemetry store as somebody sees it who may see an application, but not what in it may tell of people
//! ([`model::access::Permission::SensitiveData`]).
//!
//! It lies over the reader, so that no handler can forget it. Values of attributes are hidden unless they say how something
//! was called, which the flow map shows anyway: what is shown is listed, so that what nobody thought of is hidden. Statements
//! and paths lose their literals, messages of exceptions become those of their group. What is hidden cannot be searched
//! either: asking for one value after another would tell it.

use std::borrow::Cow;

use model::{
    figure::{Figure, FigureKey},
    id::{AccountId, EntityId, TraceId},
    naming::{exception, path},
    sanitise,
    time::Minute,
};
use telemetry_store::reader::{
    Answer, AttributeQuery, AttributeSample, FigureHours, FigureQuery, FigureRow, LogFilter,
    LogPage, LogQuery, LogSummary, LogSummaryQuery, MetricHour, MetricHours, MetricQuery,
    MetricSeries, OwnedValue, QueryError, Reader, SampleQuery, SampledMetric, SampledQuery, Series,
    SeriesPage, SeriesQuery, SeriesSamples, Span, SpanPage, SpanQuery, TracePage, TraceQuery,
};

use crate::{entities::Sight, thrown::text};

/// What stands where a value is hidden.
pub(crate) const HIDDEN: &str = "(hidden: needs the permission sensitive-data)";
/// Why an answer to a search is not whole.
const NOT_SEARCHED: &str =
    "applications whose sensitive data you may not see were not searched by text or attributes";

/// Attributes whose values are shown; one that ends with a dot stands for all below it.
const SHOWN: &[&str] = &[
    "celery.action",
    "celery.state",
    "celery.task_name",
    "cloud.",
    "code.",
    "container.",
    "db.cassandra.keyspace",
    "db.cassandra.table",
    "db.collection.name",
    "db.hbase.namespace",
    "db.mongodb.collection",
    "db.name",
    "db.namespace",
    "db.operation",
    "db.operation.batch.size",
    "db.operation.name",
    "db.query.summary",
    "db.redis.database_index",
    "db.response.returned_rows",
    "db.response.status_code",
    "db.sql.table",
    "db.system",
    "db.system.name",
    "deployment.",
    "error.type",
    "exception.escaped",
    "exception.type",
    "faas.",
    "graphql.operation.name",
    "graphql.operation.type",
    "host.",
    "http.flavor",
    "http.host",
    "http.method",
    "http.request.body.size",
    "http.request.method",
    "http.request.resend_count",
    "http.request_content_length",
    "http.response.body.size",
    "http.response.status_code",
    "http.response_content_length",
    "http.route",
    "http.scheme",
    "http.status_code",
    "http.status_text",
    "k8s.",
    "messaging.batch.message_count",
    "messaging.batch_size",
    "messaging.consumer.group.name",
    "messaging.destination",
    "messaging.destination.kind",
    "messaging.destination.name",
    "messaging.destination.partition.id",
    "messaging.destination.template",
    "messaging.destination_kind",
    "messaging.kafka.consumer.group",
    "messaging.kafka.destination.partition",
    "messaging.kafka.partition",
    "messaging.kafka.topic",
    "messaging.operation",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.protocol",
    "messaging.queue",
    "messaging.rabbitmq.destination.routing_key",
    "messaging.rabbitmq.routing_key",
    "messaging.source",
    "messaging.source.name",
    "messaging.system",
    "messaging.topic",
    "net.host.name",
    "net.host.port",
    "net.peer.name",
    "net.peer.port",
    "net.sock.peer.name",
    "net.sock.peer.port",
    "net.transport",
    "network.peer.port",
    "network.protocol.name",
    "network.protocol.version",
    "network.transport",
    "network.type",
    "os.",
    "otel.",
    "peer.service",
    "process.pid",
    "process.runtime.",
    "rpc.grpc.status_code",
    "rpc.method",
    "rpc.service",
    "rpc.system",
    "rpc.system.name",
    "server.address",
    "server.port",
    "service.",
    "telemetry.",
    "thread.id",
    "thread.name",
    "url.scheme",
    "url.template",
    "vedette.",
];

/// A reader that hides sensitive data of all applications but some.
#[derive(Debug)]
pub(crate) struct Masked<'r> {
    pub(crate) reader: &'r dyn Reader,
    /// Where nothing is hidden.
    pub(crate) open: &'r Sight,
}

impl Masked<'_> {
    /// Whether all that a question goes over is open.
    fn is_open(&self, application: Option<EntityId>) -> bool {
        *self.open == Sight::All || application.is_some_and(|id| self.open.shows(id))
    }

    fn hides(&self, application: EntityId) -> bool {
        !self.open.shows(application)
    }
}

/// Whether an attribute's value is hidden or changed.
fn is_sensitive(key: &str) -> bool {
    !SHOWN.iter().any(|shown| match shown.strip_suffix('.') {
        Some(above) => key.strip_prefix(above).is_some_and(|below| below.starts_with('.')),
        None => key == *shown,
    })
}

fn searches(attributes: &[(String, String)]) -> bool {
    attributes.iter().any(|(key, _)| is_sensitive(key))
}

fn searches_logs(filter: &LogFilter) -> bool {
    !filter.text.is_empty() || searches(&filter.attributes)
}

fn mask_span(span: &mut Span) {
    mask(&mut span.attributes);
    mask(&mut span.resource);
    span.events.iter_mut().for_each(|event| mask(&mut event.attributes));
    if !span.status_message.is_empty() {
        HIDDEN.clone_into(&mut span.status_message);
    }
}

fn mask(attributes: &mut [(String, OwnedValue)]) {
    let system = text(attributes, &["db.system.name", "db.system"]).unwrap_or_default().to_owned();
    let thrown = text(attributes, &["exception.type"]).unwrap_or_default().to_owned();
    for (key, value) in attributes.iter_mut().filter(|(key, _)| is_sensitive(key)) {
        let masked = match value {
            OwnedValue::Str(text) => masked_text(key, text, &system, &thrown),
            _ => Cow::Borrowed(HIDDEN),
        };
        *value = OwnedValue::Str(masked.into_owned());
    }
}

fn masked_text<'a>(key: &str, text: &'a str, system: &str, thrown: &str) -> Cow<'a, str> {
    match key {
        "db.query.text" | "db.statement" => sanitise::statement(text, system),
        "url.full" | "http.url" => Cow::Owned(masked_url(text)),
        "url.path" | "http.target" => Cow::Owned(path::template(text)),
        "exception.message" => Cow::Owned(exception::group(thrown, text).1),
        _ => Cow::Borrowed(HIDDEN),
    }
}

/// `https://shop.example.com/order/{id}` of `https://ada@shop.example.com/order/7?coupon=x`.
fn masked_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return path::template(url) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, below) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{}", path::template(below))
}

impl Reader for Masked<'_> {
    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        let mut answer = self.reader.trace(account, trace)?;
        answer.value.iter_mut().filter(|span| self.hides(span.application)).for_each(mask_span);
        Ok(answer)
    }

    fn spans(&self, query: &SpanQuery) -> Result<Answer<SpanPage>, QueryError> {
        let mut answer = self.reader.spans(query)?;
        if searches(&query.attributes) && !self.is_open(query.application) {
            answer.value.rows.retain(|row| !self.hides(row.application));
            answer.partial.push(NOT_SEARCHED.to_owned());
        }
        Ok(answer)
    }

    fn attributes(&self, query: &AttributeQuery) -> Result<Answer<AttributeSample>, QueryError> {
        let hidden = query.key.as_deref().is_some_and(is_sensitive);
        match hidden && !self.is_open(query.application) {
            true => Ok(not_searched()),
            false => self.reader.attributes(query),
        }
    }

    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        let mut answer = self.reader.logs(query)?;
        if searches_logs(&query.filter) && !self.is_open(query.filter.application) {
            answer.value.rows.retain(|row| !self.hides(row.application));
            answer.partial.push(NOT_SEARCHED.to_owned());
        }
        for row in answer.value.rows.iter_mut().filter(|row| self.hides(row.application)) {
            mask(&mut row.attributes);
            HIDDEN.clone_into(&mut row.body);
        }
        Ok(answer)
    }

    fn log_summary(&self, query: &LogSummaryQuery) -> Result<Answer<LogSummary>, QueryError> {
        match searches_logs(&query.filter) && !self.is_open(query.filter.application) {
            true => Ok(not_searched()),
            false => self.reader.log_summary(query),
        }
    }

    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        self.reader.figures(query)
    }

    fn figure_hours(
        &self,
        query: &FigureHours,
        each: &mut dyn FnMut(FigureKey, Minute, &Figure),
    ) -> Result<Answer<()>, QueryError> {
        self.reader.figure_hours(query, each)
    }

    fn metric_hours(
        &self,
        query: &MetricHours,
        each: &mut dyn FnMut(MetricHour<'_>),
    ) -> Result<Answer<()>, QueryError> {
        self.reader.metric_hours(query, each)
    }

    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        self.reader.traces(query)
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        self.reader.metrics(query)
    }

    fn series(&self, query: &SeriesQuery) -> Result<Answer<SeriesPage>, QueryError> {
        self.reader.series(query)
    }

    fn sampled_metrics(
        &self,
        query: &SampledQuery,
    ) -> Result<Answer<Vec<SampledMetric>>, QueryError> {
        self.reader.sampled_metrics(query)
    }

    fn each_series(
        &self,
        query: &SampledQuery,
        each: &mut dyn FnMut(Series) -> Result<(), QueryError>,
    ) -> Result<Answer<()>, QueryError> {
        self.reader.each_series(query, each)
    }

    fn samples(&self, query: &SampleQuery) -> Result<Answer<Vec<SeriesSamples>>, QueryError> {
        self.reader.samples(query)
    }

    fn newest_minute(&self) -> Option<Minute> {
        self.reader.newest_minute()
    }
}

fn not_searched<T: Default>() -> Answer<T> {
    Answer { value: T::default(), partial: vec![NOT_SEARCHED.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(attributes: &[(&str, &str)], expected: &[&str]) {
        let owned =
            |(key, value): &(&str, &str)| ((*key).to_owned(), OwnedValue::Str((*value).to_owned()));
        let mut attributes: Vec<_> = attributes.iter().map(owned).collect();
        mask(&mut attributes);
        let found: Vec<_> = attributes
            .iter()
            .map(|(_, value)| match value {
                OwnedValue::Str(text) => text.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_says_how_something_was_called_stays_and_all_else_is_hidden() {
        check(
            &[
                ("http.request.method", "GET"),
                ("service.name", "web"),
                ("process.runtime.name", "cpython"),
                ("process.command_line", "serve --password x"),
                ("enduser.id", "ada"),
                ("servicefee", "7"),
            ],
            &["GET", "web", "cpython", HIDDEN, HIDDEN, HIDDEN],
        );
    }

    #[test]
    fn statements_and_urls_lose_their_literals() {
        check(
            &[
                ("db.system.name", "mysql"),
                ("db.query.text", "SELECT * FROM users WHERE mail = 'ada@example.com'"),
                ("url.full", "https://ada:pw@shop.example.com:8443/order/4711?coupon=x"),
                ("http.target", "/order/4711?coupon=x"),
            ],
            &[
                "mysql",
                "SELECT * FROM users WHERE mail = ?",
                "https://shop.example.com:8443/order/{id}",
                "/order/{id}",
            ],
        );
    }

    #[test]
    fn an_exception_is_told_as_its_group_is() {
        check(
            &[
                ("exception.type", "KeyError"),
                ("exception.message", "no user 4711"),
                ("exception.stacktrace", "at user 4711"),
            ],
            &["KeyError", "no user {n}", HIDDEN],
        );
        let (_, group) = exception::group("KeyError", "no user 4711");
        assert_eq!(exception::group("KeyError", &group).1, group, "a group is its own group");
    }

    #[test]
    fn numbers_are_hidden_as_texts_are() {
        let mut attributes = vec![("card.number".to_owned(), OwnedValue::Int(4111))];
        mask(&mut attributes);
        assert_eq!(attributes[0].1, OwnedValue::Str(HIDDEN.to_owned()));
    }
}
