//! Nodes. Those unseen for an hour are not listed, but answer by id or name.

use std::sync::Arc;

use model::{
    entity::Entity,
    id::EntityId,
    time::{Minute, MinuteRange},
};

use super::{
    agent::agent_type,
    asked::Asked,
    document::{Document, Shape},
    tiers,
};
use crate::error::ApiError;

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    Ok(document(&asked, &live(&asked, app.id)))
}

pub(crate) async fn of_tier(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let tier = asked.tier(app.id)?;
    let mut nodes = live(&asked, app.id);
    nodes.retain(|node| node.key.parent == tier.id);
    Ok(document(&asked, &nodes))
}

/// A list of one.
pub(crate) async fn read(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let node = asked.node(app.id)?;
    Ok(document(&asked, &[node]))
}

/// A list of one.
pub(crate) async fn read_of_tier(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let tier = asked.tier(app.id)?;
    let node = asked.node_of(&tier)?;
    Ok(document(&asked, &[node]))
}

/// The nodes of an application that report now.
pub(super) fn live(asked: &Asked, application: EntityId) -> Vec<Arc<Entity>> {
    let now = asked.context().now_minute();
    let range = MinuteRange { start: now, end: Minute(now.0 + 1) };
    asked.entities().live_nodes(application, range, asked.context().now_ms())
}

fn document(asked: &Asked, nodes: &[Arc<Entity>]) -> Document {
    asked.list("nodes", "node", nodes.iter().map(|node| shape(asked, node)).collect())
}

fn shape(asked: &Asked, node: &Entity) -> Shape {
    let tier = asked.entities().get(node.key.parent);
    let runtime = tier.as_ref().map(|tier| tier.properties.system.as_str()).unwrap_or_default();
    let tier_name = tier.as_ref().map(|tier| tier.key.name.as_str()).unwrap_or_default();
    let addresses = Shape::Object(vec![("ipAddresses", Shape::List("ipAddress", Vec::new()))]);
    Shape::Object(vec![
        ("agentType", agent_type(runtime).into()),
        ("appAgentPresent", true.into()),
        ("appAgentVersion", node.properties.agent.as_str().into()),
        ("id", node.id.0.into()),
        ("ipAddresses", addresses),
        ("machineAgentPresent", false.into()),
        ("machineAgentVersion", "".into()),
        ("machineId", 0.into()),
        ("machineName", node.properties.host.as_str().into()),
        ("machineOSType", "".into()),
        ("name", node.key.name.as_str().into()),
        ("nodeUniqueLocalId", "".into()),
        ("tierId", node.key.parent.0.into()),
        ("tierName", tier_name.into()),
        ("type", tiers::TYPE.into()),
    ])
}
