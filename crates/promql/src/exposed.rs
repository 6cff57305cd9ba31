//! Under which names and labels stored series appear.
//!
//! Samples that came by remote write appear as they were sent. Of OTLP's it is OpenTelemetry's
//! [Prometheus and OpenMetrics Compatibility](https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/):
//! names with underscores, a unit and `_total` ([`name`]); histograms as `_bucket`, `_sum` and `_count`, summaries as
//! `_sum` and `_count`; attributes with underscores ([`label`]); `job` and `instance` say whose it is. Vedette keeps series
//! by application, tier and node, so that these stand for the namespace, the name and the instance of the service.

pub mod label;
pub mod name;

use std::sync::Arc;

use model::{
    id::EntityId,
    remote_write::{INSTANCE, JOB, SCOPE},
};
use rustc_hash::FxHashSet;
use telemetry_store::reader::{Instrument, OwnedValue, SampledMetric, Series};

use crate::{
    labels::{Labels, NAME},
    number,
};

/// Names of places, as the account sees them.
pub trait Places {
    /// `application/tier`, or the tier alone in the application of those that name none, and the node.
    fn job_and_instance(
        &self,
        application: EntityId,
        tier: EntityId,
        node: EntityId,
    ) -> (String, String);
}

/// What of a stored sample a series shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// A number.
    Value,
    /// How many values of a distribution lie at or below each bound.
    Bucket,
    Sum,
    Count,
}

/// The names that a metric's series have, each with what it shows.
pub fn names(metric: &SampledMetric) -> Vec<(String, Part)> {
    let name = match metric.scope.as_str() {
        SCOPE => metric.name.clone(),
        _ => name::of(metric),
    };
    let part = |suffix: &str, part| (format!("{name}{suffix}"), part);
    match metric.instrument {
        Instrument::Gauge | Instrument::Counter | Instrument::UpDownCounter => {
            vec![(name, Part::Value)]
        }
        Instrument::Histogram | Instrument::ExponentialHistogram => vec![
            part("_bucket", Part::Bucket),
            part("_sum", Part::Sum),
            part("_count", Part::Count),
        ],
        Instrument::Summary => vec![part("_sum", Part::Sum), part("_count", Part::Count)],
    }
}

/// Makes labels; texts that are the same share their memory.
#[derive(Debug, Default)]
pub struct Labeller {
    texts: FxHashSet<Arc<str>>,
}

impl Labeller {
    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&new));
        new
    }

    /// The labels of a series that is shown under `name`.
    pub fn labels(&mut self, series: &Series, name: &str, (job, instance): (&str, &str)) -> Labels {
        let mut pairs = Vec::with_capacity(series.attributes.len() + 4);
        pairs.push((self.share(NAME), self.share(name)));
        if series.scope == SCOPE {
            for (key, value) in &series.attributes {
                if let Some(value) = text_of(value) {
                    pairs.push((self.share(key), self.share(&value)));
                }
            }
            return Labels::new(pairs);
        }
        for (key, value) in &series.attributes {
            let Some(value) = text_of(value) else { continue };
            let key = label::of(key);
            // Two attributes may become one label: then it has the values of both.
            match pairs.iter().position(|(known, _)| **known == *key) {
                Some(at) => pairs[at].1 = self.share(&format!("{};{value}", pairs[at].1)),
                None => pairs.push((self.share(&key), self.share(&value))),
            }
        }
        for (key, value) in [("otel_scope_name", &*series.scope), (JOB, job), (INSTANCE, instance)]
        {
            pairs.push((self.share(key), self.share(value)));
        }
        Labels::new(pairs)
    }
}

/// A value as a label has it; nothing for lists and maps.
fn text_of(value: &OwnedValue) -> Option<std::borrow::Cow<'_, str>> {
    Some(match value {
        OwnedValue::Str(text) => text.as_str().into(),
        OwnedValue::Bool(value) => value.to_string().into(),
        OwnedValue::Int(value) => value.to_string().into(),
        OwnedValue::Double(value) => number::text(*value).into(),
        OwnedValue::Encoded(_) => return None,
    })
}

#[cfg(test)]
mod tests;
