//! Tiers.

use std::sync::Arc;

use model::entity::{Entity, EntityKind};

use super::{
    agent::agent_type,
    asked::Asked,
    document::{Document, Shape},
    nodes,
};
use crate::error::ApiError;

pub(super) const TYPE: &str = "Application Server";

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let tiers = asked.entities().all(app.id, EntityKind::Tier);
    Ok(document(&asked, &tiers))
}

/// A list of one.
pub(crate) async fn read(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let tier = asked.tier(app.id)?;
    Ok(document(&asked, &[tier]))
}

fn document(asked: &Asked, tiers: &[Arc<Entity>]) -> Document {
    let nodes = tiers.first().map(|tier| nodes::live(asked, tier.key.application));
    let nodes = nodes.unwrap_or_default();
    let shape = |tier: &Arc<Entity>| {
        let own = nodes.iter().filter(|node| node.key.parent == tier.id).count();
        Shape::Object(vec![
            ("agentType", agent_type(&tier.properties.system).into()),
            ("description", "".into()),
            ("id", tier.id.0.into()),
            ("name", tier.key.name.as_str().into()),
            ("numberOfNodes", own.into()),
            ("type", TYPE.into()),
        ])
    };
    asked.list("tiers", "tier", tiers.iter().map(shape).collect())
}
