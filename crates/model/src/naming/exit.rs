//! Calls out of a tier: what is called, and when two nested spans are one call.

use std::borrow::Cow;

use twox_hash::XxHash3_64;

use crate::conventions::{Facts, MessagingOperation, SpanView};
use crate::naming::name;
use crate::naming::queue::{self, Queue};
use crate::span::SpanKind;

mod address;
mod plumbing;

pub use address::Address;
pub use plumbing::is_plumbing;

/// Types of backends, as pages name them.
pub mod category {
    pub const HTTP: &str = "HTTP";
    pub const DATABASE: &str = "DATABASE";
    pub const CACHE: &str = "CACHE";
    pub const RPC: &str = "RPC";
    pub const MESSAGING: &str = "MESSAGING";
    pub const OTHER: &str = "OTHER";
}

/// The one backend of a tier and category that holds those beyond the limit.
pub fn other_backends(category: &str) -> String {
    format!("All other traffic for {category}")
}

/// One call out of a tier, as its span tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExitCall<'a> {
    /// One of [`category`].
    pub category: &'static str,
    /// `mysql`, `redis`, `grpc`, `rabbitmq`, `http`; empty where unknown.
    pub system: &'a str,
    /// Where it leads, normalised; a queue's broker, which is no part of the queue's identity.
    pub address: Option<Address<'a>>,
    /// The address is the caller's own machine: its identity needs the host or tier beside it.
    pub loopback: bool,
    pub database: Option<Cow<'a, str>>,
    /// The queue; nothing for every other category.
    pub queue: Option<Queue<'a>>,
    /// What is called where no address is known: an RPC service, `peer.service`.
    pub service: Option<&'a str>,
    /// It carries another call and may be inside one: HTTP, RPC, connect.
    pub transport: bool,
}

/// Reads the call of a CLIENT or PRODUCER span. Nothing for other kinds, for plumbing, for a consumer's fetching and
/// acknowledging, and for what is said to a broker about its queues.
pub fn call<'a>(facts: &Facts<'a>, span: &SpanView<'a, '_>) -> Option<ExitCall<'a>> {
    if !span.kind.may_exit() || is_plumbing(span.scope, span.name) {
        return None;
    }
    let (category, system) = match span.kind {
        SpanKind::Producer => (category::MESSAGING, facts.messaging_system.unwrap_or_default()),
        _ => client_category(facts)?,
    };
    let address = Address::of(facts, category, system);
    let queue = (category == category::MESSAGING).then(|| queue::identity(facts)).flatten();
    let database = match facts.db_index {
        Some(index) if is_store(category) => Some(Cow::Owned(index.to_string())),
        _ => facts.db_namespace.filter(|_| is_store(category)).map(Cow::Borrowed),
    };
    Some(ExitCall {
        category,
        system,
        loopback: address.as_ref().is_some_and(Address::is_loopback),
        address,
        database,
        queue,
        service: facts.rpc_service.filter(|_| category == category::RPC).or(facts.peer_service),
        transport: matches!(category, category::HTTP | category::RPC)
            || plumbing::is_connect(span.name),
    })
}

fn is_store(category: &str) -> bool {
    matches!(category, category::DATABASE | category::CACHE)
}

/// The most specific thing that a CLIENT span says of itself: a database over HTTP is a database.
fn client_category<'a>(facts: &Facts<'a>) -> Option<(&'static str, &'a str)> {
    if let Some(system) = facts.db_system {
        return Some((store_category(system), system));
    }
    let manages = facts.messaging_operation == Some(MessagingOperation::Manage);
    if let Some(operation) = facts.messaging_operation.filter(|_| !manages) {
        let system = facts.messaging_system.unwrap_or_default();
        return (!operation.consumes()).then_some((category::MESSAGING, system));
    }
    if let Some(system) = facts.rpc_system {
        return Some((category::RPC, system));
    }
    if facts.is_http() {
        return Some((category::HTTP, "http"));
    }
    (!manages).then_some((category::OTHER, ""))
}

