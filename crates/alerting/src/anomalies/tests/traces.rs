//! What traces that lie in a real store say of a suspect.

use std::sync::Arc;

use daemon::disk::SimulatedDisk;
use metadata_store::MemoryCatalogue;
use model::{
    anomaly::{EvidenceKind, EvidenceLink},
    attributes::Value,
    id::{AccountId, EntityId, SpanId, TraceId},
    span::{Outcome, SnapshotReason, SpanKind, StatusCode},
    time::Minute,
};
use telemetry_store::{
    Store, attribute,
    reader::TraceRow,
    span_batch::{Attributes, SpanRow},
};

use super::world::{HISTORY, Shop, T, USUAL, World};
use crate::anomalies::{FoundCauses, StoredEvidence, stored::StoredSuspect};

const BEGAN: u32 = HISTORY + 10;
const MINUTES: u32 = 10;
/// Traces of each minute.
const A_MINUTE: u32 = 4;
const STATEMENT: &str = "SELECT amount FROM stock WHERE item = 4711";

/// A store of traces.
#[derive(Debug)]
pub(super) struct Traces(pub(super) Store);

impl Default for Traces {
    fn default() -> Traces {
        let config = telemetry_store::Config {
            disk: Arc::new(SimulatedDisk::new()),
            catalogue: Arc::new(MemoryCatalogue::new()),
            memory: telemetry_store::Memory::default(),
        };
        Traces(config.open().expect("an empty store opens"))
    }
}

/// How a transaction went, ms.
#[derive(Clone, Copy)]
struct Checkout {
    /// Of the statement, and of what the inventory does itself.
    statement: u64,
    inventory: u64,
    /// Between web and the inventory.
    way: u64,
    /// The cart fails by itself.
    cart_fails: bool,
    /// The inventory asks the database.
    asks: bool,
}

const FINE: Checkout =
    Checkout { statement: 20, inventory: 10, way: 1, cart_fails: false, asks: true };

struct Writer<'w> {
    world: &'w World,
    trace: TraceId,
    end_ns: u64,
    spans: u32,
}

impl Writer<'_> {
    /// A span that ends so many ms before its trace does.
    fn span(
        &mut self,
        (tier, name, kind): (EntityId, &str, SpanKind),
        parent: u64,
        place: (u64, u64),
        more: More<'_>,
    ) -> u64 {
        let (before_end, millis) = place;
        self.spans += 1;
        let id = u64::from(self.spans);
        let mut attributes = Vec::new();
        for (key, value) in more.attributes {
            attribute::encode(&mut attributes, key, Value::Str(value));
        }
        let node = self.world.ids.nodes[[
            self.world.ids.web,
            self.world.ids.cart,
            self.world.ids.inventory,
        ]
        .iter()
        .position(|one| *one == tier)
        .unwrap()];
        let row = SpanRow {
            trace: self.trace,
            id: SpanId(id),
            parent: SpanId(parent),
            start_ns: self.end_ns - (before_end + millis) * 1_000_000,
            duration_ns: millis * 1_000_000,
            kind,
            status: if more.failed { StatusCode::Error } else { StatusCode::Unset },
            flags: 0,
            application: self.world.ids.application,
            tier,
            node,
            name,
            scope: "",
            trace_state: "",
            status_message: "",
            resource: b"",
            resource_id: 0,
            attributes: Attributes::Encoded(&attributes),
            events: &[],
            links: &[],
        };
        self.world.fake.traces.0.with_head(|head| head.rows(AccountId::FIRST).spans.push(&row));
        id
    }
}

#[derive(Default)]
struct More<'a> {
    failed: bool,
    attributes: &'a [(&'a str, &'a str)],
}

