//! Waits for pooled connections: what the nodes of a tier measure by pool, given to the tier's calls to the backend behind it.
//!
//! A pool is known by its name only. By OpenTelemetry's conventions that is the backend's `address:port/database` where nobody
//! named it; HikariCP counts (`HikariPool-1`). So a pool is of the backend whose address stands in its name, else of the one database
//! that its tier calls; of which of several an unnamed pool is, nobody knows, and it is left out.

use std::collections::{BTreeMap, BTreeSet};

use analysis::cause::{Calls, Kind, Series};
use metadata_store::Directory;
use model::{entity::EntityKind, id::EntityId, naming::exit::category, time::MinuteRange};
use telemetry_store::reader::MetricQuery;

use super::{CauseError, Question, around, scene::Scene};
use crate::anomalies::readings::{Observed, metric_query};

/// A path of the standard table: all waits of a minute, ms.
const WAITS: &str = "Connection Pools|*|Wait Time Per Min (ms)";

/// Adds to the calls how long they waited for a connection.
pub(super) fn add<T: Observed + ?Sized>(
    scene: &mut Scene,
    question: &Question<'_, T>,
    range: MinuteRange,
    lacks: &mut BTreeSet<String>,
) -> Result<(), CauseError> {
    let mut waits: BTreeMap<(usize, usize), Series> = BTreeMap::new();
    for application in around::applications(scene, question.directory) {
        let query = MetricQuery {
            paths: vec![WAITS.to_owned()],
            ..metric_query(question.account, application, range)
        };
        let answer = question.telemetry.metrics(&query)?;
        lacks.extend(answer.partial);
        for series in &answer.value {
            let node = scene.place(series.node);
            let tier = node.and_then(|node| scene.situation.entities[node].tier);
            let (Some(tier), Some(pool)) = (tier, series.path.split('|').nth(1)) else { continue };
            let Some(backend) = backend_of(pool, tier, scene, question.directory) else { continue };
            let sums =
                waits.entry((tier, backend)).or_insert_with(|| vec![f32::NAN; scene.points()]);
            for point in series.points.iter().filter(|point| point.count > 0.0) {
                let Some(at) = scene.point(point.at) else { continue };
                // `max` takes what is no number for nothing.
                sums[at] = sums[at].max(0.0) + point.sum as f32;
            }
        }
    }
    for ((tier, backend), waits) in waits {
        share_out(scene, tier, backend, &waits);
    }
    Ok(())
}

/// The backend to which a pool's connections lead.
fn backend_of(pool: &str, tier: usize, scene: &Scene, directory: &Directory) -> Option<usize> {
    let situation = &scene.situation;
    let callees: BTreeSet<usize> = situation
        .calls
        .iter()
        .chain(&situation.overall)
        .filter(|calls| calls.caller == tier)
        .map(|calls| calls.callee)
        .filter(|callee| situation.entities[*callee].kind == Kind::Backend)
        .collect();
    let backends: Vec<_> = callees
        .into_iter()
        .filter_map(|callee| Some((callee, directory.get(EntityId(scene.named[callee].id))?)))
        .filter(|(_, backend)| backend.key.kind == EntityKind::Backend)
        .collect();
    let pool = pool.to_lowercase();
    let mut named = backends.iter().filter(|(_, backend)| {
        let address = &backend.properties.address;
        !address.is_empty() && pool.contains(&address.to_lowercase())
    });
    if let Some((callee, _)) = named.next() {
        return named.next().is_none().then_some(*callee);
    }
    let mut databases =
        backends.iter().filter(|(_, backend)| backend.properties.category == category::DATABASE);
    let (callee, _) = databases.next()?;
    databases.next().is_none().then_some(*callee)
}

/// Every call of a minute is taken to have waited as long as any other, and no longer than it took.
fn share_out(scene: &mut Scene, tier: usize, backend: usize, waits: &Series) {
    let situation = &mut scene.situation;
    let is_there = |calls: &&Calls| (calls.caller, calls.callee) == (tier, backend);
    let all = situation.overall.iter().chain(&situation.calls).find(is_there);
    let Some(all) = all.map(|calls| calls.figures.calls.clone()) else { return };
    for calls in situation.calls.iter_mut().chain(&mut situation.overall) {
        if (calls.caller, calls.callee) != (tier, backend) {
            continue;
        }
        let figures = &calls.figures;
        let minutes = waits.iter().zip(&all).zip(figures.calls.iter().zip(&figures.time_ms));
        calls.pool_wait_ms = minutes
            .map(|((wait, all), (calls, time))| {
                // A minute in which nothing was reported is one of which nothing is known.
                let part = if *all > 0.0 { wait * (calls / all).min(1.0) } else { 0.0 };
                if part.is_nan() { part } else { part.min(*time) }
            })
            .collect();
    }
}
