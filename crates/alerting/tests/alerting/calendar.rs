//! What is told by the clock on the wall: digests, what is gathered into one notice, and windows in which nobody is told, across
//! restarts and days on which the clocks are changed.

use std::collections::BTreeSet;

use alerting::suppression::Window;
use daemon::clock::UnixNanos;
use metadata_store::{Deliveries as _, Delivery, DeliveryFilter, DeliveryState, FIRST_ACCOUNT};

use crate::{kills::killed_after, office::Office};

const HOUR: u64 = 3600;
/// 25 October 2026, 00:00 UTC: an hour later Berlin's clocks go from 03:00 back to 02:00.
const AUTUMN: u64 = 1_792_886_400;
/// 28 March 2027, 00:00 UTC: an hour later they go from 02:00 on to 03:00.
const SPRING: u64 = 1_806_192_000;

const ENTRIES: &str = "{{ kind }} {{ cause }}:{% for one in entries %} {{ one.event_id }}/{{ one.entity.name }}{% endfor %}";

async fn deliveries(office: &Office) -> Vec<Delivery> {
    let all = DeliveryFilter { account_id: FIRST_ACCOUNT, ..DeliveryFilter::default() };
    office.store.deliveries(&all, 0, 1000).await.unwrap()
}

async fn saying(office: &Office, body: &str) -> u32 {
    office.action_saying(body, "http://127.0.0.1:PORT/", &[("token", "t")]).await
}

/// Time passes in steps of ten minutes, as far as the notifier sees it.
async fn hours(office: &Office, hours: u64) {
    for _ in 0..hours * 6 {
        office.pass(600);
        office.notifier().step().await.unwrap();
    }
}

#[tokio::test]
async fn a_digest_comes_at_its_time_with_each_event_once_wherever_it_was_killed() {
    let mut ended = false;
    let mut polls = 0;
    // Each round is killed one step later than the one before, as the events are read and as the digest is due.
    while !ended {
        let mut office = Office::open().await;
        let action = saying(&office, ENTRIES).await;
        office.digest(action, 24).await;
        office.event_at("POLICY_OPEN_CRITICAL", 1, "cart").await;
        office.notifier().step().await.unwrap();
        office.pass(5 * HOUR);
        office.event_at("POLICY_CLOSE_CRITICAL", 1, "cart").await;
        office.event_at("POLICY_OPEN_CRITICAL", 2, "pay").await;
        let reading = killed_after(polls, office.notifier().step()).await;
        office.restart().await;
        office.pass(19 * HOUR - 1);
        office.notifier().step().await.unwrap();
        assert_eq!(office.receiver.bodies(), [""; 0], "a second before its time, {polls}");
        office.pass(1);
        let writing = killed_after(polls, office.notifier().step()).await;
        office.restart().await;
        office.notifier().step().await.unwrap();
        let stored = deliveries(&office).await;
        assert_eq!(stored.len(), 1, "after {polls} polls");
        // An attempt that nobody could note is made again, and is the same digest.
        office.pass(60);
        office.notifier().step().await.unwrap();
        assert_eq!(deliveries(&office).await[0].state, DeliveryState::Delivered, "{polls}");
        let mut got = office.receiver.bodies();
        assert!((1..=2).contains(&got.len()), "after {polls} polls: {got:?}");
        got.dedup();
        assert_eq!(got, ["digest rule1: 1/cart 2/cart 3/pay"], "after {polls} polls");
        ended = reading && writing;
        polls += 1;
        assert!(polls < 500, "a step ends at last");
    }
    assert!(polls > 5, "there was something to kill");
}

#[tokio::test]
async fn digests_keep_their_hour_whoever_was_late_and_whatever_the_clocks_on_the_wall_do() {
    let mut office = Office::open().await;
    office.clock.set(UnixNanos::from_secs(AUTUMN - 12 * HOUR));
    let action = saying(&office, ENTRIES).await;
    office.digest(action, 24).await;
    office.event_at("POLICY_OPEN_CRITICAL", 1, "cart").await;
    office.notifier().step().await.unwrap();
    // Nobody was there for three hours when it was due; the next one is due a day after this one was, not after it was sent.
    office.pass(27 * HOUR);
    office.restart().await;
    office.notifier().step().await.unwrap();
    assert_eq!(office.receiver.bodies(), ["digest rule1: 1/cart"]);
    office.event_at("POLICY_CLOSE_CRITICAL", 1, "cart").await;
    office.notifier().step().await.unwrap();
    office.pass(21 * HOUR - 1);
    office.notifier().step().await.unwrap();
    assert_eq!(office.receiver.bodies().len(), 1);
    office.pass(1);
    office.notifier().step().await.unwrap();
    assert_eq!(office.receiver.bodies()[1..], ["digest rule1: 2/cart"]);
    let late = deliveries(&office).await;
    let created: BTreeSet<u64> =
        late.iter().map(|one| u64::try_from(one.created_ms).unwrap() / 1000).collect();
    assert_eq!(created, [AUTUMN + 15 * HOUR, AUTUMN + 36 * HOUR].into());
}

