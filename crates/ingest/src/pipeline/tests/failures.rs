//! Databases that do not answer for a while: the pipeline pauses, nothing is lost and nothing counted twice.

use std::sync::atomic::Ordering::Relaxed;

use model::figure::Scope;

use super::{
    agent::{Agent, Sent},
    bench::Bench,
};
use crate::{
    otlp::Signal,
    pipeline::{CutBy, PipelineError},
};

fn request(bench: &mut Bench, tier: &str, trace: u64) {
    let span = Sent::request(trace, 1, "/cart", bench.now_ms);
    bench.send(Signal::Traces, &Agent::new(tier).traces(&[span]));
}

fn calls(bench: &Bench, name: &str) -> f64 {
    bench.named(Scope::Tier).get(name).map_or(0.0, |figure| figure.calls)
}

/// What the thread that drives a pipeline does.
fn drive(bench: &mut Bench, seconds: i64) {
    for _ in 0..seconds {
        bench.now_ms += 1000;
        if bench.process().pipeline.is_broken() {
            // Remains broken where the rebuilding fails as well.
            drop(bench.rebuild());
        } else {
            drop(bench.try_step());
        }
    }
}

#[test]
fn entities_that_cannot_be_made_stop_the_pipeline_and_lose_nothing() {
    let mut bench = Bench::new();
    request(&mut bench, "shop", 1);
    bench.pass(8);
    assert_eq!(calls(&bench, "shop > - [-]"), 1.0);
    // Shown, but beyond the last cut.
    request(&mut bench, "shop", 2);
    bench.step();
    bench.entities.set_down(true);
    request(&mut bench, "stock", 3);
    request(&mut bench, "shop", 4);
    let error = bench.try_step().expect_err("a new tier needs an id");
    assert!(matches!(error, PipelineError::Metadata(_)), "{error}");
    assert!(bench.process().pipeline.is_broken());
    drive(&mut bench, 20);
    assert_eq!(calls(&bench, "stock > - [-]"), 0.0);
    bench.entities.set_down(false);
    drive(&mut bench, 20);
    assert_eq!(calls(&bench, "shop > - [-]"), 3.0);
    assert_eq!(calls(&bench, "stock > - [-]"), 1.0);
    bench.restart();
    bench.settle();
    assert_eq!(calls(&bench, "shop > - [-]"), 3.0);
    assert_eq!(bench.traces().len(), 4);
}

#[test]
fn what_is_known_goes_on_while_entities_cannot_be_made() {
    let mut bench = Bench::new();
    request(&mut bench, "shop", 1);
    bench.pass(8);
    bench.entities.set_down(true);
    request(&mut bench, "shop", 2);
    bench.pass(8);
    assert_eq!(calls(&bench, "shop > - [-]"), 2.0);
}

#[test]
fn a_cut_that_fails_is_made_again_as_it_was() {
    for fail in [metadata_store::MemoryCatalogue::fail_before_commit, |catalogue: &_, nth| {
        metadata_store::MemoryCatalogue::fail_after_commit(catalogue, nth)
    }] {
        let mut bench = Bench::new();
        request(&mut bench, "shop", 1);
        bench.pass(4);
        request(&mut bench, "shop", 2);
        fail(&bench.catalogue, 1);
        bench.now_ms += 5000;
        bench.try_step().expect_err("the catalogue fails");
        assert!(!bench.process().pipeline.is_broken(), "the cut is done again");
        // Shown all the time.
        assert_eq!(calls(&bench, "shop > - [-]"), 2.0);
        request(&mut bench, "shop", 3);
        bench.pass(20);
        assert_eq!(calls(&bench, "shop > - [-]"), 3.0);
        bench.restart();
        bench.settle();
        assert_eq!(calls(&bench, "shop > - [-]"), 3.0);
    }
}

#[test]
fn a_pipeline_made_anew_shows_nothing_twice() {
    for failing in [false, true] {
        let mut bench = Bench::new();
        request(&mut bench, "shop", 1);
        bench.pass(8);
        let now_ms = bench.now_ms;
        bench.process().pipeline.cut(now_ms).expect("everything answers");
        request(&mut bench, "shop", 2);
        bench.step();
        if failing {
            // In the middle of a cut that did happen, though its owner was not told.
            bench.catalogue.fail_after_commit(1);
            bench.now_ms += 8000;
            bench.try_step().expect_err("the catalogue fails");
        }
        bench.rebuild().expect("everything answers");
        let shown = calls(&bench, "shop > - [-]");
        assert_eq!(shown, if failing { 2.0 } else { 1.0 }, "no more than what is durable");
        bench.settle();
        assert_eq!(calls(&bench, "shop > - [-]"), 2.0);
        assert_eq!(bench.traces().len(), 2);
    }
}

#[test]
fn a_pipeline_that_was_taken_over_writes_nothing_more() {
    let mut bench = Bench::new();
    request(&mut bench, "shop", 1);
    bench.step();
    let other = bench.other_process();
    bench.now_ms += 6000;
    let error = bench.try_step().expect_err("it was taken over");
    assert!(matches!(error, PipelineError::Superseded), "{error}");
    drop(other);
    bench.restart();
    bench.settle();
    assert_eq!(calls(&bench, "shop > - [-]"), 1.0);
}

#[test]
fn a_cut_that_another_thread_writes_is_tried_again_while_the_pipeline_goes_on() {
    let mut bench = Bench::new();
    bench.cut_by = CutBy::Thread;
    bench.restart();
    bench.disk.fail_sync_once();
    let (mut sent, mut failed) = (0, 0);
    // However long the threads take; each step sends one more.
    while bench.stats.cuts.load(Relaxed) < 3 || failed == 0 {
        sent += 1;
        assert!(sent < 100_000, "cuts are made: {failed} failed");
        request(&mut bench, "shop", sent);
        bench.now_ms += 100;
        failed += u64::from(bench.try_step().is_err());
        std::thread::yield_now();
    }
    assert_eq!(failed, 1);
    bench.settle();
    assert_eq!(calls(&bench, "shop > - [-]"), sent as f64);
    // Also where it ends while one is written.
    request(&mut bench, "shop", sent + 1);
    bench.pass(6);
    bench.restart();
    bench.settle();
    assert_eq!(calls(&bench, "shop > - [-]"), (sent + 1) as f64);
    assert_eq!(bench.traces().len() as u64, sent + 1);
}
