//! Applications.

use metadata_store::Accounts as _;
use model::{
    entity::{Entity, EntityKind},
    id::EntityId,
};

use super::{
    asked::Asked,
    document::{Document, Shape},
};
use crate::error::ApiError;

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let all = asked.entities().all(EntityId::NONE, EntityKind::Application);
    let guid = account_guid(&asked).await?;
    let items = all.iter().map(|app| shape(app, &guid)).collect();
    Ok(asked.list("applications", "application", items))
}

/// A list of one.
pub(crate) async fn read(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let guid = account_guid(&asked).await?;
    Ok(asked.list("applications", "application", vec![shape(&app, &guid)]))
}

fn shape(app: &Entity, account_guid: &str) -> Shape {
    Shape::Object(vec![
        ("id", app.id.0.into()),
        ("name", app.key.name.as_str().into()),
        ("description", "".into()),
        ("accountGuid", account_guid.into()),
    ])
}

async fn account_guid(asked: &Asked) -> Result<String, ApiError> {
    let accounts = asked.context().store.accounts().await?;
    let own = accounts.into_iter().find(|account| account.id == asked.caller.account.0);
    Ok(own.map(|account| account.guid).unwrap_or_default())
}
