//! How many log records there are.

use api_types::{LogBar, LogEntities, LogEntity, LogSummary, LogValue, LogValues};
use axum::{Json, extract::State};
use model::id::EntityId;
use serde::Deserialize;
use telemetry_store::reader::{self, Counted, LogSummaryQuery, Severity};
use utoipa::IntoParams;

use super::{
    Refusals,
    attribute_params::Attributes,
    log_filter::{self, LogParams, Severities},
};
use crate::{
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{Params, Range, RangeParams},
};

const DEFAULT_BARS: u64 = 60;
const MOST_BARS: u64 = 240;
/// Values of a facet that are named.
const VALUES: usize = 50;
/// Widths of bars, in seconds.
const WIDTHS: [u64; 19] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    604_800,
];
const NANOS: u64 = 1_000_000;

/// How fine.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BarParams {
    /// Bars over the range, 1 to 240; 60 when not given. There are fewer where bars of a round width need fewer.
    #[param(minimum = 1, maximum = 240)]
    bars: Option<u64>,
}

/// How many log records there are: over time by severity, and by severity, application, tier, node and logger. What there is too much
/// of is counted from the newest back to `complete_from`.
#[utoipa::path(get, path = "/api/v1/logs/summary", tag = "logs",
    params(RangeParams, LogParams, Severities, Attributes, BarParams),
    responses((status = 200, body = LogSummary), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<LogParams>,
    severities: Severities,
    attributes: Attributes,
    Params(BarParams { bars }): Params<BarParams>,
) -> Result<Json<LogSummary>, ApiError> {
    let entities = context.entities(&caller);
    let bars = match bars.unwrap_or(DEFAULT_BARS) {
        bars @ 1..=MOST_BARS => bars,
        bars => {
            return Err(ApiError::bad(format!(
                "bars is {bars}; it has to be between 1 and {MOST_BARS}"
            )));
        }
    };
    let (from_ns, to_ns) = range.nanos();
    let bar_ns = width((to_ns - from_ns).div_ceil(1000 * NANOS), bars) * 1000 * NANOS;
    let mut filter = wanted.filter(&severities, &attributes, &entities)?;
    filter.application = entities.counted_application(filter.application.map(|id| id.0))?;
    let query =
        LogSummaryQuery { account: caller.account, filter, from_ns, to_ns, bar_ns, values: VALUES };
    let told = context.queries.ask(&caller, move |asking| {
        let found = asking.log_summary(&query)?;
        if found.complete_from_ns.is_some() {
            asking.lacks(
                "there are too many log records to count at once: only the newest are counted; a shorter range or a tier \
                 counts all",
            );
        }
        Ok(found)
    });
    let told = told.await?;
    let found = told.value;
    Ok(Json(LogSummary {
        bar_ms: bar_ns / NANOS,
        total: found.bars.iter().flat_map(|bar| bar.counts).sum(),
        bars: every(&found.bars, from_ns, to_ns, bar_ns),
        severities: Severity::ALL.map(|severity| log_filter::name(severity).to_owned()).to_vec(),
        by_severity: by_severity(found.severities),
        by_application: of_entities(&entities, found.applications),
        by_tier: of_entities(&entities, found.tiers),
        by_node: of_entities(&entities, found.nodes),
        by_logger: LogValues {
            items: found.loggers.values.into_iter().map(value).collect(),
            others: found.loggers.others,
        },
        complete_from: found.complete_from_ns.map(|ns| millis(ns.div_ceil(NANOS))),
        partial: told.partial,
    }))
}

/// The narrowest round width, in seconds, of which so many cover so long a range.
fn width(seconds: u64, bars: u64) -> u64 {
    // Bars begin at multiples of their width, so a range touches one more than it is long.
    let enough = |width: &&u64| seconds.div_ceil(**width) < bars.max(2);
    let longest = WIDTHS[WIDTHS.len() - 1];
    WIDTHS.iter().find(enough).copied().unwrap_or_else(|| {
        longest * seconds.div_ceil(longest).div_ceil(bars.saturating_sub(1).max(1))
    })
}

/// Those that were found, and empty ones between.
fn every(found: &[reader::LogBar], from_ns: u64, to_ns: u64, bar_ns: u64) -> Vec<LogBar> {
    let mut found = found.iter().peekable();
    let bar = |number: u64| {
        let at_ns = number * bar_ns;
        let counts = found.next_if(|bar| bar.at_ns == at_ns).map_or([0; 7], |bar| bar.counts);
        LogBar { at: millis(at_ns / NANOS), counts: counts.to_vec() }
    };
    (from_ns / bar_ns..to_ns.div_ceil(bar_ns)).map(bar).collect()
}

fn millis(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn by_severity(counts: [u64; 7]) -> Vec<LogValue> {
    let all = Severity::ALL.into_iter().zip(counts).rev().filter(|(_, count)| *count > 0);
    all.map(|(severity, count)| value((log_filter::name(severity).to_owned(), count))).collect()
}

fn value((value, count): (String, u64)) -> LogValue {
    LogValue { value, count }
}

fn of_entities(entities: &Entities, counted: Counted<EntityId>) -> LogEntities {
    let entity = |(id, count): (EntityId, u64)| {
        let application = entities.get(id).and_then(|found| found.key.application.some());
        let application = application.unwrap_or(id);
        let named = entities.mention(id);
        LogEntity {
            id: named.id,
            name: named.name,
            application: entities.mention(application),
            tier: entities.tier_of_node(id),
            count,
        }
    };
    LogEntities { items: counted.values.into_iter().map(entity).collect(), others: counted.others }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_of_a_round_width_and_no_more_than_asked() {
        assert_eq!(width(3600, 60), 120);
        assert_eq!(width(3600, 61), 60);
        assert_eq!(width(59, 60), 1);
        assert_eq!(width(0, 1), 1);
        assert_eq!(width(400 * 86_400, 60), 604_800);
        for bars in 2..=MOST_BARS {
            for seconds in [1, 900, 3600, 90_000, 86_400 * 401] {
                let width = width(seconds, bars);
                // From the last second of a bar on.
                let touched = (width - 1 + seconds).div_ceil(width);
                assert!(
                    touched <= bars,
                    "{touched} bars of {width} s in {seconds} s, {bars} asked"
                );
            }
        }
    }

    #[test]
    fn bars_without_records_are_there() {
        let found = [reader::LogBar { at_ns: 20, counts: [0, 0, 0, 1, 0, 0, 0] }];
        let bars = every(&found, 15, 41, 10);
        let counts: Vec<u64> = bars.iter().map(|bar| bar.counts.iter().sum()).collect();
        assert_eq!(counts, [0, 1, 0, 0]);
    }
}
