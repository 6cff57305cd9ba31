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
    let Identity { host, port, database } = Identity::of(backend);
    let known = [
        ("Host", host),
        ("Port", port),
        ("Database", database),
        ("Vendor", backend.properties.system.clone()),
    ];
    let property = |(name, value): (&'static str, String)| {
        Shape::Object(vec![("id", 0.into()), ("name", name.into()), ("value", value.into())])
    };
    known.into_iter().filter(|(_, value)| !value.is_empty()).map(property).collect()
}

/// The parts of a backend's name, `mysql db1:3306/shop`. One at a loopback address has its host behind it:
/// `mysql localhost:3306/shop (h1)`.
#[derive(Debug, PartialEq)]
struct Identity {
    host: String,
    port: String,
    /// Known where the address is: without one, a name does not tell a database from a service.
    database: String,
}

impl Identity {
    fn of(backend: &Entity) -> Identity {
        let (address, place) = match backend.properties.address.split_once(" (") {
            Some((address, _)) => (address, &backend.properties.address[address.len()..]),
            None => (backend.properties.address.as_str(), ""),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (address, ""),
        };
        let name = backend.key.name.strip_suffix(place).unwrap_or(&backend.key.name);
        let inside = name.strip_prefix(backend.properties.system.as_str()).map(str::trim_start);
        let inside = inside.and_then(|rest| rest.strip_prefix(address)?.strip_prefix('/'));
        let database = inside.filter(|_| !address.is_empty()).unwrap_or_default();
        Identity {
            host: format!("{host}{place}"),
            port: port.to_owned(),
            database: database.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{
        entity::{EntityKey, Properties},
        id::{AccountId, EntityId},
    };

    use super::*;

    #[track_caller]
    fn check(name: &str, system: &str, address: &str, expected: [&str; 3]) {
        let key = EntityKey {
            account: AccountId::FIRST,
            kind: EntityKind::Backend,
            application: EntityId(1),
            parent: EntityId::NONE,
            name: name.to_owned(),
        };
        let (system, address) = (system.to_owned(), address.to_owned());
        let properties = Properties { system, address, ..Properties::default() };
        let backend = Entity { id: EntityId(7), key, properties, created_ms: 0, last_seen_ms: 0 };
        let [host, port, database] = expected.map(str::to_owned);
        assert_eq!(Identity::of(&backend), Identity { host, port, database });
    }

    #[test]
    fn a_backends_name_has_host_port_and_database() {
        check("mysql db1:3306/shop", "mysql", "db1:3306", ["db1", "3306", "shop"]);
        check("redis cache1:6379", "redis", "cache1:6379", ["cache1", "6379", ""]);
        check("postgresql db1/a/b", "postgresql", "db1", ["db1", "", "a/b"]);
        check(
            "mysql localhost:3306/shop (h1)",
            "mysql",
            "localhost:3306 (h1)",
            ["localhost (h1)", "3306", "shop"],
        );
        check("db1:8080", "http", "db1:8080", ["db1", "8080", ""]);
        check("mysql shop", "mysql", "", ["", "", ""]);
    }
}
