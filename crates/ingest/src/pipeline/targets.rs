//! What exit calls lead to and consumers read from, each kept once and known by a number.

use model::naming::exit::{self, ExitCall, ExitKey, category};
use model::naming::queue::Queue;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

/// Everything that identifies a call's far end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Target {
    /// Of [`category`].
    pub(super) category: String,
    pub(super) system: String,
    /// The backend's name, a loopback one with its host.
    pub(super) name: String,
    /// `host:port`, a loopback one with its host; empty where unknown.
    pub(super) address: String,
    pub(super) queue: bool,
    key: [u64; 3],
    transport: bool,
}

impl Target {
    /// The far end of an exit call. A loopback address is the caller's own machine, so `place` (its host) is part of it.
    pub(super) fn of_exit(call: &ExitCall<'_>, place: &str) -> Target {
        let qualified =
            |text: String| if call.loopback { format!("{text} ({place})") } else { text };
        let key = call.key();
        let is_queue = call.queue.is_some();
        Target {
            category: call.category.to_owned(),
            system: call.system.to_owned(),
            name: if is_queue { call.identity() } else { qualified(call.identity()) },
            address: call
                .address
                .as_ref()
                .map(|address| qualified(address.to_string()))
                .unwrap_or_default(),
            queue: is_queue,
            key: [key.kind, key.address, key.inside],
            transport: key.transport,
        }
    }

    /// The queue that a consumer reads.
    pub(super) fn of_queue(queue: &Queue<'_>) -> Target {
        Target {
            category: category::MESSAGING.to_owned(),
            system: queue.system.to_owned(),
            name: queue.name(),
            address: String::new(),
            queue: true,
            key: [0; 3],
            transport: false,
        }
    }

    /// The same far end, at the address of the transport that carried the call.
    pub(super) fn carried_by(&self, transport: &Target) -> Target {
        let address = transport.address.clone();
        let inside = self.name.strip_prefix(&self.system).unwrap_or_default().trim_start();
        let is_store = matches!(self.category.as_str(), category::DATABASE | category::CACHE);
        let database = Some(inside).filter(|inside| is_store && !inside.is_empty());
        let name = exit::backend(&self.category, &self.system, &address, true, database);
        Target { name, address, ..self.clone() }
    }

    /// For deciding which nested calls are one.
    pub(super) fn exit_key(&self) -> ExitKey {
        let [kind, address, inside] = self.key;
        ExitKey {
            kind,
            address,
            inside,
            transport: self.transport,
            queue: self.category == category::MESSAGING,
        }
    }
}

/// A table of targets; number 0 stands for none.
#[derive(Debug, Default)]
pub(super) struct Targets {
    all: Vec<Target>,
    numbers: FxHashMap<Target, u32>,
    /// By what identifies a call: its key and, for a loopback address, the caller's place, for none the service. Saves
    /// making its names.
    calls: FxHashMap<(ExitKey, u64), u32>,
}

/// Beyond so many, further ones of a category share one number each; some applications call a new address every time.
const MAX_TARGETS: usize = 50_000;

impl Targets {
    /// The number of an exit call's target. `place` is what a loopback address means.
    pub(super) fn of_exit(&mut self, call: &ExitCall<'_>, place: &str) -> u32 {
        // The service is part of a name without an address.
        let beside = match (&call.address, call.service) {
            (Some(_), _) if call.loopback => place,
            (None, Some(service)) => service,
            _ => "",
        };
        let key = (call.key(), XxHash3_64::oneshot(beside.as_bytes()));
        if let Some(&number) = self.calls.get(&key) {
            return number;
        }
        let number = self.number(Target::of_exit(call, place));
        if self.calls.len() >= 2 * MAX_TARGETS {
            self.calls.clear();
        }
        self.calls.insert(key, number);
        number
    }

    /// The number of a target.
    pub(super) fn number(&mut self, target: Target) -> u32 {
        if let Some(&number) = self.numbers.get(&target) {
            return number;
        }
        let target = if self.all.len() < MAX_TARGETS { target } else { rest_of(target) };
        if let Some(&number) = self.numbers.get(&target) {
            return number;
        }
        self.all.push(target.clone());
        let number = u32::try_from(self.all.len()).expect("targets are bounded");
        self.numbers.insert(target, number);
        number
    }

    /// The target of a number.
    pub(super) fn get(&self, number: u32) -> Option<&Target> {
        self.all.get((number as usize).checked_sub(1)?)
    }

    /// All, in the order of their numbers.
    pub(super) fn all(&self) -> &[Target] {
        &self.all
    }
}

fn rest_of(target: Target) -> Target {
    Target {
        name: format!("All other traffic for {}", target.category),
        address: String::new(),
        key: [target.key[0], 0, 0],
        ..target
    }
}

impl FromIterator<Target> for Targets {
    fn from_iter<I: IntoIterator<Item = Target>>(targets: I) -> Self {
        let mut table = Targets::default();
        for target in targets {
            table.number(target);
        }
        table
    }
}