/// Writes the traces of a minute.
fn traced(world: &World, minute: u32, how: Checkout) {
    let ids = world.ids;
    for number in 0..A_MINUTE {
        let mut trace = [0; 16];
        trace[..8].copy_from_slice(&u64::from(minute * A_MINUTE + number).to_be_bytes());
        trace[8] = 1;
        let end_ns = Minute(T + minute).start_ns() + 55_000_000_000 + u64::from(number) * 1_000;
        let mut writer = Writer { world, trace: TraceId(trace), end_ns, spans: 0 };
        let stock = how.inventory + if how.asks { how.statement } else { 0 };
        let total = stock + how.way + 15 + 10;
        let failed = how.cart_fails;
        let entered = writer.span(
            (ids.web, "POST /checkout", SpanKind::Server),
            0,
            (0, total),
            More { failed, ..More::default() },
        );
        let to_cart = writer.span(
            (ids.web, "GET", SpanKind::Client),
            entered,
            (5, 15),
            More {
                failed,
                attributes: &[("http.request.method", "GET"), ("server.address", "cart")],
            },
        );
        writer.span(
            (ids.cart, "GET /cart", SpanKind::Server),
            to_cart,
            (5, 15),
            More { failed, ..More::default() },
        );
        let to_stock = writer.span(
            (ids.web, "GET", SpanKind::Client),
            entered,
            (20, stock + how.way),
            More {
                attributes: &[("http.request.method", "GET"), ("server.address", "inventory")],
                ..More::default()
            },
        );
        let asked = writer.span(
            (ids.inventory, "GET /stock", SpanKind::Server),
            to_stock,
            (20, stock),
            More::default(),
        );
        if how.asks {
            let statement = [("db.system.name", "mysql"), ("db.query.text", STATEMENT)];
            writer.span(
                (ids.inventory, "SELECT stock", SpanKind::Client),
                asked,
                (20, how.statement),
                More { attributes: &statement, ..More::default() },
            );
        }
        let row = TraceRow {
            trace: writer.trace,
            entry: SpanId(entered),
            application: ids.application,
            bt: ids.checkout,
            tier: ids.web,
            node: ids.nodes[0],
            end_ns,
            duration_us: total * 1_000,
            outcome: if failed { Outcome::Error } else { Outcome::Normal },
            reason: SnapshotReason::None,
            spans: writer.spans,
        };
        world.fake.traces.0.with_head(|head| head.rows(AccountId::FIRST).traces.push(row));
    }
}

/// What is found once a fault has lasted for ten minutes.
fn found(shop: Shop, how: Checkout) -> (World, FoundCauses) {
    let mut world = World::new();
    (BEGAN - 60..BEGAN).for_each(|minute| traced(&world, minute, FINE));
    (BEGAN..BEGAN + MINUTES).for_each(|minute| traced(&world, minute, how));
    world.run(HISTORY..BEGAN, USUAL);
    world.run(BEGAN..BEGAN + MINUTES, shop);
    let found = world.causes(world.anomaly_of(world.ids.checkout).id);
    (world, found)
}

fn evidence(suspect: &StoredSuspect, kind: EvidenceKind) -> &StoredEvidence {
    let found = suspect.evidence.iter().find(|one| one.kind == kind);
    found.unwrap_or_else(|| panic!("{kind:?}: {suspect:#?}"))
}

/// The trace and the span that a piece of evidence leads to, which are of a minute since the onset.
fn shown(of: &StoredEvidence) -> (u32, String) {
    let EvidenceLink::Trace { trace, span } = &of.link else { panic!("{of:?}") };
    let number = u64::from_str_radix(&trace[..16], 16).unwrap();
    let minute = u32::try_from(number).unwrap() / A_MINUTE;
    assert!((BEGAN..BEGAN + MINUTES).contains(&minute), "{minute} {of:?}");
    (minute, span.clone())
}

