//! Decisions on traces written as text.
//!
//! A line is a span, indented below its parent: `tier KIND [target] [option …]`. Kinds: `SRV` and `CONS` enter by their
//! own words, `SRV?` is sent by an agent that does not say where its parent is, `RECV`, `PROC` (under a local parent),
//! `RECV?`, `PROC?`, `CLI`, `PROD`, `INT`, `OP` (names its entry). A target is `system:address/inside`, any part may be
//! missing; `http` and `connect` are transport, `rabbit` is a queue. `app.tier` stands in another application, `tier@2` is
//! another node of the tier. Options:
//! `^n` (its parent is the span of line n), `at=n` (starts so many milliseconds after the first).
//!
//! Decisions are `n: …` with n the line: `bt` where a transaction enters, `entry tier`, `tier > far end`, each with the
//! line of the transaction that it counts under.

use super::*;
use crate::pipeline::skeleton::{CONSUMER, INTERNAL_ROOT};

#[derive(Default)]
struct Scene {
    spans: Vec<Skeleton>,
    tiers: Vec<String>,
    targets: Vec<String>,
    /// Transactions that entered below a parent that did not come.
    pieces: Vec<u64>,
}

/// Numbers of business transactions begin here; below are tiers.
const BT: u32 = 100_000;
const BACKEND: u32 = 10_000;

impl Scene {
    fn of(text: &str) -> Scene {
        let mut scene = Scene::default();
        let mut open: Vec<(usize, u64)> = Vec::new();
        for (line, id) in text.lines().filter(|line| !line.trim().is_empty()).zip(1..) {
            let indent = line.len() - line.trim_start().len();
            open.retain(|(outer, _)| *outer < indent);
            let parent = open.last().map_or(0, |(_, parent)| *parent);
            open.push((indent, id));
            let span = scene.span(line.trim(), id, parent);
            scene.spans.push(span);
        }
        scene
    }

    fn span(&mut self, line: &str, id: u64, parent: u64) -> Skeleton {
        let mut words = line.split_whitespace();
        let place = words.next().expect("a tier");
        let (tier, node) = place.split_once('@').unwrap_or((place, "1"));
        let tier = number(&mut self.tiers, tier);
        let node = tier * 100 + node.parse::<u32>().expect("a number");
        let kind = words.next().expect("a kind");
        let mut span = Skeleton { id, parent, tier, node, weight: 1.0, ..Skeleton::default() };
        let mut start_ms = id;
        for word in words {
            if let Some(parent) = word.strip_prefix('^') {
                span.parent = parent.parse().expect("a line");
            } else if let Some(at) = word.strip_prefix("at=") {
                start_ms = at.parse().expect("milliseconds");
            } else {
                span.target = number(&mut self.targets, word);
            }
        }
        span.end_ns = (1_000_000 + start_ms) * 1_000_000;
        span.flags = match kind {
            "SRV" => ENTRY,
            "SRV?" => ENTRY_UNLESS_NESTED,
            "CONS" => ENTRY | CONSUMER,
            "RECV" => RECEIVE | CONSUMER,
            "PROC" => PROCESS | CONSUMER,
            "RECV?" => ENTRY_UNLESS_NESTED | RECEIVE | CONSUMER,
            "PROC?" => ENTRY_UNLESS_NESTED | PROCESS | CONSUMER,
            "CLI" | "PROD" => EXIT,
            "OP" => NAMES_ENTRY,
            "INT" if span.parent == 0 => INTERNAL_ROOT,
            "INT" => 0,
            other => panic!("no kind {other}"),
        };
        span
    }

    fn decide(&mut self) -> String {
        let mut spans = std::mem::take(&mut self.spans);
        decide(&mut spans, self);
        let lines: Vec<String> = spans.iter().flat_map(|span| self.lines(span)).collect();
        self.spans = spans;
        lines.join("\n")
    }

