//! Which entities are seen as what outside: categories that entities share between resources.

use std::collections::BTreeSet;

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
        "" if bt.properties.is_background() => EntryType::Background,
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

/// The types of calls. Figures do not keep how a tier was called: it is RPC where the tier offers nothing else, else HTTP.
#[derive(Debug, Default)]
pub(crate) struct CallCategories {
    rpc_only: BTreeSet<EntityId>,
}

impl CallCategories {
    /// Looks once through all that tiers offer.
    pub(crate) fn of(entities: &Entities) -> CallCategories {
        let mut rpc_only = BTreeSet::new();
        let mut others = BTreeSet::new();
        for endpoint in entities.all(EntityId::NONE, EntityKind::ServiceEndpoint) {
            let rpc = endpoint.properties.category == "RPC";
            if rpc { &mut rpc_only } else { &mut others }.insert(endpoint.key.parent);
        }
        rpc_only.retain(|tier| !others.contains(tier));
        CallCategories { rpc_only }
    }

    /// The type of a call to a tier, backend, queue or other application.
    pub(crate) fn to(&self, called: &Entity) -> String {
        match called.key.kind {
            EntityKind::Backend | EntityKind::Queue => backend_category(called),
            _ if self.rpc_only.contains(&called.id) => "RPC".to_owned(),
            _ => "HTTP".to_owned(),
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