#[test]
fn a_slow_statement_is_shown_with_its_text_and_a_span() {
    let (world, found) = found(Shop { mysql: 400.0, ..USUAL }, Checkout { statement: 400, ..FINE });
    let first = &found.suspects[0];
    assert_eq!(first.entity.id, world.ids.mysql.0, "{found:#?}");
    let statement = evidence(first, EvidenceKind::Statement);
    let text =
        "“SELECT amount FROM stock WHERE item = ?” of tier inventory takes 400 ms, 20 ms before";
    assert_eq!(statement.text, text);
    assert_eq!((statement.observed, statement.expected), (Some(400.0), Some(20.0)));
    assert_eq!(shown(statement).1, SpanId(6).to_string());
    // It is where to look, not why it is suspected: the figures are.
    assert_eq!((statement.weight, first.evidence[0].kind), (0.0, EvidenceKind::Between));
}

#[test]
fn an_operation_that_takes_longer_by_itself_is_named() {
    let (world, found) =
        found(Shop { inventory: 300.0, ..USUAL }, Checkout { inventory: 300, ..FINE });
    let first = &found.suspects[0];
    assert!([world.ids.inventory.0, world.ids.nodes[2].0].contains(&first.entity.id), "{found:#?}");
    let inventory =
        found.suspects.iter().find(|one| one.entity.id == world.ids.inventory.0).unwrap();
    let operation = evidence(inventory, EvidenceKind::Operation);
    assert_eq!(
        operation.text,
        "“GET /stock” of tier inventory takes 300 ms by itself, 10 ms before"
    );
    assert_eq!(shown(operation).1, SpanId(5).to_string());
}

#[test]
fn the_deepest_failure_speaks_against_whoever_it_is_in() {
    let (world, found) =
        found(Shop { cart_fails: 1.0, ..USUAL }, Checkout { cart_fails: true, ..FINE });
    let first = &found.suspects[0];
    assert_eq!(first.entity.id, world.ids.cart.0, "{found:#?}");
    let deepest = evidence(first, EvidenceKind::DeepestError);
    assert!(deepest.weight > 1.0, "{deepest:?}");
    // The onset may lie some minutes before the first failure, and of none before there may have been one.
    assert!(deepest.observed.unwrap() > 70.0 && deepest.expected.unwrap() < 2.0, "{deepest:?}");
    assert!(
        deepest.text.starts_with("“GET /cart” of tier cart fails without a failed child"),
        "{deepest:?}"
    );
    assert_eq!(shown(deepest).1, SpanId(3).to_string(), "neither the caller nor the entry");
}

#[test]
fn a_call_that_was_always_made_and_is_lost_is_noticed() {
    let (world, found) =
        found(Shop { inventory: 300.0, ..USUAL }, Checkout { inventory: 300, asks: false, ..FINE });
    let inventory = found.suspects.iter().find(|one| one.entity.id == world.ids.inventory.0);
    let lost = evidence(inventory.expect("it is suspected"), EvidenceKind::LostCalls);
    assert_eq!((lost.observed, lost.expected), (Some(0.0), Some(100.0)));
    assert!(
        lost.text.contains(
            "“GET /stock” of tier inventory is followed by “SELECT stock to mysql” of backend mysql"
        ),
        "{lost:?}"
    );
    assert_eq!(shown(lost).1, SpanId(5).to_string(), "the span that lacks the call");
}

#[test]
fn without_time_the_traces_are_left_out_and_that_is_said() {
    let mut world = World::new();
    (BEGAN - 60..BEGAN + MINUTES).for_each(|minute| traced(&world, minute, FINE));
    world.run(HISTORY..BEGAN, USUAL);
    for minute in BEGAN..BEGAN + MINUTES {
        world.minute(minute, Shop { mysql: 400.0, ..USUAL });
        // Time for the question itself, and for one trace.
        let left = std::cell::Cell::new(2);
        let may_go_on = || left.replace(left.get() - 1) > 0;
        world.engine.step(World::due(minute), &may_go_on).unwrap().expect("a minute is due");
    }
    let found = world.causes(world.anomaly_of(world.ids.checkout).id);
    assert!(
        found.lacks.iter().any(|lack| lack.contains("no time to look at all traces")),
        "{found:#?}"
    );
    assert_eq!(found.suspects[0].entity.id, world.ids.mysql.0);
}