#[tokio::test]
async fn what_has_one_cause_is_one_notice_though_vedette_was_restarted_in_between() {
    let mut office = Office::open().await;
    let action = saying(&office, ENTRIES).await;
    office.policy(action).await;
    for entity in ["cart", "pay", "stock"] {
        office.event_at("POLICY_OPEN_CRITICAL", 1, entity).await;
        office.notifier().step().await.unwrap();
        office.restart().await;
        office.pass(15);
    }
    office.event_at("POLICY_OPEN_CRITICAL", 2, "cart").await;
    office.pass(15);
    office.notifier().step().await.unwrap();
    let first = ["alarm rule1: 1/cart 2/pay 3/stock"];
    assert_eq!(
        office.receiver.bodies(),
        first,
        "a minute after the first, without the other cause"
    );
    for entity in ["cart", "pay", "stock"] {
        office.event_at("POLICY_CLOSE_CRITICAL", 1, entity).await;
    }
    office.notifier().step().await.unwrap();
    office.restart().await;
    office.pass(60);
    office.notifier().step().await.unwrap();
    let mut rest = office.receiver.bodies().split_off(1);
    rest.sort();
    assert_eq!(rest, ["alarm rule2: 4/cart", "recovery rule1: 5/cart 6/pay 7/stock"]);
}

/// From 22:00 to 06:00 by the clocks of Berlin.
fn night() -> Window {
    Window::Recurring {
        days: BTreeSet::new(),
        month_days: BTreeSet::new(),
        from_minute: 22 * 60,
        until_minute: 6 * 60,
        zone: "Europe/Berlin".to_owned(),
    }
}

/// Begins and ends a violation each half hour, from half a day before the clocks of Berlin change to a day after, and looks
/// who was told. `offsets` are those of Berlin from UTC, hours; `in_nights` how many of them fall into nights.
async fn check(midnight: u64, offsets: [u64; 2], in_nights: usize) {
    let mut office = Office::open().await;
    let action = saying(&office, "{{ kind }} {{ cause }}").await;
    office.policy(action).await;
    office.suppression(night()).await;
    let (mut expected, mut nights) = (Vec::new(), 0usize);
    for half in 0..72 {
        let at = midnight - 12 * HOUR + half * HOUR / 2;
        office.clock.set(UnixNanos::from_secs(at));
        let rule = u32::try_from(half).unwrap();
        let [before, after] = offsets;
        let offset = if at < midnight + HOUR { before } else { after };
        let local = (at / HOUR + offset) % 24;
        if (6..22).contains(&local) {
            expected.extend(["alarm", "recovery"].map(|kind| format!("{kind} rule{rule}")));
        } else {
            nights += 1;
        }
        office.event("POLICY_OPEN_CRITICAL", rule).await;
        office.notifier().step().await.unwrap();
        office.pass(60);
        office.notifier().step().await.unwrap();
        if half % 7 == 0 {
            office.restart().await;
        }
        office.event("POLICY_CLOSE_CRITICAL", rule).await;
        office.notifier().step().await.unwrap();
        office.pass(60);
        office.notifier().step().await.unwrap();
    }
    assert_eq!(office.receiver.bodies(), expected);
    let stored = deliveries(&office).await;
    let hidden = stored.iter().filter(|one| one.state == DeliveryState::Suppressed).count();
    assert_eq!([nights, hidden], [in_nights; 2], "what was not told is in the log");
}

#[tokio::test]
async fn nobody_is_told_in_the_longer_night_of_autumn_and_everybody_around_it() {
    // Nine hours of the night of the change, and three of the one after it.
    check(AUTUMN, [2, 1], 24).await;
}

#[tokio::test]
async fn nobody_is_told_in_the_shorter_night_of_spring_and_everybody_around_it() {
    // Seven and four.
    check(SPRING, [1, 2], 22).await;
}

#[tokio::test]
async fn an_end_is_told_in_the_night_and_what_lasts_longer_than_the_night_is_told_after_it() {
    let office = Office::open().await;
    let action = saying(&office, "{{ kind }} {{ cause }}").await;
    office.policy(action).await;
    office.suppression(night()).await;
    // 20:30 in Berlin, in summer.
    office.clock.set(UnixNanos::from_secs(AUTUMN - 5 * HOUR - HOUR / 2));
    office.event_at("POLICY_OPEN_CRITICAL", 1, "cart").await;
    hours(&office, 3).await;
    office.event_at("POLICY_CLOSE_CRITICAL", 1, "cart").await;
    hours(&office, 1).await;
    let told = ["alarm rule1", "recovery rule1"];
    assert_eq!(office.receiver.bodies(), told, "at 00:30: who was told hears the end");
    office.event_at("POLICY_OPEN_CRITICAL", 2, "pay").await;
    // 05:30 in Berlin, in winter: 06:30 if nobody had set the clocks.
    hours(&office, 6).await;
    office.event_at("POLICY_CONTINUES_CRITICAL", 2, "pay").await;
    hours(&office, 1).await;
    assert_eq!(office.receiver.bodies().len(), 2, "it is night");
    office.event_at("POLICY_CONTINUES_CRITICAL", 2, "pay").await;
    hours(&office, 1).await;
    office.event_at("POLICY_CLOSE_CRITICAL", 2, "pay").await;
    hours(&office, 1).await;
    let told = ["alarm rule2", "recovery rule2"];
    assert_eq!(office.receiver.bodies()[2..], told);
}
