//! What the tree is derived from, as far as a path needs it.

use std::collections::BTreeSet;

use model::{
    entity::EntityKind,
    figure::Scope,
    id::EntityId,
    time::{Minute, MinuteRange},
};
use telemetry_store::reader::{Detail, FigureQuery, MetricQuery, Points, QueryError};

use super::{
    path::{Pattern, matches},
    place::{CALLS, INFRASTRUCTURE, NODES, OVERALL, Series, TRANSACTIONS, Tree},
};
use crate::{ask::Asking, entities::Entities, reference::CallCategories};

/// Names of series in one answer.
const MAX_SERIES: usize = 20_000;
/// Names of series in a whole tree.
const MOST_SERIES: usize = 100_000;
/// Segments of a metric path below its node.
const DEEPEST: usize = 8;

/// Loads the tree for what is at `pattern` and, where `level` is set, one level below it, as it was in `range`.
pub(crate) fn load(
    asking: &mut Asking<'_>,
    entities: Entities,
    application: EntityId,
    pattern: &Pattern,
    level: Level,
    range: MinuteRange,
) -> Result<Tree, QueryError> {
    let segments = pattern.segments();
    let (calls, categories) = match needs_calls(segments, level) {
        true => (calls(asking, application, range)?, CallCategories::of(&entities)),
        false => Default::default(),
    };
    let series = match segments.first().is_some_and(|first| matches(first, INFRASTRUCTURE)) {
        true => series(asking, &entities, application, segments, level, range)?,
        false => BTreeSet::new(),
    };
    Ok(Tree::new(entities, application, categories, calls, series))
}

/// Loads the whole tree as it was in `range`, for a search. Where agents report more series than can be looked at, it has
/// none of them, and the answer says so.
pub(crate) fn load_all(
    asking: &mut Asking<'_>,
    entities: Entities,
    application: EntityId,
    range: MinuteRange,
) -> Result<Tree, QueryError> {
    let calls = calls(asking, application, range)?;
    let categories = CallCategories::of(&entities);
    let names = MetricQuery {
        account: asking.account,
        application,
        tier: None,
        paths: Vec::new(),
        range,
        points: Points::Total,
        names_only: true,
        max_series: MOST_SERIES,
    };
    let series = match asking.metrics(&names) {
        Ok(found) => found.iter().map(Series::of).collect(),
        Err(QueryError::TooLarge(_)) => {
            asking.lacks(
                "agents report more metrics than can be searched: those below Application Infrastructure Performance are \
                 left out; open its tiers in the tree",
            );
            BTreeSet::new()
        }
        Err(error) => return Err(error),
    };
    Ok(Tree::new(entities, application, categories, calls, series))
}

/// Whether the places at a path are wanted, or the names below them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    At,
    Below,
}

/// Whether a path leads below the calls of a tier or of a business transaction.
pub(super) fn needs_calls(segments: &[String], level: Level) -> bool {
    let below = usize::from(level == Level::At);
    let leads_to = |branch: &str, at: usize| {
        segments.len() > at + below
            && segments.first().is_some_and(|first| matches(first, branch))
            && segments.get(at).is_some_and(|segment| matches(segment, CALLS))
    };
    leads_to(OVERALL, 2) || leads_to(TRANSACTIONS, 4)
}

fn calls(
    asking: &mut Asking<'_>,
    application: EntityId,
    range: MinuteRange,
) -> Result<BTreeSet<(EntityId, EntityId, EntityId)>, QueryError> {
    let edges = asking.query(application, &[Scope::Edge], range, Points::Total);
    let rows = asking.figures(&FigureQuery { detail: Detail::Counts, ..edges })?;
    Ok(rows.iter().map(|row| (row.key.subject, row.key.peer, row.key.bt)).collect())
}

fn series(
    asking: &mut Asking<'_>,
    entities: &Entities,
    application: EntityId,
    segments: &[String],
    level: Level,
    range: MinuteRange,
) -> Result<BTreeSet<Series>, QueryError> {
    let query = query(asking, entities, application, segments, level);
    let Some(query) = query else { return Ok(BTreeSet::new()) };
    let names = MetricQuery { range, names_only: true, max_series: MAX_SERIES, ..query };
    let found = asking.metrics(&names)?.into_iter();
    Ok(found.map(|series| Series::of(&series)).collect())
}

/// Asks for what agents reported at a path, or below it; nothing where the path names a tier that there is not. Range,
/// points and bounds are the caller's.
pub(super) fn query(
    asking: &Asking<'_>,
    entities: &Entities,
    application: EntityId,
    segments: &[String],
    level: Level,
) -> Option<MetricQuery> {
    let paths: Vec<String> = patterns(segments, level).into_iter().collect();
    let tier = match segments.get(1).filter(|name| *name != "*") {
        Some(name) => Some(entities.find(EntityKind::Tier, application, EntityId::NONE, name)?.id),
        None => None,
    };
    (!paths.is_empty()).then_some(MetricQuery {
        account: asking.account,
        application,
        tier,
        paths,
        range: MinuteRange { start: Minute(0), end: Minute(0) },
        points: Points::Total,
        names_only: false,
        max_series: 0,
    })
}

/// The patterns below tier or node that a path may mean. A pattern has as many segments as what it matches, so a level is
/// made of all series at least one segment longer.
pub(super) fn patterns(segments: &[String], level: Level) -> BTreeSet<String> {
    let mut starts: Vec<&[String]> = Vec::new();
    match segments {
        [_, _, nodes, _, rest @ ..] if matches(nodes, NODES) => starts.push(rest),
        _ => {}
    }
    if let [_, _, rest @ ..] = segments {
        starts.push(rest);
    }
    let mut patterns = BTreeSet::new();
    for start in starts {
        let longer = match level {
            Level::At => 0..1,
            Level::Below => 1..DEEPEST.saturating_sub(start.len()).max(1) + 1,
        };
        for more in longer {
            let any = std::iter::repeat_n("*", more);
            let path: Vec<&str> = start.iter().map(String::as_str).chain(any).collect();
            if !path.is_empty() {
                patterns.insert(path.join("|"));
            }
        }
    }
    patterns
}

/// The last day: what a tree is shown of when no range is given.
pub(crate) fn last_day(now: Minute) -> MinuteRange {
    MinuteRange { start: Minute(now.0.saturating_sub(24 * 60)), end: Minute(now.0 + 1) }
}
