//! Raw samples of metrics, and the series they are of.

use api_types::{Page, Sample, SampleBucket, SampleDistribution, SampledSeries, Samples};
use axum::{
    Json,
    extract::{Path, State},
};
use model::{
    distribution::{Buckets, Distribution, exponential_bound},
    entity::EntityKind,
};
use serde::Deserialize;
use telemetry_store::reader::{Instrument, SampleQuery, Series, SeriesFilter, SeriesQuery};
use utoipa::IntoParams;

use super::{Refusals, attribute_params::Attributes};
use crate::{
    any_value,
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{Params, Range, RangeParams, short},
    paging::{PageParams, Paging},
};

const MAX_SAMPLES: usize = 50_000;
/// Characters of a searched text.
const MAX_TEXT: usize = 256;

/// Which series.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Id of an application.
    application: Option<u32>,
    /// Id of a tier.
    tier: Option<u32>,
    /// Id of a node.
    node: Option<u32>,
    /// The metric's own name.
    name: Option<String>,
    /// Stands in the metric's name, in capital or small letters.
    #[param(example = "gc.duration", max_length = 256)]
    text: Option<String>,
}

/// Series of raw samples that reported on the UTC days of the range, by name.
#[utoipa::path(get, path = "/api/v1/metric-series", tag = "metrics",
    params(RangeParams, ListParams, Attributes, PageParams),
    responses((status = 200, body = Page<SampledSeries>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<ListParams>,
    attributes: Attributes,
    paging: Paging,
) -> Result<Json<Page<SampledSeries>>, ApiError> {
    let entities = context.entities(&caller);
    let (from_ns, to_ns) = range.nanos();
    let query = SeriesQuery {
        account: caller.account,
        application: entities.filter(wanted.application, EntityKind::Application, "application")?,
        tier: entities.filter(wanted.tier, EntityKind::Tier, "tier")?,
        node: entities.filter(wanted.node, EntityKind::Node, "node")?,
        name: wanted.name.filter(|name| !name.is_empty()),
        only: SeriesFilter {
            ids: Vec::new(),
            text: short("text", wanted.text.unwrap_or_default(), MAX_TEXT)?,
            attributes: attributes.pairs()?,
        },
        from_ns,
        to_ns,
        after: paging.place(read_place)?,
        limit: paging.limit,
    };
    let told = context.queries.ask(&caller, move |asking| asking.series(&query)).await?;
    Ok(Json(Page {
        items: told.value.rows.iter().map(|row| body(&entities, row)).collect(),
        next: told.value.next.map(|(name, id)| paging.next(format!("{id:016x}{name}"))),
        partial: told.partial,
    }))
}

fn read_place(text: &str) -> Option<(String, u64)> {
    let (id, name) = text.split_at_checked(16)?;
    Some((name.to_owned(), u64::from_str_radix(id, 16).ok()?))
}

/// The raw samples of a series by time, at most 50,000; empty where the series has none, or is of an application that you
/// may not see.
#[utoipa::path(get, path = "/api/v1/metric-series/{series_id}/samples", tag = "metrics",
    params(("series_id" = String, Path, description = "16 hexadecimal digits", pattern = "^[0-9a-fA-F]{16}$"), RangeParams),
    responses((status = 200, body = Samples), Refusals))]
pub(crate) async fn samples(
    State(context): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    range: Range,
) -> Result<Json<Samples>, ApiError> {
    let id = series_id(&id)?;
    let samples = SampleQuery {
        account: caller.account,
        series: vec![id],
        from_ms: range.from_ms,
        to_ms: range.to_ms,
        max_samples: MAX_SAMPLES,
    };
    let (from_ns, to_ns) = range.nanos();
    // Samples say nothing of whose they are: the series does, which is found only where it may be seen.
    let series = SeriesQuery {
        account: caller.account,
        application: None,
        tier: None,
        node: None,
        name: None,
        only: SeriesFilter { ids: vec![id], ..SeriesFilter::default() },
        from_ns,
        to_ns,
        after: None,
        limit: 1,
    };
    let told = context.queries.ask(&caller, move |asking| match asking.series(&series)?.rows[..] {
        [] => Ok(Vec::new()),
        _ => asking.samples(&samples),
    });
    let told = told.await?;
    let mut items = Vec::new();
    for of in &told.value {
        items.extend(of.numbers.iter().map(|(at, value)| Sample {
            at: *at,
            value: Some(*value).filter(|value| value.is_finite()),
            distribution: None,
        }));
        items.extend(of.distributions.iter().map(|(at, value)| Sample {
            at: *at,
            value: None,
            distribution: Some(distribution(value)),
        }));
    }
    Ok(Json(Samples { items, partial: told.partial }))
}

/// The id of a series as answers write it.
pub(super) fn series_id(text: &str) -> Result<u64, ApiError> {
    Some(text)
        .filter(|id| id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|id| u64::from_str_radix(id, 16).ok())
        .ok_or_else(|| ApiError::bad("a series id has 16 hexadecimal digits"))
}

/// A series as answers write it.
pub(super) fn body(entities: &Entities, row: &Series) -> SampledSeries {
    let instrument = match row.instrument {
        Instrument::Gauge => "GAUGE",
        Instrument::Counter => "COUNTER",
        Instrument::UpDownCounter => "UP_DOWN_COUNTER",
        Instrument::Histogram => "HISTOGRAM",
        Instrument::ExponentialHistogram => "EXPONENTIAL_HISTOGRAM",
        Instrument::Summary => "SUMMARY",
    };
    SampledSeries {
        id: format!("{:016x}", row.id),
        name: row.name.clone(),
        unit: row.unit.clone(),
        instrument: instrument.to_owned(),
        delta: row.is_delta,
        scope: row.scope.clone(),
        application: entities.mention(row.application),
        tier: entities.mention(row.tier),
        node: entities.mention(row.node),
        attributes: any_value::object(&row.attributes),
    }
}

fn distribution(value: &Distribution) -> SampleDistribution {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    SampleDistribution {
        count: value.count,
        sum: finite(value.sum),
        min: finite(value.min),
        max: finite(value.max),
        buckets: buckets(&value.buckets),
    }
}

fn buckets(buckets: &Buckets) -> Vec<SampleBucket> {
    let mut all: Vec<SampleBucket> = match buckets {
        Buckets::None => Vec::new(),
        Buckets::Explicit { bounds, counts } => {
            let bucket = |(at, count): (usize, &u64)| SampleBucket {
                above: at.checked_sub(1).and_then(|at| bounds.get(at)).copied(),
                upto: bounds.get(at).copied(),
                count: *count,
            };
            counts.iter().enumerate().map(bucket).collect()
        }
        Buckets::Exponential { scale, zero, counts } => {
            let zero = SampleBucket { above: None, upto: Some(0.0), count: *zero };
            let bucket = |(index, count): &(i32, u64)| SampleBucket {
                above: Some(exponential_bound(*scale, *index)),
                upto: Some(exponential_bound(*scale, index.saturating_add(1))),
                count: *count,
            };
            std::iter::once(zero).chain(counts.iter().map(bucket)).collect()
        }
    };
    all.retain(|bucket| bucket.count > 0);
    all
}
