//! Entities: applications, tiers, nodes, business transactions, backends, queues, service endpoints, error groups.

use serde::{Deserialize, Serialize};

use crate::{
    excluded::Excluded,
    id::{AccountId, EntityId},
    long_lived::LongLived,
};

/// The application that Vedette reports to itself as.
pub const OWN_APPLICATION: &str = "Vedette";

/// What an entity is; the numbers are persisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum EntityKind {
    Application = 1,
    Tier = 2,
    Node = 3,
    BusinessTransaction = 4,
    ServiceEndpoint = 5,
    Backend = 6,
    Queue = 7,
    ErrorGroup = 8,
    /// An address that answered as a tier: name = address, parent = the tier.
    Address = 9,
}

impl EntityKind {
    /// Reads the persisted number.
    pub fn from_number(number: u8) -> Option<EntityKind> {
        use EntityKind::*;
        [
            Application,
            Tier,
            Node,
            BusinessTransaction,
            ServiceEndpoint,
            Backend,
            Queue,
            ErrorGroup,
            Address,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == number)
    }
}

/// What identifies an entity: no two have the same key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EntityKey {
    pub account: AccountId,
    pub kind: EntityKind,
    /// The application it belongs to; none for an application itself.
    pub application: EntityId,
    /// A node's, business transaction's, service endpoint's or error group's tier, an address' tier; else none.
    pub parent: EntityId,
    /// At most 255 characters, made by `naming::name`.
    pub name: String,
}

/// One entity as every reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    pub id: EntityId,
    pub key: EntityKey,
    pub properties: Properties,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds of the newest telemetry, to the minute.
    pub last_seen_ms: i64,
}

impl Entity {
    /// Whether an operator said that a node is gone, and it has not reported since.
    pub fn is_retired(&self) -> bool {
        self.properties.retired_ms.is_some_and(|at_ms| self.last_seen_ms <= at_ms)
    }
}

/// What is known of an entity besides its name. Persisted as JSON: fields are only ever added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    /// A business transaction's, endpoint's, backend's or queue's type: `HTTP`, `RPC`, `MESSAGING`, `DATABASE`, `CACHE`, ….
    #[serde(skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// A backend's system (`mysql`, `redis`, `rabbitmq`), a tier's runtime (`python`, `nodejs`).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// A backend's `host:port`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// A node's agent and version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub agent: String,
    /// A node's host.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Work that no user waits for: out of the application's key figures.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub background: bool,
    /// The one business transaction of a tier that holds its health checks.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub health_check: bool,
    /// `All Other Traffic - <tier>` or `All other traffic for <type>`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other_traffic: bool,
    /// What an operator should do about this entity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Of a business transaction: whether its calls are out of response times.
    #[serde(skip_serializing_if = "LongLived::is_nothing")]
    pub long_lived: LongLived,
    /// Of a business transaction that came when its application or tier had no place for another: where its calls count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Of an application: its background transactions count in its key figures.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub background_counts: bool,
    /// Of a tier whose own metrics count more requests than its spans show: the share that they show, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spans_show_percent: Option<u8>,
    /// Of a tier: its entries worked for transactions that another tier of its application began.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub called: bool,
    /// Of a node the version of its service that it reports, of a tier the one that came last.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Of a node: an operator said then that it is gone, Unix milliseconds. It counts until the node reports again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_ms: Option<i64>,
    /// Of a business transaction: an operator does not want it, or did not once.
    #[serde(skip_serializing_if = "Excluded::is_nothing")]
    pub excluded: Excluded,
    /// Of a business transaction: what an operator said of [`Properties::background`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_marked: Option<bool>,
    /// Of a business transaction: the number of its group, one of its application's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// Of an application: the groups of its business transactions, by number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<TransactionGroup>,
}

/// Business transactions of an application that an operator looks at as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionGroup {
    /// Of all that the application ever had; never given twice while a transaction names it.
    pub id: u32,
    pub name: String,
}

/// A business transaction beyond the limits: its calls count in `All Other Traffic` until it has a place of its own. A call
/// is judged by when it ended, so that it counts in the same place however often its trace is opened again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// An operator wants it counted by itself, or a place became free.
    pub promoted: bool,
    /// End of the first call that counts by itself, Unix nanoseconds: after every call that was taken before it was promoted.
    pub from_ns: Option<u64>,
    /// There was a place for it; it was met below a parent that did not come, at a tier that others of its application call. It
    /// may be a piece of other transactions, and such calls of it count in none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub piece: bool,
}

impl Waiting {
    /// Whether a call that ended at this time (Unix nanoseconds) counts by itself.
    pub fn has_place_at(&self, end_ns: u64) -> bool {
        self.from_ns.is_some_and(|from| end_ns >= from)
    }
}

impl Properties {
    /// Whether no user waits for it: what an operator said, else what its name or kind tells.
    pub fn is_background(&self) -> bool {
        self.background_marked.unwrap_or(self.background || self.health_check)
    }

    /// Whether it has no place of its own yet.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some_and(|waiting| waiting.from_ns.is_none())
    }

    /// Whether it has none because it may be a piece of other transactions.
    pub fn is_piece(&self) -> bool {
        self.waiting.is_some_and(|waiting| waiting.piece && waiting.from_ns.is_none())
    }
}
