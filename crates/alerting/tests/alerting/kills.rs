//! Killed at any step, nothing is lost, and nothing is told twice but what was on the wire.

use std::{future::Future, task::Poll};

use metadata_store::{Deliveries as _, DeliveryFilter, DeliveryState, FIRST_ACCOUNT};

use crate::office::Office;

/// Polls a future so often and drops it: a process that is killed there. Whether it had ended before.
pub(crate) async fn killed_after(polls: usize, work: impl Future) -> bool {
    let mut work = Box::pin(work);
    let mut left = polls;
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn killed_anywhere_each_notice_is_stored_once_and_sent_at_least_once() {
    let mut ended = false;
    let mut polls = 0;
    // Each round is a new server that is killed one step later than the one before.
    while !ended {
        let mut office = Office::open().await;
        let action = office.action("http://127.0.0.1:PORT/", &[("token", "t")]).await;
        office.policy(action).await;
        office.event("POLICY_OPEN_CRITICAL", 1).await;
        office.event("POLICY_OPEN_CRITICAL", 2).await;
        let first = killed_after(polls, office.notifier().step()).await;
        office.restart().await;
        office.pass(60);
        let second = killed_after(polls, office.notifier().step()).await;
        office.restart().await;
        ended = first && second;
        // What comes up afterwards finishes it.
        for _ in 0..3 {
            office.notifier().step().await.unwrap();
            office.pass(60);
        }
        let all = DeliveryFilter { account_id: FIRST_ACCOUNT, ..DeliveryFilter::default() };
        let stored = office.store.deliveries(&all, 0, 100).await.unwrap();
        let mut titles: Vec<&str> = stored.iter().map(|one| one.title.as_str()).collect();
        titles.sort_unstable();
        let of = |rule: u32| format!("Critical: rule{rule} on cart");
        assert!(
            titles.len() == 2 && titles[0].starts_with(&of(1)) && titles[1].starts_with(&of(2)),
            "after {polls} polls: {titles:?}"
        );
        assert!(stored.iter().all(|one| one.state == DeliveryState::Delivered), "{polls}");
        let got = office.receiver.bodies();
        for rule in [1, 2] {
            let times = got.iter().filter(|body| body.starts_with(&of(rule))).count();
            assert!((1..=2).contains(&times), "after {polls} polls: {got:?}");
        }
        polls += 1;
        assert!(polls < 500, "a step ends at last");
    }
    assert!(polls > 5, "there was something to kill");
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_later_and_later_and_given_up() {
    let office = Office::open().await;
    let action = office.action("http://127.0.0.1:PORT/", &[("token", "t")]).await;
    office.policy(action).await;
    office.event("POLICY_OPEN_CRITICAL", 1).await;
    office.notifier().step().await.unwrap();
    office.receiver.answer("503 Service Unavailable", "retry-after: 100\r\n", "come back");
    let all = DeliveryFilter { account_id: FIRST_ACCOUNT, ..DeliveryFilter::default() };
    let mut waited = Vec::new();
    let mut last = 0;
    // Ten minutes past the longest pause, a step every ten seconds.
    for tick in 1..=3_000u64 {
        office.pass(10);
        office.notifier().step().await.unwrap();
        let tried = office.receiver.bodies().len();
        if tried > waited.len() {
            waited.push((tick - last) * 10);
            last = tick;
        }
        if office
            .store
            .deliveries(&all, 0, 1)
            .await
            .unwrap()
            .first()
            .is_some_and(|one| one.state == DeliveryState::GaveUp)
        {
            break;
        }
    }
    assert_eq!(waited, [60, 100, 100, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
    let one = &office.store.deliveries(&all, 0, 1).await.unwrap()[0];
    assert_eq!((one.state, one.attempts), (DeliveryState::GaveUp, 10));
    assert!(one.log.contains("HTTP 503 Service Unavailable") && one.log.contains("come back"));
}

#[tokio::test]
async fn the_end_is_not_told_before_the_beginning() {
    let office = Office::open().await;
    let action = office.action("http://127.0.0.1:PORT/", &[("token", "t")]).await;
    office.policy(action).await;
    office.event("POLICY_OPEN_CRITICAL", 1).await;
    office.event("POLICY_CLOSE_CRITICAL", 1).await;
    office.notifier().step().await.unwrap();
    office.pass(60);
    office.notifier().step().await.unwrap();
    let got = office.receiver.bodies();
    assert!(got[0].starts_with("Critical") && got[1].starts_with("Recovered"), "{got:?}");
    assert_eq!(got.len(), 2);
}

#[tokio::test]
async fn the_end_waits_while_the_beginning_is_tried_again() {
    let office = Office::open().await;
    let action = office.action("http://127.0.0.1:PORT/", &[("token", "t")]).await;
    office.policy(action).await;
    office.event("POLICY_OPEN_CRITICAL", 1).await;
    office.notifier().step().await.unwrap();
    office.pass(60);
    office.receiver.answer("503 Service Unavailable", "", "come back");
    office.notifier().step().await.unwrap();
    office.event("POLICY_CLOSE_CRITICAL", 1).await;
    office.notifier().step().await.unwrap();
    // The alarm fails once more in the step in which its end is due, so that it is due after its end.
    office.pass(60);
    office.notifier().step().await.unwrap();
    let refused = office.receiver.bodies();
    assert!(refused.iter().all(|body| body.starts_with("Critical")), "{refused:?}");
    office.receiver.answer("200 OK", "", "ok");
    for _ in 0..30 {
        office.notifier().step().await.unwrap();
        office.pass(10);
    }
    let got = office.receiver.bodies().split_off(refused.len());
    assert!(
        got.len() == 2 && got[0].starts_with("Critical") && got[1].starts_with("Recovered"),
        "{got:?}"
    );
}

#[tokio::test]
async fn the_end_is_told_when_the_beginning_was_given_up() {
    let office = Office::open().await;
    let action = office.action("http://127.0.0.1:PORT/", &[("token", "t")]).await;
    office.policy(action).await;
    office.receiver.answer("400 Bad Request", "", "no");
    office.event("POLICY_OPEN_CRITICAL", 1).await;
    office.notifier().step().await.unwrap();
    office.pass(60);
    office.notifier().step().await.unwrap();
    office.receiver.answer("200 OK", "", "ok");
    office.event("POLICY_CLOSE_CRITICAL", 1).await;
    office.notifier().step().await.unwrap();
    office.pass(60);
    office.notifier().step().await.unwrap();
    let got = office.receiver.bodies();
    assert!(got.len() == 2 && got[1].starts_with("Recovered"), "{got:?}");
}