    fn lines(&self, span: &Skeleton) -> Vec<String> {
        let Decided { counted, bt, peer } = span.decided;
        let under = match bt.0 {
            0 => String::new(),
            bt => format!(" [{}]", bt - BT),
        };
        let tier = &self.tiers[span.tier as usize - 1];
        let mut lines = Vec::new();
        if counted & ROOT != 0 {
            lines.push(format!("{}: bt{under}", span.id));
        }
        if counted & COUNTED_ENTRY != 0 {
            let from = match peer.0 {
                0 => String::new(),
                _ => format!(" from {}", self.name(peer)),
            };
            lines.push(format!("{}: entry {tier}{from}{under}", span.id));
        }
        if counted & COUNTED_EXIT != 0 {
            lines.push(format!("{}: {tier} > {}{under}", span.id, self.name(peer)));
        }
        lines
    }

    fn name(&self, id: EntityId) -> &str {
        match id.0 {
            0 => "nobody",
            id if id > BACKEND => &self.targets[(id - BACKEND) as usize - 1],
            id => &self.tiers[id as usize - 1],
        }
    }

    fn target(&self, number: u32) -> Option<(&str, &str, &str)> {
        let text = self.targets.get((number as usize).checked_sub(1)?)?;
        let (system, rest) = text.split_once(':').unwrap_or((text, ""));
        let (address, inside) = rest.split_once('/').unwrap_or((rest, ""));
        Some((system, address, inside))
    }
}

impl World for Scene {
    fn application_of(&mut self, tier: u32) -> EntityId {
        let name = &self.tiers[tier as usize - 1];
        let application = name.split_once('.').map_or("", |(application, _)| application);
        EntityId(1 + application.bytes().map(u32::from).sum::<u32>())
    }

    fn transaction(&mut self, entry: &Skeleton, named_by: Option<u64>, piece: bool) -> EntityId {
        self.pieces.extend(piece.then_some(entry.id));
        EntityId(BT + named_by.unwrap_or(entry.id) as u32)
    }

    fn exit_key(&self, target: u32) -> Option<ExitKey> {
        let (system, address, inside) = self.target(target)?;
        let hash = |text: &str| match text {
            "" => 0,
            text => text.bytes().fold(7, |hash: u64, byte| hash * 31 + u64::from(byte)),
        };
        Some(ExitKey {
            kind: hash(system),
            address: hash(address),
            inside: hash(inside),
            transport: matches!(system, "http" | "connect"),
            queue: system == "rabbit",
        })
    }

    fn far_end(
        &mut self,
        exit: &Skeleton,
        carrier: Option<u32>,
        answered: Option<u32>,
    ) -> EntityId {
        let (system, address, _) = self.target(exit.target).expect("calls have targets");
        match answered {
            Some(tier) if system != "rabbit" => EntityId(tier),
            _ if address.is_empty() => EntityId(BACKEND + carrier.unwrap_or(exit.target)),
            _ => EntityId(BACKEND + exit.target),
        }
    }

    fn queue(&mut self, entry: &Skeleton) -> EntityId {
        match entry.is(CONSUMER) && entry.target != 0 {
            true => EntityId(BACKEND + entry.target),
            false => EntityId::NONE,
        }
    }
}

fn number(table: &mut Vec<String>, text: &str) -> u32 {
    let at = table.iter().position(|known| known == text).unwrap_or_else(|| {
        table.push(text.to_owned());
        table.len() - 1
    });
    at as u32 + 1
}

/// The decisions are the same in whatever order the spans stand.
#[track_caller]
fn check(trace: &str, expected: &str) {
    let expected: Vec<&str> =
        expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut scene = Scene::of(trace);
    assert_eq!(scene.decide().lines().collect::<Vec<_>>(), expected);
    let mut backwards = Scene::of(trace);
    backwards.spans.reverse();
    let decided = backwards.decide();
    let mut lines: Vec<&str> = decided.lines().collect();
    lines.sort_by_key(|line| line.split(':').next().and_then(|number| number.parse::<u64>().ok()));
    assert_eq!(lines, expected, "the other way round");
}

