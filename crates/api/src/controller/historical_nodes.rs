//! Nodes that a script says are gone: out of lists until they report again.

use axum::body::Bytes;
use model::{access::Permission, entity::EntityKind};

use super::asked::{Asked, ids};
use crate::error::ApiError;

const PARAM: &str = "application-component-node-ids";
/// Nodes in one request.
const MOST: usize = 1000;

/// Marks nodes as historical. All of them have to be there, or none is marked.
pub(crate) async fn mark(asked: Asked, body: Bytes) -> Result<String, ApiError> {
    let mut sent = form_urlencoded::parse(&body).filter(|(name, _)| name == PARAM);
    let wanted = match sent.next() {
        Some((_, text)) => ids(PARAM, &text)?,
        None => asked.ids(PARAM)?,
    };
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(ApiError::bad(format!("{PARAM} has to be 1 to {MOST} ids joined by commas")));
    }
    let entities = asked.entities();
    for id in &wanted {
        let node = entities.one_of(*id, &[EntityKind::Node], "node")?;
        let application = Some(node.key.application);
        asked.context().require(&asked.caller, Permission::Configure, application).await?;
    }
    let now_ms = asked.context().now_ms();
    for id in &wanted {
        let retire = move |properties: &mut model::entity::Properties| {
            properties.retired_ms = Some(now_ms);
        };
        asked.context().change_properties(*id, retire).await?;
    }
    tracing::info!(nodes = ?wanted, user = asked.caller.name, "nodes marked as historical");
    let plural = if wanted.len() == 1 { "node" } else { "nodes" };
    Ok(format!("Successfully marked {} {plural} as historical", wanted.len()))
}
