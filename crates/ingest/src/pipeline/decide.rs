//! What each span of a trace stands for: a pure function of all that is known of the trace.
//!
//! Called when a trace is closed, and again when a span comes after that; figures are moved by the difference. It knows
//! no names: whoever calls it gives it a [`World`] that resolves them.

use model::{
    id::EntityId,
    naming::exit::{ExitKey, Nested, nested},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::skeleton::{
    CONSUMER, COUNTED_ENTRY, COUNTED_EXIT, Decided, ENTRY, ENTRY_UNLESS_NESTED, EXIT,
    INTERNAL_ROOT, NAMES_ENTRY, PROCESS, RECEIVE, ROOT, Skeleton,
};

/// What deciding needs to know of the world outside the trace.
pub(super) trait World {
    /// The application of a tier.
    fn application_of(&mut self, tier: u32) -> EntityId;
    /// The business transaction that enters at this span, named by another one if there is one that does (its id); none
    /// where operators do not want it. `piece`: something above it was named and did not come, so that it may work for a
    /// transaction that nobody knows of.
    fn transaction(&mut self, entry: &Skeleton, named_by: Option<u64>, piece: bool) -> EntityId;
    /// What two nested exit calls must share to be one.
    fn exit_key(&self, target: u32) -> Option<ExitKey>;
    /// Whom a call reached. `answered` is the tier of the entry that it led to, `carrier` the target of a transport span
    /// inside it that has the address it lacks.
    fn far_end(&mut self, exit: &Skeleton, carrier: Option<u32>, answered: Option<u32>)
    -> EntityId;
    /// The queue that a consumer's entry read.
    fn queue(&mut self, entry: &Skeleton) -> EntityId;
}

/// Decides every span, in place.
pub(super) fn decide(spans: &mut [Skeleton], world: &mut dyn World) {
    let tree = Tree::of(spans);
    let Entries { is_entry: entries, received } = entries(spans, &tree);
    let calls = calls(spans, &tree, &entries, world);
    let Owners { roots: owners, piece } = owners(spans, &tree, &entries, &calls, world);
    let far_ends = far_ends(spans, &tree, &entries, &calls);
    let carriers = carriers(&calls, spans);
    let namers = namers(spans, &tree, &entries);
    let mut transactions: FxHashMap<usize, EntityId> = FxHashMap::default();
    for at in 0..spans.len() {
        let bt = match owners[at] {
            Some(root) => *transactions.entry(root).or_insert_with(|| {
                let namer = namers.get(&root).map(|namer| spans[*namer].id);
                world.transaction(&spans[root], namer, piece[root])
            }),
            None => EntityId::NONE,
        };
        let mut decided = Decided { counted: 0, bt, peer: EntityId::NONE };
        // One that nobody wants is none.
        if owners[at] == Some(at) && !bt.is_none() {
            decided.counted |= ROOT;
        }
        if entries[at] {
            decided.counted |= COUNTED_ENTRY;
            decided.peer = world.queue(&spans[received.get(&at).copied().unwrap_or(at)]);
        }
        if calls[at].is_some_and(|call| call.of == at) {
            decided.counted |= COUNTED_EXIT;
            let answered = far_ends.get(&at).map(|entry| spans[*entry].tier);
            let (exit, carrier) = match carriers.get(&at) {
                Some(Carrier::Teller(target)) => (Skeleton { target: *target, ..spans[at] }, None),
                Some(Carrier::Transport(target)) => (spans[at], Some(*target)),
                None => (spans[at], None),
            };
            decided.peer = world.far_end(&exit, carrier, answered);
        }
        spans[at].decided = decided;
    }
}

/// Up to so many spans looking through all is faster than a table.
const FEW: usize = 16;

/// Whether a trace lacks nothing: every parent that a span names is there.
pub(super) fn is_complete(spans: &[Skeleton]) -> bool {
    let mut named = spans.iter().map(|span| span.parent).filter(|parent| *parent != 0);
    if spans.len() <= FEW {
        return named.all(|parent| spans.iter().any(|span| span.id == parent));
    }
    let ids: FxHashSet<u64> = spans.iter().map(|span| span.id).collect();
    named.all(|parent| ids.contains(&parent))
}

/// Who is whose parent.
struct Tree {
    parent: Vec<Option<usize>>,
    /// Ancestors before descendants; spans whose ids go round in a circle come last.
    order: Vec<usize>,
}

impl Tree {
    fn of(spans: &[Skeleton]) -> Tree {
        let places: FxHashMap<u64, usize> =
            spans.iter().enumerate().map(|(at, span)| (span.id, at)).collect();
        let mut parent: Vec<Option<usize>> = spans
            .iter()
            .enumerate()
            .map(|(at, span)| places.get(&span.parent).copied().filter(|parent| *parent != at))
            .collect();
        let order = order(&mut parent);
        Tree { parent, order }
    }

    fn local_parent(&self, spans: &[Skeleton], at: usize) -> Option<usize> {
        self.parent[at].filter(|parent| is_local(&spans[*parent], &spans[at]))
    }
}

/// Orders by depth; a circle is cut where it was noticed.
fn order(parent: &mut [Option<usize>]) -> Vec<usize> {
    const UNKNOWN: u32 = u32::MAX;
    let mut depth = vec![UNKNOWN; parent.len()];
    let mut path = Vec::new();
    for start in 0..parent.len() {
        let mut at = start;
        while depth[at] == UNKNOWN {
            path.push(at);
            depth[at] = UNKNOWN - 1;
            match parent[at] {
                Some(next) if depth[next] == UNKNOWN - 1 => {
                    parent[at] = None;
                    break;
                }
                Some(next) => at = next,
                None => break,
            }
        }
        while let Some(at) = path.pop() {
            depth[at] = parent[at].map_or(0, |parent| depth[parent] + 1);
        }
    }
    let mut order: Vec<usize> = (0..parent.len()).collect();
    order.sort_by_key(|at| depth[*at]);
    order
}

/// Whether two spans are of one process: processes that live at once are nodes of their own.
fn is_local(a: &Skeleton, b: &Skeleton) -> bool {
    (a.tier, a.node) == (b.tier, b.node)
}

/// Where work enters a tier.
struct Entries {
    is_entry: Vec<bool>,
    /// The receive that each process of a message stands for: it says where the message came from.
    received: FxHashMap<usize, usize>,
}

fn entries(spans: &[Skeleton], tree: &Tree) -> Entries {
    let by_themselves: Vec<bool> = spans
        .iter()
        .enumerate()
        .map(|(at, span)| match span.is(ENTRY_UNLESS_NESTED) {
            // Under a call it was reached by that call, be it from its own process.
            true => tree.local_parent(spans, at).is_none_or(|parent| spans[parent].is(EXIT)),
            false => span.is(ENTRY | RECEIVE),
        })
        .collect();
    let mut is_entry = by_themselves.clone();
    let mut received = FxHashMap::default();
    // A message that is received and processed counts once, on process.
    for at in (0..spans.len()).filter(|at| spans[*at].is(PROCESS)) {
        let receive = tree.local_parent(spans, at);
        if let Some(receive) =
            receive.filter(|parent| spans[*parent].is(RECEIVE) && by_themselves[*parent])
        {
            is_entry[receive] = false;
            is_entry[at] = true;
            received.insert(at, receive);
        }
    }
    for (receive, process) in handed_on(spans, &is_entry) {
        is_entry[receive] = false;
        received.insert(process, receive);
    }
    received.retain(|_, receive| spans[*receive].is(CONSUMER));
    Entries { is_entry, received }
}

/// Receives whose message is processed beside them: one process, one producer, in the order of time.
fn handed_on(spans: &[Skeleton], is_entry: &[bool]) -> Vec<(usize, usize)> {
    let with_parent =
        |at: &usize| is_entry[*at] && spans[*at].is(CONSUMER) && spans[*at].parent != 0;
    if !(0..spans.len()).any(|at| with_parent(&at) && spans[at].is(RECEIVE)) {
        return Vec::new();
    }
    let mut consumers: Vec<usize> = (0..spans.len()).filter(with_parent).collect();
    let source = |at: usize| (spans[at].parent, spans[at].tier, spans[at].node);
    consumers.sort_by_key(|at| (source(*at), spans[*at].start_ns(), spans[*at].id));
    let of_one_source = consumers.chunk_by(|one, next| source(*one) == source(*next));
    of_one_source
        .flat_map(|consumers| {
            let (receives, processes): (Vec<usize>, Vec<usize>) =
                consumers.iter().partition(|at| spans[**at].is(RECEIVE));
            receives.into_iter().zip(processes)
        })
        .collect()
}

/// Which call a span belongs to.
#[derive(Clone, Copy)]
struct Call {
    /// The outermost span of the call.
    of: usize,
    /// What the call is known to be so far.
    key: ExitKey,
    /// This very span says where it leads.
    knows_address: bool,
    /// It is a call of the same system as the span around it, and knows no less of what is inside the target.
    tells_all: bool,
}

/// The call of each exit span: nested spans of one process and target are one, timed by the outermost.
fn calls(
    spans: &[Skeleton],
    tree: &Tree,
    entries: &[bool],
    world: &dyn World,
) -> Vec<Option<Call>> {
    let mut calls: Vec<Option<Call>> = vec![None; spans.len()];
    // The nearest exit span at or above each span, within its process and below its entry.
    let mut nearest: Vec<Option<usize>> = vec![None; spans.len()];
    for &at in &tree.order {
        let above = tree
            .local_parent(spans, at)
            .filter(|_| !entries[at])
            .and_then(|parent| nearest[parent]);
        nearest[at] = above;
        let Some(key) = spans[at].is(EXIT).then(|| world.exit_key(spans[at].target)).flatten()
        else {
            continue;
        };
        nearest[at] = Some(at);
        let outer = above.and_then(|outer| calls[outer]);
        let knows_address = key.address != 0;
        let relation = outer.map(|outer| (outer, nested(&outer.key, &key)));
        calls[at] = Some(match relation {
            Some((outer, nested @ (Nested::SameCall | Nested::Transport))) => {
                let known = ExitKey {
                    address: if outer.key.address == 0 { key.address } else { outer.key.address },
                    ..outer.key
                };
                if let Some(of) = calls[outer.of].as_mut() {
                    of.key = known;
                }
                let tells_all =
                    nested == Nested::SameCall && (key.inside != 0 || known.inside == 0);
                Call { of: outer.of, key: known, knows_address, tells_all }
            }
            Some((_, Nested::OwnCall)) | None => {
                Call { of: at, key, knows_address, tells_all: true }
            }
        });
    }
    calls
}

/// The target of a span inside a call that knows the address.
#[derive(Clone, Copy)]
enum Carrier {
    /// It tells of the same call and says more.
    Teller(u32),
    /// It carries the call.
    Transport(u32),
}

/// For calls whose outermost span knows no address: the first span inside that knows one.
fn carriers(calls: &[Option<Call>], spans: &[Skeleton]) -> FxHashMap<usize, Carrier> {
    let knows = |of: usize| calls[of].is_some_and(|call| call.knows_address);
    let mut carriers: FxHashMap<usize, Carrier> = FxHashMap::default();
    for (at, call) in calls.iter().enumerate() {
        let Some(call) = call.filter(|call| call.knows_address && !knows(call.of)) else {
            continue;
        };
        // A queue is known by its name; its address is only where the broker is.
        let carrier = match call.tells_all && !call.key.queue {
            true => Carrier::Teller(spans[at].target),
            false => Carrier::Transport(spans[at].target),
        };
        carriers.entry(call.of).or_insert(carrier);
    }
    carriers
}

/// The span that names each entry, where one does: the earliest below it in its process.
fn namers(spans: &[Skeleton], tree: &Tree, entries: &[bool]) -> FxHashMap<usize, usize> {
    let mut namers: FxHashMap<usize, usize> = FxHashMap::default();
    if !spans.iter().any(|span| span.is(NAMES_ENTRY)) {
        return namers;
    }
    let mut entry_of: Vec<Option<usize>> = vec![None; spans.len()];
    for &at in &tree.order {
        entry_of[at] = match entries[at] {
            true => Some(at),
            false => tree.local_parent(spans, at).and_then(|parent| entry_of[parent]),
        };
        let (true, Some(entry)) = (spans[at].is(NAMES_ENTRY), entry_of[at]) else { continue };
        let first = |at: usize| (spans[at].start_ns(), spans[at].id);
        let namer = namers.entry(entry).or_insert(at);
        if first(at) < first(*namer) {
            *namer = at;
        }
    }
    namers
}

/// For what each span works.
struct Owners {
    /// The span at which its transaction enters.
    roots: Vec<Option<usize>>,
    /// Something above it was named and did not come.
    piece: Vec<bool>,
}

/// The spans at which a trace begins and its transactions enter, the earliest of each application.
fn beginnings(spans: &[Skeleton], enters: impl Fn(usize) -> bool, world: &mut dyn World) -> Above {
    let mut begin: Vec<usize> =
        (0..spans.len()).filter(|at| spans[*at].parent == 0 && enters(*at)).collect();
    begin.sort_by_key(|at| (spans[*at].start_ns(), spans[*at].id));
    let mut of_applications = Above::new();
    for at in begin {
        let application = world.application_of(spans[at].tier);
        if of_applications.iter().all(|(of, _)| *of != application) {
            of_applications.push((application, at));
        }
    }
    of_applications
}

/// The transactions above a span, one an application; nearly always one or two.
type Above = smallvec::SmallVec<[(EntityId, usize); 2]>;

/// The span at which the transaction enters that each span works for. What lacks a parent works for the transaction with which
/// its trace begins: a span between them got lost, or is still to come.
fn owners(
    spans: &[Skeleton],
    tree: &Tree,
    entries: &[bool],
    calls: &[Option<Call>],
    world: &mut dyn World,
) -> Owners {
    let background = background_roots(spans, tree, entries, calls);
    let enters = |at: usize| entries[at] || background[at];
    let lacks_parent = |at: usize| tree.parent[at].is_none() && spans[at].parent != 0;
    let beginnings = match (0..spans.len()).any(lacks_parent) {
        true => beginnings(spans, enters, world),
        false => Above::new(),
    };
    let mut owners: Vec<Option<usize>> = vec![None; spans.len()];
    let mut piece = vec![false; spans.len()];
    let mut above: Vec<Above> = Vec::with_capacity(spans.len());
    above.resize_with(spans.len(), Default::default);
    for &at in &tree.order {
        piece[at] = tree.parent[at].map_or(lacks_parent(at), |parent| piece[parent]);
        let mut inherited = match tree.parent[at] {
            Some(parent) => above[parent].clone(),
            None if lacks_parent(at) => beginnings.clone(),
            None => Above::new(),
        };
        let application = world.application_of(spans[at].tier);
        let known = inherited.iter().find(|(of, _)| *of == application).map(|(_, root)| *root);
        let root = known.or_else(|| {
            enters(at).then(|| {
                inherited.push((application, at));
                at
            })
        });
        owners[at] = root;
        above[at] = inherited;
    }
    Owners { roots: owners, piece }
}

/// INTERNAL roots with a call below them in their own process.
fn background_roots(
    spans: &[Skeleton],
    tree: &Tree,
    entries: &[bool],
    calls: &[Option<Call>],
) -> Vec<bool> {
    let mut root_of: Vec<Option<usize>> = vec![None; spans.len()];
    let mut background = vec![false; spans.len()];
    for &at in &tree.order {
        root_of[at] = match tree.local_parent(spans, at) {
            Some(parent) if !entries[at] => root_of[parent],
            _ => spans[at].is(INTERNAL_ROOT).then_some(at),
        };
        if let (Some(root), Some(_)) = (root_of[at], calls[at]) {
            background[root] = true;
        }
    }
    background
}

/// The entry that each call led to: the earliest one whose parent is a span of the call, or stands below one.
fn far_ends(
    spans: &[Skeleton],
    tree: &Tree,
    entries: &[bool],
    calls: &[Option<Call>],
) -> FxHashMap<usize, usize> {
    // The call that each span is part of or works for, within its process and below its entry.
    let mut call_above: Vec<Option<usize>> = vec![None; spans.len()];
    for &at in &tree.order {
        call_above[at] = match calls[at] {
            Some(call) => Some(call.of),
            None if entries[at] => None,
            None => tree.local_parent(spans, at).and_then(|parent| call_above[parent]),
        };
    }
    let first = |at: usize| (spans[at].start_ns(), spans[at].id);
    let mut found: FxHashMap<usize, usize> = FxHashMap::default();
    for at in (0..spans.len()).filter(|at| entries[*at]) {
        let Some(call) = tree.parent[at].and_then(|parent| call_above[parent]) else { continue };
        let entry = found.entry(call).or_insert(at);
        if first(at) < first(*entry) {
            *entry = at;
        }
    }
    found
}

#[cfg(test)]
mod tests;
