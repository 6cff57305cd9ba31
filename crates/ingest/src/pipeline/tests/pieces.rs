//! Traces of which a part is missing: a stop made an agent drop its spans, or nobody instruments the caller.

use model::figure::Scope;

use super::{
    agent::Sent,
    bench::Bench,
    late::{BETWEEN, calls, send},
};

/// A request to the shop that goes on to stock, and there to a database.
fn whole(bench: &mut Bench, trace: u64) {
    let at = bench.now_ms;
    let shop = [Sent::request(trace, 1, "/cart", at), Sent::call(trace, 2, "stock", at).under(1)];
    send(bench, "shop", &shop);
    piece(bench, trace);
}

/// What stock sends of it.
fn piece(bench: &mut Bench, trace: u64) {
    let at = bench.now_ms;
    let stock = [
        Sent::request(trace, 3, "/item", at).under(2),
        Sent::call(trace, 4, "database", at).under(3),
    ];
    send(bench, "stock", &stock);
}

/// A shop that has run for a while.
fn running() -> Bench {
    let mut bench = Bench::new();
    for trace in 1..=5 {
        whole(&mut bench, trace);
        bench.pass(30);
    }
    assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 5"]);
    bench
}

#[test]
fn what_was_lost_around_a_stop_makes_no_transaction_of_the_pieces() {
    for stop in [|_: &mut Bench| {}, |bench: &mut Bench| bench.restart()] {
        let mut bench = running();
        stop(&mut bench);
        for trace in 11..=18 {
            piece(&mut bench, trace);
            bench.pass(10);
        }
        bench.settle();
        assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 5"]);
        // All else counts: the tier was called, and called somebody.
        assert_eq!(calls(&bench, Scope::Tier), ["shop > - [-]: 5", "stock > - [-]: 13"]);
        let edges = calls(&bench, Scope::Edge);
        assert!(edges.contains(&"stock > database:80 [-]: 13".to_owned()), "{edges:?}");
        assert!(edges.contains(&"stock > database:80 [GET /cart]: 5".to_owned()), "{edges:?}");
        assert_eq!(bench.traces().len(), 13, "and is found");
    }
}

#[test]
fn a_piece_counts_in_its_transaction_once_that_comes() {
    for between in BETWEEN {
        let mut bench = running();
        piece(&mut bench, 11);
        between(&mut bench);
        let at = bench.now_ms;
        let shop = [Sent::request(11, 1, "/cart", at), Sent::call(11, 2, "stock", at).under(1)];
        send(&mut bench, "shop", &shop);
        bench.settle();
        assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 6"]);
        assert_eq!(
            calls(&bench, Scope::TierInTransaction),
            ["shop > - [GET /cart]: 6", "stock > - [GET /cart]: 6"]
        );
    }
}

#[test]
fn a_piece_works_for_the_transaction_with_which_its_trace_begins() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        send(&mut bench, "shop", &[Sent::request(1, 1, "/cart", at)]);
        piece(&mut bench, 1);
        bench.settle();
        let working = ["shop > - [GET /cart]: 1".to_owned(), "stock > - [GET /cart]: 1".to_owned()];
        assert_eq!(calls(&bench, Scope::TierInTransaction), working);
        between(&mut bench);
        // What was between them comes after all.
        send(&mut bench, "shop", &[Sent::call(1, 2, "stock", at).under(1)]);
        bench.settle();
        assert_eq!(calls(&bench, Scope::TierInTransaction), working);
        assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 1"]);
        let edges = calls(&bench, Scope::Edge);
        assert!(edges.contains(&"shop > stock [GET /cart]: 1".to_owned()), "{edges:?}");
    }
}

#[test]
fn callers_that_nobody_instruments_begin_transactions_at_once_where_no_other_tier_calls() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    // A browser sends its parent, too.
    send(&mut bench, "shop", &[Sent::request(1, 1, "/cart", at).under(77)]);
    bench.settle();
    assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 1"]);
    // Nor where a transaction enters already, be the tier called by others as well.
    whole(&mut bench, 2);
    send(&mut bench, "stock", &[Sent::request(3, 1, "/list", at)]);
    bench.pass(90);
    let at = bench.now_ms;
    send(&mut bench, "stock", &[Sent::request(4, 1, "/search", at).under(77)]);
    bench.settle();
    let transactions = calls(&bench, Scope::BusinessTransaction);
    let wanted = "GET /search > stock-host [-]: 1".to_owned();
    assert!(transactions.contains(&wanted), "{transactions:?}");
}

#[test]
fn callers_that_nobody_instruments_and_who_keep_calling_begin_transactions_of_their_own() {
    let mut bench = running();
    let mut first = None;
    for minute in 0..14 {
        piece(&mut bench, 20 + minute);
        bench.pass(60);
        if calls(&bench, Scope::BusinessTransaction).len() > 1 {
            first.get_or_insert(minute);
        }
    }
    assert!(matches!(first, Some(9..=12)), "{first:?}");
    let before = calls(&bench, Scope::BusinessTransaction);
    piece(&mut bench, 50);
    bench.settle();
    assert_ne!(calls(&bench, Scope::BusinessTransaction), before);
    // What counted in none stays so however late a span of it comes.
    for between in BETWEEN {
        let mut bench = running();
        piece(&mut bench, 20);
        for minute in 1..14 {
            bench.pass(60);
            piece(&mut bench, 20 + minute);
        }
        bench.settle();
        let counted = calls(&bench, Scope::BusinessTransaction);
        assert_eq!(counted.len(), 2, "{counted:?}");
        between(&mut bench);
        let at = bench.now_ms - 13 * 60_000;
        send(&mut bench, "stock", &[Sent::work(20, 9, "more", at).under(3)]);
        bench.settle();
        assert_eq!(calls(&bench, Scope::BusinessTransaction), counted);
    }
}

#[test]
fn a_call_that_nobody_made_makes_a_transaction_of_what_might_have_been_a_piece() {
    let mut bench = running();
    piece(&mut bench, 11);
    bench.settle();
    let at = bench.now_ms;
    send(&mut bench, "stock", &[Sent::request(12, 1, "/item", at)]);
    bench.settle();
    assert_eq!(
        calls(&bench, Scope::BusinessTransaction),
        ["All Other Traffic - stock > stock-host [-]: 1", "GET /cart > shop-host [-]: 5"]
    );
    bench.pass(61);
    let at = bench.now_ms;
    send(&mut bench, "stock", &[Sent::request(13, 1, "/item", at)]);
    bench.settle();
    let transactions = calls(&bench, Scope::BusinessTransaction);
    assert!(transactions.contains(&"GET /item > stock-host [-]: 1".to_owned()), "{transactions:?}");
}
