//! What else is known around an anomaly: exceptions, what nodes measured of themselves, what was changed.

use std::collections::{BTreeMap, BTreeSet};

use analysis::cause::{Change, ChangeKind, Resource, Series, Severity, Template};
use metadata_store::{Directory, EventFilter};
use model::{
    event,
    figure::Scope,
    id::EntityId,
    metric_table::MetricTable,
    time::{Minute, MinuteRange},
};
use telemetry_store::reader::FigureRow;

use super::{
    CauseError, Question,
    scene::{Line, Scene},
};
use crate::anomalies::{
    readings::{Observed, metric_query, values, watched_path},
    watched::{What, metric_at, unit_of},
};

/// Changes that are looked at.
const MAX_CHANGES: u32 = 500;
/// Groups of exceptions that are looked at, those with most exceptions first.
const MAX_EXCEPTIONS: usize = 500;

/// Exceptions thrown for the suffering transaction, by group.
pub(super) fn add_exceptions(scene: &mut Scene, directory: &Directory, rows: &[FigureRow]) {
    let mut groups: BTreeMap<(EntityId, EntityId), Series> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.key.scope == Scope::Error) {
        let Some(point) = scene.point(row.at) else { continue };
        let of_group = groups.entry((row.key.peer, row.key.subject)).or_default();
        of_group.resize(scene.points(), 0.0);
        of_group[point] += row.figure.calls as f32;
    }
    let mut groups: Vec<((EntityId, EntityId), Series)> = groups.into_iter().collect();
    groups.sort_by(|left, right| {
        let sum = |of: &Series| of.iter().sum::<f32>();
        sum(&right.1).total_cmp(&sum(&left.1)).then(left.0.cmp(&right.0))
    });
    for ((tier, group), counts) in groups.into_iter().take(MAX_EXCEPTIONS) {
        let Some(entity) = scene.place(tier) else { continue };
        let name = directory.get(group).map(|group| group.key.name.clone()).unwrap_or_default();
        scene.templates.push(Line::Exception { group, name });
        scene.situation.templates.push(Template {
            entity,
            within: None,
            severity: Severity::Error,
            counts,
        });
    }
}

/// The applications of the nodes that are there.
pub(super) fn applications(scene: &Scene, directory: &Directory) -> BTreeSet<EntityId> {
    let nodes = scene.situation.entities.iter().zip(&scene.named);
    nodes
        .filter(|(entity, _)| entity.kind == analysis::cause::Kind::Node)
        .filter_map(|(_, node)| Some(directory.get(EntityId(node.id))?.key.application))
        .collect()
}

/// What the nodes that are there say of themselves and their hosts.
pub(super) fn add_resources<T: Observed + ?Sized>(
    scene: &mut Scene,
    question: &Question<'_, T>,
    range: MinuteRange,
    lacks: &mut BTreeSet<String>,
) -> Result<(), CauseError> {
    let table = MetricTable::new();
    // Every node of a host reports the same of it: one of them is enough.
    let mut of_hosts: BTreeSet<(usize, &'static str)> = BTreeSet::new();
    for application in applications(scene, question.directory) {
        let query = metric_query(question.account, application, range);
        let answer = question.telemetry.metrics(&query)?;
        lacks.extend(answer.partial);
        for series in &answer.value {
            let Some(path) = watched_path(series) else { continue };
            let (Some(metric), Some(node)) = (metric_at(path), scene.place(series.node)) else {
                continue;
            };
            let host = scene.situation.entities[node].host.filter(|_| metric.of_host);
            if host.is_some_and(|host| !of_hosts.insert((host, path))) {
                continue;
            }
            let mut measured: Series = vec![f32::NAN; scene.points()];
            for (at, value) in values(series, &table) {
                if let Some(point) = scene.point(at) {
                    measured[point] = value as f32;
                }
            }
            scene.metrics.push((path, unit_of(What::Metric(path)), series.node));
            scene.situation.resources.push(Resource {
                entity: host.unwrap_or(node),
                kind: metric.resource,
                values: measured,
            });
        }
    }
    Ok(())
}

/// Deployments, changes of configuration and restarts of what is there.
pub(super) fn add_changes<T: Observed + ?Sized>(
    scene: &mut Scene,
    question: &Question<'_, T>,
) -> Result<(), CauseError> {
    let filter = EventFilter {
        account_id: question.account.0,
        from_ms: scene.range.start.start_millis(),
        until_ms: scene.range.end.start_millis(),
        kinds: [event::DEPLOYMENT, event::CONFIG_CHANGE, event::RESTART]
            .map(str::to_owned)
            .to_vec(),
        ..EventFilter::default()
    };
    for found in question.store.events(&filter, MAX_CHANGES)? {
        let kind = match found.kind.as_str() {
            event::DEPLOYMENT => ChangeKind::Deployment,
            event::CONFIG_CHANGE => ChangeKind::Configuration,
            _ => ChangeKind::Restart,
        };
        let Some(at) = scene.point(Minute::of_millis(found.time_ms)) else { continue };
        let affected: BTreeSet<usize> =
            found.affected.iter().filter_map(|entity| scene.place(EntityId(entity.id))).collect();
        for entity in affected {
            scene.changes.push((found.id, found.time_ms, found.summary.clone()));
            scene.situation.changes.push(Change { entity, kind, at });
        }
    }
    Ok(())
}