#[test]
fn a_request_through_two_tiers_is_one_transaction() {
    check(
        "
        shop SRV
          shop CLI http:stock:80
            stock SRV
              stock CLI mysql:db/items
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > stock [1]
        3: entry stock [1]
        4: stock > mysql:db/items [1]
        ",
    );
}

#[test]
fn stacked_server_spans_of_one_process_are_one_entry() {
    check(
        "
        shop SRV?
          shop SRV?
            shop INT
              shop SRV?
        ",
        "
        1: bt [1]
        1: entry shop [1]
        ",
    );
}

#[test]
fn without_flags_the_parents_process_decides() {
    check(
        "
        shop SRV?
          shop CLI http:stock:80
            stock SRV?
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > stock [1]
        3: entry stock [1]
        ",
    );
}

#[test]
fn another_node_of_the_same_tier_is_another_process() {
    check(
        "
        shop SRV?
          shop INT
            shop@2 SRV?
              shop CLI redis:r
        ",
        "
        1: bt [1]
        1: entry shop [1]
        3: entry shop [1]
        4: shop > redis:r [1]
        ",
    );
}

#[test]
fn a_service_that_calls_itself_is_entered_again() {
    for server in ["SRV", "SRV?"] {
        check(
            &format!("shop SRV\n shop CLI http:shop:80\n  shop {server}"),
            "
            1: bt [1]
            1: entry shop [1]
            2: shop > shop [1]
            3: entry shop [1]
            ",
        );
    }
}

#[test]
fn a_parent_that_did_not_come_leaves_an_entry_an_entry() {
    check(
        "shop SRV? ^77",
        "
        1: bt [1]
        1: entry shop [1]
        ",
    );
}

#[test]
fn what_lacks_its_parent_works_for_the_transaction_with_which_its_trace_begins() {
    check(
        "
        shop SRV at=10
        stock SRV ^77 at=30
          stock CLI mysql:db/items
        job CONS rabbit:/jobs ^78 at=40
        cron INT ^79
          cron CLI redis:r
        bank.pay SRV ^80
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: entry stock [1]
        3: stock > mysql:db/items [1]
        4: entry job from rabbit:/jobs [1]
        6: cron > redis:r [1]
        7: bt [7]
        7: entry bank.pay [7]
        ",
    );
}

#[test]
fn of_several_beginnings_the_earliest_is_what_a_piece_works_for() {
    check(
        "
        shop SRV at=50
        shop SRV at=20
        stock SRV ^77
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: bt [2]
        2: entry shop [2]
        3: entry stock [2]
        ",
    );
}

#[test]
fn what_begins_with_a_call_leaves_its_pieces_transactions() {
    check(
        "
        cron CLI http:shop:80
        stock SRV ^77
        ",
        "
        1: cron > http:shop:80
        2: bt [2]
        2: entry stock [2]
        ",
    );
}

#[test]
fn whatever_is_below_a_parent_that_did_not_come_is_a_piece() {
    for (trace, expected) in [
        ("stock SRV", &[][..]),
        ("stock SRV ^77", &[1]),
        ("shop CLI http:stock:80 ^77\n stock SRV", &[2]),
        ("cron CLI http:stock:80\n stock SRV", &[]),
    ] {
        let mut scene = Scene::of(trace);
        scene.decide();
        assert_eq!(scene.pieces, expected, "{trace}");
    }
}

#[test]
fn a_message_that_is_received_and_processed_counts_once() {
    for (receive, process) in [("RECV", "PROC"), ("RECV?", "PROC?")] {
        check(
            &format!(
                "job {receive} rabbit:/jobs\n job {process} rabbit:/jobs\n  job CLI redis:cache"
            ),
            "
            2: bt [2]
            2: entry job from rabbit:/jobs [2]
            3: job > redis:cache [2]
            ",
        );
    }
}

