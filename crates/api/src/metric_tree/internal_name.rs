//! Metrics' names in the internal form that clients of the reference product know beside their paths:
//! `BTM|Application Summary|Component:28|Calls per Minute`.

use model::{entity::EntityKind, id::EntityId};

use super::place::{Place, Tree};
use crate::{figures::Measured, reference};

/// The internal name of a metric at a path.
pub(super) fn of(tree: &Tree, path: &[String], place: &Place) -> String {
    match place {
        Place::Leaf(measured, leaf) => format!("{}|{}", prefix(tree, *measured), leaf.name()),
        Place::ReportedLeaf(series) => {
            let node = series.node.some().map(|node| format!("|Node:{node}")).unwrap_or_default();
            format!("Component:{}{node}|{}", series.tier, series.path.join("|"))
        }
        _ => path.join("|"),
    }
}

fn prefix(tree: &Tree, measured: Measured) -> String {
    let parent =
        |id: EntityId| tree.entities.get(id).map_or(EntityId::NONE, |entity| entity.key.parent);
    match measured {
        Measured::Application(_) | Measured::ErrorsIn { .. } => {
            "BTM|Application Summary".to_owned()
        }
        Measured::Tier(tier) | Measured::ErrorsOf { tier } => {
            format!("BTM|Application Summary|Component:{tier}")
        }
        Measured::Node(node) => {
            format!("BTM|Application Summary|Component:{}|Node:{node}", parent(node))
        }
        Measured::Transaction(bt) | Measured::ErrorsUnder { bt } => {
            format!("BTM|BTs|BT:{bt}|Component:{}", parent(bt))
        }
        Measured::Group { group, .. } => format!("BTM|BT Groups|Group:{group}"),
        Measured::TransactionOn { bt, node } => {
            format!("BTM|BTs|BT:{bt}|Component:{}|Node:{node}", parent(bt))
        }
        Measured::TierUnder { bt, tier } => format!("BTM|BTs|BT:{bt}|Component:{tier}"),
        Measured::Call { from, to } => {
            format!("BTM|Application Summary|Component:{from}|{}", exit(tree, to))
        }
        Measured::CallUnder { bt, from, to } => {
            format!("BTM|BTs|BT:{bt}|Component:{from}|{}", exit(tree, to))
        }
        Measured::CallsTo(backend) => {
            format!("BTM|Backends|Component:{{[UNRESOLVED][{backend}]}}")
        }
        Measured::Endpoint(endpoint) => {
            format!("BTM|Application Diagnostic Data|SEP:{endpoint}")
        }
        Measured::EndpointOn { endpoint, node } => {
            format!("BTM|Application Diagnostic Data|SEP:{endpoint}|Node:{node}")
        }
        Measured::Error(group) | Measured::ErrorUnder { error: group, .. } => {
            format!("BTM|Application Diagnostic Data|Error:{group}")
        }
    }
}

/// A call as it stands in names and call chains: `Exit Call:JDBC|To:{[UNRESOLVED][132]}`.
fn exit(tree: &Tree, to: EntityId) -> String {
    let called = tree.entities.get(to);
    let category = called.as_ref().map(|called| tree.categories.to(called)).unwrap_or_default();
    let kind = reference::exit_point_type(&category);
    let tier = called.is_some_and(|called| called.key.kind == EntityKind::Tier);
    match tier {
        true => format!("Exit Call:{kind}|To:Component:{to}"),
        false => format!("Exit Call:{kind}|To:{{[UNRESOLVED][{to}]}}"),
    }
}