fn store_category(system: &str) -> &'static str {
    match system {
        "redis" | "memcached" | "valkey" | "hazelcast" | "infinispan" | "geode" => category::CACHE,
        _ => category::DATABASE,
    }
}

impl ExitCall<'_> {
    /// What the backend is called: `mysql db1:3306/shop`, `redis localhost:6379`, `db1:8080`, `rabbitmq jobs`.
    /// Loopback addresses still need their host or tier.
    pub fn identity(&self) -> String {
        if let Some(queue) = &self.queue {
            return queue.name();
        }
        let target = match (&self.address, self.service) {
            (Some(address), _) => Cow::Owned(address.to_string()),
            (None, Some(service)) => Cow::Borrowed(service),
            (None, None) => Cow::Borrowed(""),
        };
        let at_address = self.address.is_some();
        let database = self.database.as_deref();
        name::limited(backend(self.category, self.system, &target, at_address, database))
    }

    /// What two spans must share to be one call, small enough to keep for every open span.
    pub fn key(&self) -> ExitKey {
        let inside = match (&self.queue, &self.database, self.service) {
            (Some(queue), ..) => hash(1, queue.destination),
            (None, Some(database), _) => hash(2, database),
            (None, None, Some(service)) => hash(3, service),
            (None, None, None) => 0,
        };
        ExitKey {
            // Categories differ in their first letters.
            kind: hash(u64::from(self.category.as_bytes()[0]), self.system),
            address: self
                .address
                .as_ref()
                .map_or(0, |address| hash(address.port.map_or(0, u64::from), &address.host)),
            inside,
            transport: self.transport,
            queue: self.category == category::MESSAGING,
        }
    }
}

/// The name of a backend of a category and system: what is called, at an address or not, and the database in it.
pub fn backend(
    category: &str,
    system: &str,
    target: &str,
    at_address: bool,
    database: Option<&str>,
) -> String {
    let mut name = String::with_capacity(48);
    // HTTP hosts are known by their address alone.
    if category != category::HTTP {
        name.push_str(system);
    }
    match target {
        "" if name.is_empty() => name.push_str("unknown"),
        "" => {}
        target => push_word(&mut name, target),
    }
    if let Some(database) = database {
        name.push(if at_address { '/' } else { ' ' });
        name.push_str(database);
    }
    name
}

fn push_word(name: &mut String, word: &str) {
    if !name.is_empty() {
        name.push(' ');
    }
    name.push_str(word);
}

/// Never 0, which stands for "not known".
fn hash(seed: u64, text: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, text.as_bytes()).max(1)
}

/// The identity of an exit call as hashes. Only compared within one trace and process, never persisted as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExitKey {
    /// Category and system.
    pub kind: u64,
    /// 0 where no address is known.
    pub address: u64,
    /// The database, queue or service at that address; 0 where none is known.
    pub inside: u64,
    pub transport: bool,
    pub queue: bool,
}

/// How an exit span under another one of its process is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nested {
    /// One call, timed by the outer span. Where the outer has no address it takes the inner's.
    SameCall,
    /// The inner span carries the outer call: outer's type, inner's address where the outer has none.
    Transport,
    /// A call of its own; it inherits nothing.
    OwnCall,
}

/// Decides how `inner`, nested in `outer` within one process, is counted.
pub fn nested(outer: &ExitKey, inner: &ExitKey) -> Nested {
    if same_call(outer, inner) {
        Nested::SameCall
    } else if inner.transport && agree(outer.address, inner.address) {
        Nested::Transport
    } else {
        Nested::OwnCall
    }
}

/// Whether two nested spans are one call: the same kind and system, and no known difference of target.
pub fn same_call(outer: &ExitKey, inner: &ExitKey) -> bool {
    // Where a queue is, is no part of which queue it is.
    let address = outer.queue || agree(outer.address, inner.address);
    outer.kind == inner.kind && address && agree(outer.inside, inner.inside)
}

/// Equal, or one is not known.
fn agree(outer: u64, inner: u64) -> bool {
    outer == inner || outer == 0 || inner == 0
}

#[cfg(test)]
mod tests;