#[test]
fn each_message_of_a_batch_counts_and_its_receive_does_not() {
    check(
        "
        job RECV rabbit:/jobs
          job PROC rabbit:/jobs
          job PROC rabbit:/jobs
        ",
        "
        2: bt [2]
        2: entry job from rabbit:/jobs [2]
        3: bt [3]
        3: entry job from rabbit:/jobs [3]
        ",
    );
}

#[test]
fn a_message_that_is_handed_on_counts_once_and_came_from_where_it_was_received() {
    for (receive, process) in [("RECV", "CONS"), ("RECV?", "PROC?")] {
        check(
            &format!(
                "
                shop PROD rabbit:/orders
                  job {receive} rabbit:/orders
                  job {process} rabbit:/paid
                    job CLI redis:cache
                "
            ),
            "
            1: shop > rabbit:/orders
            3: bt [3]
            3: entry job from rabbit:/orders [3]
            4: job > redis:cache [3]
            ",
        );
    }
}

#[test]
fn of_messages_of_one_producer_each_is_handed_on_by_itself() {
    check(
        "
        shop PROD rabbit:/orders
          job RECV rabbit:/orders at=10
          job RECV rabbit:/orders at=20
          job CONS rabbit:/paid at=30
          job@2 RECV rabbit:/orders at=40
        ",
        "
        1: shop > rabbit:/orders
        3: bt [3]
        3: entry job from rabbit:/orders [3]
        4: bt [4]
        4: entry job from rabbit:/orders [4]
        5: bt [5]
        5: entry job from rabbit:/orders [5]
        ",
    );
}

#[test]
fn a_receive_without_a_process_counts_itself() {
    check(
        "job RECV rabbit:/jobs",
        "
        1: bt [1]
        1: entry job from rabbit:/jobs [1]
        ",
    );
}

#[test]
fn a_message_processed_within_a_request_is_no_entry() {
    check(
        "
        shop SRV
          shop PROC rabbit:/jobs
        ",
        "
        1: bt [1]
        1: entry shop [1]
        ",
    );
}

#[test]
fn a_queue_stands_between_producer_and_consumer() {
    check(
        "
        shop SRV
          shop PROD rabbit:mq/jobs
            job CONS rabbit:/jobs
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > rabbit:mq/jobs [1]
        3: entry job from rabbit:/jobs [1]
        ",
    );
}

#[test]
fn a_producer_that_is_reported_twice_is_one_call() {
    check(
        "
        shop SRV
          shop PROD rabbit:/jobs
            shop PROD rabbit:mq/jobs
              job CONS rabbit:/jobs
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > rabbit:mq/jobs [1]
        4: entry job from rabbit:/jobs [1]
        ",
    );
}

#[test]
fn calls_of_another_system_within_a_call_are_calls_of_their_own() {
    check(
        "
        shop SRV
          shop PROD rabbit:/letters
            shop CLI redis:r/0
            shop CLI redis:r/0
            shop CLI redis:r/0
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > rabbit:/letters [1]
        3: shop > redis:r/0 [1]
        4: shop > redis:r/0 [1]
        5: shop > redis:r/0 [1]
        ",
    );
}

#[test]
fn a_call_without_an_address_takes_that_of_the_transport_inside() {
    check(
        "
        shop SRV
          shop CLI search
            shop CLI http:es:9200
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > http:es:9200 [1]
        ",
    );
}

#[test]
fn the_carrier_is_the_span_that_knows_the_address() {
    check(
        "
        shop SRV
          shop CLI search
            shop CLI connect
              shop CLI http:es:9200
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > http:es:9200 [1]
        ",
    );
}

#[test]
fn a_transport_that_is_answered_answers_the_call_it_carries() {
    check(
        "
        shop SRV
          shop CLI grpc
            shop INT
              shop CLI http:stock:80
                stock SRV
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > stock [1]
        5: entry stock [1]
        ",
    );
}

#[test]
fn another_application_enters_a_transaction_of_its_own_and_ours_goes_on_behind_it() {
    check(
        "
        shop SRV
          shop CLI http:pay:80
            bank.pay SRV
              bank.pay CLI http:back:80
                stock SRV
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > bank.pay [1]
        3: bt [3]
        3: entry bank.pay [3]
        4: bank.pay > stock [3]
        5: entry stock [1]
        ",
    );
}

