//! Whether there is room for further metric streams: the pipeline says so, intake asks, and a sender is told of points that
//! would count nowhere.
//!
//! Only the pipeline knows which streams there are, and intake does not wait for it. So a point is refused when all of this
//! holds, and taken otherwise:
//! - its application, its account or the memory has as many streams as there may be, of which the pipeline has left the keys
//!   here ([`Room::fill`]); it takes them back before it makes room ([`Room::clear`]);
//! - points of its resource were ignored for that a short time ago, so that it is certain whose they are ([`Room::place`]);
//! - the key of its stream is none of them.
//!
//! A stream that is known is never refused. What came between the moment when a limit was reached and the one when the pipeline
//! had worked on a sender's points was acknowledged and is ignored; that sender is told how many these were with its next
//! request ([`Room::take_untold`]).

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{AcqRel, Acquire, Release},
        },
    },
};

use model::id::{AccountId, EntityId};
use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use twox_hash::XxHash3_64;

use crate::{
    otlp::{slice::Refusal, value::AttributeList},
    pipeline::stream_key,
};

/// So long a resource's place is certain, milliseconds: a node's name is not given to another process before.
const CERTAIN_MS: i64 = 100_000;
/// Resources whose points were ignored; further ones are not told.
const MAX_SENDERS: usize = 20_000;

/// Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Room(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Whether there is anything to ask for at all.
    is_full: AtomicBool,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    full: FxHashMap<Scope, Arc<FxHashSet<u64>>>,
    senders: FxHashMap<u64, Sender>,
}

/// What there may be only so many streams of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Application(AccountId, EntityId),
    Account(AccountId),
    /// The memory.
    All,
}

/// Whose the streams of a resource are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) account: AccountId,
    pub(crate) application: EntityId,
    /// What the keys of its streams are made of.
    pub(crate) process: u64,
}

#[derive(Debug)]
struct Sender {
    place: Place,
    /// When it was certain, Unix milliseconds.
    at_ms: i64,
    /// Points that were acknowledged and ignored, and of which nobody was told.
    untold: AtomicU64,
}

/// The resources of one sender, at one time.
#[derive(Clone, Debug)]
pub struct Asking {
    pub(crate) room: Room,
    pub(crate) account: AccountId,
    pub(crate) sender: Option<IpAddr>,
    pub(crate) now_ms: i64,
}

/// The streams of a resource that has no room for further ones.
#[derive(Debug)]
pub(crate) struct Streams {
    /// Names the resource.
    pub(crate) source: u64,
    process: u64,
    known: Arc<FxHashSet<u64>>,
    why: Refusal,
}

/// Names a resource of a sender.
pub(crate) fn source_key(account: AccountId, resource: &[u8], sender: Option<IpAddr>) -> u64 {
    let seed = match sender {
        Some(IpAddr::V4(address)) => u64::from(u32::from(address)),
        Some(IpAddr::V6(address)) => u128::from(address) as u64,
        None => 0,
    };
    XxHash3_64::oneshot_with_seed(seed ^ (u64::from(account.0) << 32), resource)
}

impl Room {
    /// There is no room for other streams than these.
    pub(crate) fn fill(&self, scope: Scope, known: impl Iterator<Item = u64>) {
        let mut state = self.0.state.write();
        state.full.entry(scope).or_insert_with(|| Arc::new(known.collect()));
        self.0.is_full.store(true, Release);
    }

    /// There may be room again.
    pub(crate) fn clear(&self) {
        let mut state = self.0.state.write();
        state.full.clear();
        self.0.is_full.store(false, Release);
    }

    /// Whether there is anything to refuse.
    pub(crate) fn is_full(&self) -> bool {
        self.0.is_full.load(Acquire)
    }

    /// Whose a resource's streams are, of whose points so many were ignored just now for want of room. One of which none were
    /// is noted if it is known.
    pub(crate) fn place(&self, source: u64, place: Place, at_ms: i64, ignored: u64) {
        let mut state = self.0.state.write();
        let is_known = state.senders.contains_key(&source);
        if !is_known && (ignored == 0 || !state.has_room_for_sender(at_ms)) {
            return;
        }
        let sender = Sender { place, at_ms, untold: AtomicU64::new(0) };
        let sender = state.senders.entry(source).or_insert(sender);
        (sender.place, sender.at_ms) = (place, at_ms);
        *sender.untold.get_mut() += ignored;
    }

    /// How many points of these resources were acknowledged and ignored, so far as nobody was told. Then somebody was.
    pub(crate) fn take_untold(&self, sources: &[u64]) -> u64 {
        if sources.is_empty() {
            return 0;
        }
        let state = self.0.state.read();
        let senders = sources.iter().filter_map(|source| state.senders.get(source));
        senders.map(|sender| sender.untold.swap(0, AcqRel)).sum()
    }
}

impl State {
    /// Forgets what is not certain any more where there are many.
    fn has_room_for_sender(&mut self, now_ms: i64) -> bool {
        if self.senders.len() >= MAX_SENDERS {
            self.senders.retain(|_, sender| sender.is_certain(now_ms));
        }
        self.senders.len() < MAX_SENDERS
    }

