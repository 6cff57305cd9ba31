//! Operations before the onset and since: the service endpoints of the tiers that are there, and what these call outside.

use std::collections::BTreeMap;

use metadata_store::Directory;
use model::{
    anomaly::AnomalousKind, entity::EntityKind, figure::Scope, id::EntityId, time::Minute,
};
use telemetry_store::reader::FigureRow;

use super::scene::Scene;
use crate::anomalies::{
    readings::Sums,
    stored::{Named, Operation},
};

/// Operations that an answer tells of.
const MOST: usize = 10;

pub(super) fn of(
    scene: &Scene,
    directory: &Directory,
    own: &[FigureRow],
    over_all: &[FigureRow],
    onset: Minute,
) -> Vec<Operation> {
    // Tier, and endpoint or callee: before and since.
    let mut all: BTreeMap<(EntityId, EntityId), [Sums; 2]> = BTreeMap::new();
    for row in own.iter().chain(over_all) {
        let of = match row.key.scope {
            Scope::Endpoint => {
                let endpoint = directory.get(row.key.subject);
                endpoint.map(|endpoint| (endpoint.key.parent, row.key.subject))
            }
            Scope::Edge => {
                let callee = directory.get(row.key.peer);
                callee
                    .filter(|callee| callee.key.kind == EntityKind::Backend)
                    .map(|_| (row.key.subject, row.key.peer))
            }
            _ => None,
        };
        let Some(of) = of.filter(|(tier, _)| scene.place(*tier).is_some()) else { continue };
        let side = usize::from(row.at >= onset);
        all.entry(of).or_default()[side].add(&row.figure);
    }
    let minutes = [onset.0.saturating_sub(scene.range.start.0), scene.range.end.0 - onset.0];
    let mut found: Vec<(f64, Operation)> = all
        .into_iter()
        .filter_map(|((tier, what), sums)| {
            let operation = operation(directory, tier, what, sums, minutes)?;
            Some((extra_ms(&operation), operation))
        })
        .collect();
    found.sort_by(|left, right| {
        let named = |one: &Operation| (one.tier.id, one.name.clone());
        right.0.total_cmp(&left.0).then_with(|| named(&left.1).cmp(&named(&right.1)))
    });
    found.into_iter().take(MOST).map(|(_, operation)| operation).collect()
}

fn operation(
    directory: &Directory,
    tier: EntityId,
    what: EntityId,
    [before, after]: [Sums; 2],
    [minutes_before, minutes_after]: [u32; 2],
) -> Option<Operation> {
    let (tier, what) = (directory.get(tier)?, directory.get(what)?);
    let name = match what.key.kind {
        EntityKind::ServiceEndpoint => what.key.name.clone(),
        _ => format!("calls to {}", what.key.name),
    };
    let a_call = |sums: Sums| (sums.timed > 0.0).then(|| sums.millis / sums.timed);
    let a_minute = |count: f64, minutes: u32| count / f64::from(minutes.max(1));
    Some(Operation {
        tier: Named::new(tier.id.0, &tier.key.name, AnomalousKind::Tier),
        name,
        before_ms: a_call(before),
        after_ms: a_call(after),
        before_calls: a_minute(before.calls, minutes_before),
        after_calls: a_minute(after.calls, minutes_after),
        before_errors: a_minute(before.errors, minutes_before),
        after_errors: a_minute(after.errors, minutes_after),
    })
}

/// By how much more time a minute it takes, which is what makes it worth a look; failures count as a second each.
fn extra_ms(of: &Operation) -> f64 {
    let slower = of.after_ms.unwrap_or(0.0) - of.before_ms.unwrap_or(0.0);
    slower.abs() * of.after_calls.max(1.0) + 1_000.0 * (of.after_errors - of.before_errors).abs()
}