#[test]
fn work_without_a_request_is_a_transaction_only_if_it_calls_somebody() {
    check(
        "
        cron INT
          cron INT
            cron CLI redis:r
        ",
        "
        1: bt [1]
        3: cron > redis:r [1]
        ",
    );
    check("cron INT\n cron INT", "");
}

#[test]
fn a_call_without_a_request_is_an_edge_and_no_transaction() {
    check(
        "
        cron CLI http:shop:80
          shop SRV
            shop CLI redis:r
        ",
        "
        1: cron > shop
        2: bt [2]
        2: entry shop [2]
        3: shop > redis:r [2]
        ",
    );
}

#[test]
fn an_operation_names_its_entry_and_the_first_one_wins() {
    check(
        "
        shop SRV
          shop INT
            shop OP at=30
            shop OP at=20
          shop CLI http:stock:80
            stock SRV
              stock OP
        ",
        "
        1: bt [4]
        1: entry shop [4]
        5: shop > stock [4]
        6: entry stock [4]
        ",
    );
}

#[test]
fn an_entry_below_local_work_below_a_call_is_its_far_end() {
    check(
        "
        shop SRV
          shop CLI http:stock:80
            shop INT
              stock SRV
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > stock [1]
        4: entry stock [1]
        ",
    );
}

#[test]
fn of_several_answers_the_earliest_is_the_far_end() {
    check(
        "
        shop SRV
          shop CLI http:lb:80
            stock SRV at=90
            cart SRV at=50
        ",
        "
        1: bt [1]
        1: entry shop [1]
        2: shop > cart [1]
        3: entry stock [1]
        4: entry cart [1]
        ",
    );
}

#[test]
fn parents_that_go_round_in_a_circle_end_somewhere() {
    let mut scene = Scene::of("shop SRV ^3\nshop CLI http:x ^1\nstock SRV ^2\ncart INT ^4");
    let decided = scene.decide();
    assert_eq!(decided.matches("bt").count(), 1, "{decided}");
    assert_eq!(decided.matches("entry").count(), 2, "{decided}");
}

#[test]
fn ten_thousand_spans_are_decided_in_linear_time() {
    let deep = |kind: &str| {
        let mut scene = Scene::default();
        for id in 1..=10_000u64 {
            let line = match id {
                1 => "shop SRV".to_owned(),
                _ => kind.to_owned(),
            };
            let span = scene.span(&line, id, id - 1);
            scene.spans.push(span);
        }
        scene
    };
    // Quadratic steps would take minutes here: 10,000² look-ups for each of the chains.
    for kind in
        ["shop INT", "shop CLI search", "shop CLI http:a", "stock SRV", "shop PROC rabbit:/q"]
    {
        let decided = deep(kind).decide();
        assert!(decided.starts_with("1: bt [1]"));
    }
    let mut wide = Scene::of("shop SRV");
    for id in 2..=10_000 {
        let span = wide.span("shop CLI search", id, 1);
        wide.spans.push(span);
    }
    assert_eq!(wide.decide().matches("shop > ").count(), 9_999);
}

#[test]
fn deciding_twice_changes_nothing() {
    let mut scene = Scene::of("shop SRV\n shop CLI http:stock:80\n  stock SRV");
    let once = scene.decide();
    assert_eq!(scene.decide(), once);
}

#[test]
fn a_trace_is_complete_when_every_named_parent_is_there() {
    assert!(is_complete(&Scene::of("shop SRV\n shop CLI http:x").spans));
    assert!(!is_complete(&Scene::of("shop CLI http:x ^9").spans));
    let many = "shop SRV\n".to_owned() + &" shop INT\n".repeat(40);
    assert!(is_complete(&Scene::of(&many).spans));
    assert!(!is_complete(&Scene::of(&(many + " shop INT ^99")).spans));
    assert!(is_complete(&[]));
}