    fn full_of(&self, place: &Place) -> Option<(Refusal, &Arc<FxHashSet<u64>>)> {
        let scopes = [
            (Scope::Application(place.account, place.application), Refusal::ApplicationStreams),
            (Scope::Account(place.account), Refusal::AccountStreams),
            (Scope::All, Refusal::MemoryForStreams),
        ];
        scopes.into_iter().find_map(|(scope, why)| Some((why, self.full.get(&scope)?)))
    }
}

impl Sender {
    fn is_certain(&self, now_ms: i64) -> bool {
        (now_ms - self.at_ms).abs() < CERTAIN_MS
    }
}

impl Asking {
    /// The streams of an encoded resource, where there is no room for further ones.
    pub(crate) fn of_resource(&self, resource: &[u8]) -> Option<Streams> {
        if !self.room.is_full() {
            return None;
        }
        let source = source_key(self.account, resource, self.sender);
        let state = self.room.0.state.read();
        let sender = state.senders.get(&source).filter(|sender| sender.is_certain(self.now_ms))?;
        let (why, known) = state.full_of(&sender.place)?;
        Some(Streams { source, process: sender.place.process, known: Arc::clone(known), why })
    }
}

impl Streams {
    /// Why a point of such a stream is refused, if it is.
    pub(crate) fn refusal(
        &self,
        scope: &str,
        metric: &str,
        attributes: AttributeList<'_>,
    ) -> Option<Refusal> {
        let key = stream_key(self.process, scope, metric, attributes);
        (!self.known.contains(&key)).then_some(self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { account: AccountId::FIRST, application: EntityId(7), process: 11 };
    const AT_MS: i64 = 1_700_000_000_000;

    fn asking(room: &Room, now_ms: i64) -> Asking {
        Asking { room: room.clone(), account: AccountId::FIRST, sender: None, now_ms }
    }

    fn refusal(room: &Room, now_ms: i64, metric: &str) -> Option<Refusal> {
        let streams = asking(room, now_ms).of_resource(b"resource")?;
        streams.refusal("scope", metric, AttributeList::default())
    }

    fn source() -> u64 {
        source_key(AccountId::FIRST, b"resource", None)
    }

    fn known() -> impl Iterator<Item = u64> {
        std::iter::once(stream_key(PLACE.process, "scope", "known", AttributeList::default()))
    }

    #[test]
    fn only_unknown_streams_of_a_sender_whose_points_were_ignored_are_refused() {
        let room = Room::default();
        assert_eq!(refusal(&room, AT_MS, "new"), None);
        room.fill(Scope::Application(PLACE.account, PLACE.application), known());
        assert_eq!(refusal(&room, AT_MS, "new"), None, "nobody knows whose it is");
        room.place(source(), PLACE, AT_MS, 0);
        assert_eq!(refusal(&room, AT_MS, "new"), None, "nothing of it was ignored");
        room.place(source(), PLACE, AT_MS, 3);
        assert_eq!(refusal(&room, AT_MS, "new"), Some(Refusal::ApplicationStreams));
        assert_eq!(refusal(&room, AT_MS, "known"), None);
    }

    #[test]
    fn a_place_is_certain_for_a_while_after_it_was_seen_last() {
        let room = Room::default();
        room.fill(Scope::All, known());
        room.place(source(), PLACE, AT_MS, 1);
        assert_eq!(refusal(&room, AT_MS + CERTAIN_MS - 1, "new"), Some(Refusal::MemoryForStreams));
        assert_eq!(refusal(&room, AT_MS + CERTAIN_MS, "new"), None);
        assert_eq!(refusal(&room, AT_MS - CERTAIN_MS, "new"), None, "the clock was set back");
        room.place(source(), PLACE, AT_MS + CERTAIN_MS, 0);
        assert_eq!(refusal(&room, AT_MS + CERTAIN_MS, "new"), Some(Refusal::MemoryForStreams));
    }

    #[test]
    fn nothing_is_refused_once_there_may_be_room_and_the_limit_that_is_reached_is_named() {
        let room = Room::default();
        room.place(source(), PLACE, AT_MS, 1);
        room.fill(Scope::Account(AccountId(PLACE.account.0 + 1)), known());
        assert_eq!(refusal(&room, AT_MS, "new"), None, "another account");
        room.fill(Scope::Account(PLACE.account), known());
        assert_eq!(refusal(&room, AT_MS, "new"), Some(Refusal::AccountStreams));
        room.clear();
        assert_eq!(refusal(&room, AT_MS, "new"), None);
    }

    #[test]
    fn points_that_were_acknowledged_and_ignored_are_told_once() {
        let room = Room::default();
        room.place(source(), PLACE, AT_MS, 2);
        room.place(source(), PLACE, AT_MS + 1, 3);
        assert_eq!(room.take_untold(&[source(), 1]), 5);
        assert_eq!(room.take_untold(&[source()]), 0);
    }

    #[test]
    fn senders_are_bounded_and_old_ones_make_room() {
        let room = Room::default();
        for source in 0..=MAX_SENDERS as u64 {
            room.place(source, PLACE, AT_MS, 1);
        }
        assert_eq!(room.take_untold(&[MAX_SENDERS as u64]), 0);
        room.place(u64::MAX, PLACE, AT_MS + CERTAIN_MS, 4);
        assert_eq!(room.take_untold(&[u64::MAX]), 4);
    }
}
