//! Which entities are seen as what outside: categories that entities share between resources.

use api_types::EntryType;
use model::{
    entity::{Entity, EntityKind},
    id::EntityId,
};

use crate::entities::Entities;

/// How requests of a business transaction arrive.
pub(crate) fn entry_type(bt: &Entity) -> EntryType {
    match bt.properties.category.as_str() {
        // An operation's name is finer than a route's, but it arrives the same way.
        "GRAPHQL" => EntryType::Http,
        "" if bt.properties.background => EntryType::Background,
        category => EntryType::of_category(category),
    }
}

/// The type of a backend or queue.
pub(crate) fn backend_category(backend: &Entity) -> String {
    match (backend.key.kind, backend.properties.category.as_str()) {
        (EntityKind::Queue, _) => "MESSAGING".to_owned(),
        (_, "") => "OTHER".to_owned(),
        (_, category) => category.to_owned(),
    }
}

/// The type of a call to a tier, backend, queue or other application. Figures do not keep how a tier was called: it is
/// RPC where the tier offers nothing else, else HTTP.
pub(crate) fn call_category(entities: &Entities, to: EntityId) -> String {
    let Some(called) = entities.get(to) else { return "OTHER".to_owned() };
    match called.key.kind {
        EntityKind::Backend | EntityKind::Queue => backend_category(&called),
        _ => {
            let endpoints = entities.all(called.key.application, EntityKind::ServiceEndpoint);
            let mut own = endpoints.iter().filter(|endpoint| endpoint.key.parent == to).peekable();
            let rpc =
                own.peek().is_some() && own.all(|endpoint| endpoint.properties.category == "RPC");
            if rpc { "RPC" } else { "HTTP" }.to_owned()
        }
    }
}

/// A type of call as clients of the reference product know it.
pub(crate) fn exit_point_type(category: &str) -> &'static str {
    match category {
        "HTTP" => "HTTP",
        "DATABASE" => "JDBC",
        "CACHE" => "CACHE",
        "MESSAGING" => "JMS",
        "RPC" => "WEB_SERVICE",
        _ => "CUSTOM",
    }
}
