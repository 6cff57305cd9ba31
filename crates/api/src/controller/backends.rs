//! Backends and queues.

use model::entity::{Entity, EntityKind};

use super::{
    asked::Asked,
    document::{Document, Shape},
};
use crate::{error::ApiError, reference};

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let mut all = asked.entities().all(app.id, EntityKind::Backend);
    all.extend(asked.entities().all(app.id, EntityKind::Queue));
    let items = all.iter().map(|backend| shape(backend)).collect();
    Ok(asked.list("backends", "backend", items))
}

fn shape(backend: &Entity) -> Shape {
    let category = reference::backend_category(backend);
    Shape::Object(vec![
        ("applicationComponentNodeId", 0.into()),
        ("exitPointType", reference::exit_point_type(&category).into()),
        ("id", backend.id.0.into()),
        ("name", backend.key.name.as_str().into()),
        ("properties", Shape::List("property", properties(backend))),
        ("tierId", 0.into()),
    ])
}

/// What is known of a backend's identity.
fn properties(backend: &Entity) -> Vec<Shape> {
    let address = backend.properties.address.as_str();
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (address, ""),
    };
    let known = [("Host", host), ("Port", port), ("Vendor", backend.properties.system.as_str())];
    let property = |(name, value): (&'static str, &str)| {
        Shape::Object(vec![("id", 0.into()), ("name", name.into()), ("value", value.into())])
    };
    known.into_iter().filter(|(_, value)| !value.is_empty()).map(property).collect()
}
