//! Business transactions.

use model::entity::Entity;

use super::{
    agent::entry_point_type,
    asked::Asked,
    document::{Document, Shape},
};
use crate::error::ApiError;

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let mut all = asked.entities().transactions(app.id, asked.context().now_ms());
    // None can be excluded yet.
    if asked.flag("exclude")? == Some(true) {
        all.clear();
    }
    let items = all.iter().map(|bt| shape(&asked, bt)).collect();
    Ok(asked.list("business-transactions", "business-transaction", items))
}

fn shape(asked: &Asked, bt: &Entity) -> Shape {
    let tier = asked.entities().get(bt.key.parent);
    let runtime = tier.as_ref().map(|tier| tier.properties.system.as_str()).unwrap_or_default();
    let tier_name = tier.as_ref().map(|tier| tier.key.name.as_str()).unwrap_or_default();
    Shape::Object(vec![
        ("background", bt.properties.background.into()),
        ("entryPointType", entry_point_type(&bt.properties.category, runtime).into()),
        ("id", bt.id.0.into()),
        ("internalName", bt.key.name.as_str().into()),
        ("name", bt.key.name.as_str().into()),
        ("tierId", bt.key.parent.0.into()),
        ("tierName", tier_name.into()),
    ])
}
