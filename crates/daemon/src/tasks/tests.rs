//! When tasks run, and what is seen of them. Time is tokio's paused one.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::*;
use crate::{
    clock::ManualClock,
    shutdown::{Outcome, Shutdown},
};

struct Fixture {
    clock: ManualClock,
    shutdown: Arc<Shutdown>,
    tasks: Tasks,
}

fn fixture() -> Fixture {
    let clock = ManualClock::new(UnixNanos::from_secs(1_000));
    let shutdown = Shutdown::new(clock.shared());
    let stage = shutdown.stage("tasks", Duration::from_secs(5));
    Fixture { tasks: Tasks::new(clock.shared(), stage), shutdown, clock }
}

const HOUR: Duration = Duration::from_secs(3_600);

#[allow(clippy::disallowed_methods, reason = "tokio's paused time, not the machine's")]
fn tokio_now() -> time::Instant {
    time::Instant::now()
}

/// A task that reports the time of each run.
fn reporting(period: Duration) -> (Task, mpsc::UnboundedReceiver<Duration>) {
    let (ran, runs) = mpsc::unbounded_channel();
    let start = tokio_now();
    let task = Task::new("report", period, move || {
        ran.send(start.elapsed()).unwrap();
        async { Ok(None) }
    });
    (task, runs)
}

#[tokio::test(start_paused = true)]
async fn a_task_runs_at_once_and_then_each_period() {
    let fixture = fixture();
    let (task, mut runs) = reporting(HOUR);
    fixture.tasks.start(task);
    for expected in [Duration::ZERO, HOUR, 2 * HOUR] {
        // Tokio's timers tick in milliseconds.
        assert_eq!(runs.recv().await.unwrap().as_secs(), expected.as_secs());
    }
}

#[tokio::test(start_paused = true)]
async fn a_nudge_runs_it_now_and_many_nudges_run_it_once() {
    let fixture = fixture();
    let (task, mut runs) = reporting(HOUR);
    let nudge = fixture.tasks.start(task);
    runs.recv().await.unwrap();
    nudge.nudge();
    nudge.nudge();
    nudge.nudge();
    assert_eq!(runs.recv().await.unwrap().as_secs(), 0);
    assert_eq!(runs.recv().await.unwrap().as_secs(), HOUR.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_nudge_during_a_run_makes_one_more_run_and_never_two_at_a_time() {
    let fixture = fixture();
    let at_a_time = Arc::new(AtomicUsize::new(0));
    let (ended, mut ends) = mpsc::unbounded_channel();
    let counter = Arc::clone(&at_a_time);
    let nudge = fixture.tasks.start(Task::new("slow", HOUR, move || {
        let (counter, ended) = (Arc::clone(&counter), ended.clone());
        async move {
            assert_eq!(counter.fetch_add(1, Ordering::SeqCst), 0);
            time::sleep(Duration::from_secs(10)).await;
            counter.fetch_sub(1, Ordering::SeqCst);
            ended.send(()).unwrap();
            Ok(None)
        }
    }));
    time::sleep(Duration::from_secs(1)).await;
    assert!(fixture.tasks.statuses()[0].running);
    nudge.nudge();
    nudge.nudge();
    ends.recv().await.unwrap();
    ends.recv().await.unwrap();
    time::sleep(Duration::from_secs(60)).await;
    assert_eq!((fixture.tasks.statuses()[0].runs, ends.try_recv().is_err()), (2, true));
}

#[tokio::test(start_paused = true)]
async fn the_status_shows_results_failures_and_panics_and_the_next_run_is_the_retry() {
    let fixture = fixture();
    let (ran, mut runs) = mpsc::unbounded_channel();
    let clock = fixture.clock.clone();
    let mut number = 0;
    let nudge = fixture.tasks.start(Task::blocking("moody", HOUR, move || {
        number += 1;
        clock.advance(Duration::from_secs(2));
        ran.send(()).unwrap();
        match number {
            1 => Ok(Some("removed 3 segments".to_owned())),
            2 => Err("disk full".into()),
            _ => Ok(None),
        }
    }));
    let mut last = Vec::new();
    for _ in 0..3 {
        runs.recv().await.unwrap();
        while fixture.tasks.statuses()[0].running {
            tokio::task::yield_now().await;
        }
        last.push(fixture.tasks.statuses().remove(0));
        nudge.nudge();
    }
    assert_eq!(last[0].last_result, Some(Ok(Some("removed 3 segments".to_owned()))));
    assert_eq!(last[0].last_start, Some(UnixNanos::from_secs(1_000)));
    assert_eq!(last[0].last_duration, Some(Duration::from_secs(2)));
    assert_eq!(last[1].last_result, Some(Err("disk full".to_owned())));
    assert_eq!(
        (last[2].runs, last[2].failures, last[2].last_result.clone()),
        (3, 1, Some(Ok(None)))
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_run() {
    let fixture = fixture();
    let (ran, mut runs) = mpsc::unbounded_channel();
    fixture.tasks.start(Task::new("fragile", HOUR, move || {
        ran.send(()).unwrap();
        async { panic!("bad record") }
    }));
    runs.recv().await.unwrap();
    runs.recv().await.unwrap();
    let status = fixture.tasks.statuses().remove(0);
    assert_eq!(
        (status.failures >= 1, status.last_result),
        (true, Some(Err("panicked: bad record".to_owned())))
    );
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_the_run_under_way_and_starts_no_other() {
    let fixture = fixture();
    let ended = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&ended);
    let nudge = fixture.tasks.start(Task::new("slow", HOUR, move || {
        let counter = Arc::clone(&counter);
        async move {
            time::sleep(Duration::from_secs(2)).await;
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(None)
        }
    }));
    time::sleep(Duration::from_secs(1)).await;
    nudge.nudge();
    assert_eq!(fixture.shutdown.run().await, Outcome::default());
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}
