use std::cell::Cell;

use metadata_store::EventSeverity;

use super::*;
use crate::{
    policy::{EntitySelector, Kin, SelectedKind},
    suppression::Window,
};

const MINUTE: i64 = 60_000;
const SHOP: u32 = 3;

/// A desk with its clock: what `tell` is told of is all that the desk said.
struct Office {
    desk: Desk,
    rules: Rules,
    now_ms: Cell<i64>,
    events: u32,
}

fn policy(types: &[&str]) -> Stored<Policy> {
    let value = Policy {
        enabled: true,
        event_types: types.iter().map(|one| (*one).to_owned()).collect(),
        actions: vec![5],
        gather_seconds: 60,
        ..Policy::default()
    };
    Stored { id: 1, account: 1, application: None, name: "page".to_owned(), value }
}

fn suppression(from_ms: i64, until_ms: i64) -> Stored<Suppression> {
    let value = Suppression {
        enabled: true,
        window: Window::OneTime { from_ms, until_ms },
        rules: BTreeSet::new(),
        entities: Vec::new(),
        reference: None,
    };
    Stored { id: 9, account: 1, application: None, name: "release".to_owned(), value }
}

impl Office {
    fn with(policy: Stored<Policy>) -> Office {
        let rules = Rules { policies: vec![policy], suppressions: Vec::new() };
        Office { desk: Desk::default(), rules, now_ms: Cell::new(0), events: 0 }
    }

    fn world<T>(&mut self, work: impl FnOnce(&mut Desk, &World<'_>) -> T) -> T {
        // Business transactions 10 to 19, and the node 20, are of tier 2.
        let kin = |id: u32| {
            let kind = if id == 20 { 3 } else { 4 };
            (10..=20).contains(&id).then_some(Kin { kind, parent: 2, application: SHOP })
        };
        let world = World {
            rules: &self.rules,
            lineage: &kin,
            named: &|id| if id == 2 { "catalog" } else { "shop" }.to_owned(),
            base: "https://apm.example.com",
            now_ms: self.now_ms.get(),
        };
        // What is stored in between must be all that there is.
        let mut desk = Desk::read(&self.desk.bytes()).unwrap();
        let done = work(&mut desk, &world);
        self.desk = desk;
        done
    }

    /// An event of the rule 7 at a business transaction, now.
    fn event(&mut self, kind: &str, bt: u32) -> Event {
        self.events += 1;
        let critical = kind.ends_with("CRITICAL") || kind.ends_with("UPGRADED");
        Event {
            id: self.events,
            account_id: 1,
            application_id: Some(SHOP),
            kind: kind.to_owned(),
            sub_type: String::new(),
            severity: if critical { EventSeverity::Error } else { EventSeverity::Warn },
            time_ms: self.now_ms.get(),
            repeats: 1,
            summary: format!("{kind} at {bt}"),
            comment: String::new(),
            affected: vec![EntityRef { kind: 4, id: bt, name: format!("bt{bt}") }],
            triggered: Some(EntityRef { kind: 100, id: 7, name: "slow".to_owned() }),
            properties: Vec::new(),
            detail: String::new(),
            is_read: false,
            is_resolved: false,
        }
    }

    /// The same at the node 20.
    fn event_of_node(&mut self, kind: &str) -> Event {
        let affected = vec![EntityRef { kind: 3, id: 20, name: "vm-1".to_owned() }];
        Event { affected, ..self.event(kind, 20) }
    }

    fn happens(&mut self, kind: &str, bt: u32) {
        let event = self.event(kind, bt);
        self.take(&event);
    }

    fn take(&mut self, event: &Event) {
        let event = event.clone();
        self.world(|desk, world| desk.take(&event, world));
    }

    /// Lets minutes pass and returns the titles of what is told then; `-` before what is suppressed.
    fn told_after(&mut self, minutes: i64) -> Vec<String> {
        self.now_ms.set(self.now_ms.get() + minutes * MINUTE);
        let written = self.world(Desk::write);
        let told = written.iter().map(|one| match one.state {
            DeliveryState::Suppressed => format!("-{}", one.title),
            _ => one.title.clone(),
        });
        told.collect()
    }
}

#[test]
fn one_cause_is_one_notice_that_lists_whom_it_concerns() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    for bt in 10..15 {
        office.happens("POLICY_OPEN_CRITICAL", bt);
    }
    assert_eq!(office.told_after(0), [""; 0], "it is gathered first");
    office.happens("POLICY_OPEN_CRITICAL", 12);
    assert_eq!(office.told_after(1), ["Critical: slow on 5 entities · shop"]);
    assert_eq!(office.told_after(60), [""; 0]);
}

#[test]
fn an_end_is_told_whatever_the_policy_lists_and_once() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    office.happens("POLICY_OPEN_CRITICAL", 10);
    office.happens("POLICY_OPEN_CRITICAL", 11);
    assert_eq!(office.told_after(1).len(), 1);
    office.happens("POLICY_CLOSE_CRITICAL", 10);
    assert_eq!(office.told_after(1), ["Partly recovered: slow on bt10 · shop"]);
    office.happens("POLICY_CANCELED_CRITICAL", 11);
    office.happens("POLICY_CLOSE_CRITICAL", 11);
    office.happens("POLICY_CLOSE_CRITICAL", 12);
    assert_eq!(office.told_after(1), ["No longer judged: slow on bt11 · shop"]);
}

#[test]
fn what_ends_while_its_policy_is_off_does_not_go_on_for_ever() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    for bt in [10, 11, 12] {
        office.happens("POLICY_OPEN_CRITICAL", bt);
    }
    assert_eq!(office.told_after(1).len(), 1);
    office.rules.policies[0].value.enabled = false;
    office.happens("POLICY_CLOSE_CRITICAL", 10);
    office.happens("POLICY_CLOSE_CRITICAL", 11);
    office.happens("POLICY_CLOSE_CRITICAL", 12);
    // Nobody was told of this one.
    office.happens("POLICY_OPEN_CRITICAL", 14);
    office.happens("POLICY_CLOSE_CRITICAL", 14);
    assert_eq!(office.told_after(1), ["Recovered: slow on 3 entities · shop"]);
    office.rules.policies[0].value.enabled = true;
    office.happens("POLICY_OPEN_CRITICAL", 13);
    assert_eq!(office.told_after(1), ["Critical: slow on bt13 · shop"]);
    office.happens("POLICY_CLOSE_CRITICAL", 13);
    assert_eq!(office.told_after(1), ["Recovered: slow on bt13 · shop"], "nothing else goes on");
}

#[test]
fn what_is_told_is_reconciled_with_what_is_open() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    for (bt, violation) in [(10, 100), (11, 101)] {
        let mut event = office.event("POLICY_OPEN_CRITICAL", bt);
        event.properties = vec![("violation".to_owned(), violation.to_string())];
        office.take(&event);
    }
    // Of this one no id is known.
    office.happens("POLICY_OPEN_CRITICAL", 12);
    assert_eq!(office.told_after(1).len(), 1);
    // The end of the first one got lost.
    let open = BTreeSet::from([Ongoing::Violation(101), Ongoing::Anomaly(100)]);
    office.world(|desk, _| desk.reconcile(&open));
    office.happens("POLICY_CLOSE_CRITICAL", 12);
    assert_eq!(office.told_after(1), ["Partly recovered: slow on bt12 · shop"]);
    office.happens("POLICY_CLOSE_CRITICAL", 11);
    assert_eq!(office.told_after(1), ["Recovered: slow on bt11 · shop"]);
}

#[test]
fn what_is_no_longer_judged_has_not_recovered() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    let cancel = |office: &mut Office, bt| {
        let mut event = office.event("POLICY_CANCELED_CRITICAL", bt);
        event.comment = "the rule was changed".to_owned();
        office.take(&event);
    };
    for bt in [10, 11, 12] {
        office.happens("POLICY_OPEN_CRITICAL", bt);
    }
    assert_eq!(office.told_after(1).len(), 1);
    cancel(&mut office, 10);
    let told = office.told_after(1);
    assert_eq!(told, ["No longer judged: slow on bt10 · shop (the rule was changed)"]);
    cancel(&mut office, 11);
    office.happens("POLICY_CLOSE_CRITICAL", 12);
    let told = office.told_after(1);
    assert_eq!(told, ["Recovered or no longer judged: slow on 2 entities · shop"]);
}

#[test]
fn an_end_is_told_under_a_suppression_that_began_later() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    office.happens("POLICY_OPEN_CRITICAL", 10);
    assert_eq!(office.told_after(1).len(), 1);
    office.rules.suppressions.push(suppression(2 * MINUTE, 90 * MINUTE));
    office.now_ms.set(5 * MINUTE);
    office.happens("POLICY_OPEN_CRITICAL", 11);
    office.happens("POLICY_CLOSE_CRITICAL", 10);
    office.happens("POLICY_CLOSE_CRITICAL", 11);
    let told = office.told_after(1);
    assert_eq!(told, ["-Critical: slow on bt11 · shop", "Recovered: slow on bt10 · shop"]);
}

#[test]
fn what_began_under_a_suppression_is_told_when_it_goes_on_afterwards() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    office.rules.suppressions.push(suppression(0, 20 * MINUTE));
    office.happens("POLICY_OPEN_CRITICAL", 10);
    assert_eq!(office.told_after(1), ["-Critical: slow on bt10 · shop"]);
    office.happens("POLICY_CONTINUES_CRITICAL", 10);
    assert_eq!(office.told_after(1), [""; 0], "it is known that it is suppressed");
    office.now_ms.set(30 * MINUTE);
    office.happens("POLICY_CONTINUES_CRITICAL", 10);
    assert_eq!(office.told_after(1), ["Critical: slow on bt10 · shop"]);
    office.happens("POLICY_CONTINUES_CRITICAL", 10);
    assert_eq!(office.told_after(1), [""; 0], "it was told");
    office.happens("POLICY_CLOSE_CRITICAL", 10);
    assert_eq!(office.told_after(1), ["Recovered: slow on bt10 · shop"]);
}

#[test]
fn what_becomes_critical_is_news_for_whoever_wants_the_critical() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    office.happens("POLICY_OPEN_WARNING", 10);
    assert_eq!(office.told_after(1), [""; 0]);
    office.happens("POLICY_UPGRADED", 10);
    assert_eq!(office.told_after(1), ["Critical: slow on bt10 · shop"]);
    office.happens("POLICY_DOWNGRADED", 10);
    assert_eq!(office.told_after(1), [""; 0]);
    office.happens("POLICY_CLOSE_WARNING", 10);
    assert_eq!(office.told_after(1), ["Recovered: slow on bt10 · shop"]);
}

#[test]
fn a_policy_takes_what_is_below_the_entities_it_names() {
    let of = |kind, ids: &[u32]| EntitySelector { kind, ids: ids.iter().copied().collect() };
    for (selector, takes) in [
        (of(SelectedKind::BusinessTransaction, &[10]), true),
        (of(SelectedKind::BusinessTransaction, &[11]), false),
        (of(SelectedKind::BusinessTransaction, &[]), true),
        (of(SelectedKind::Tier, &[2]), true),
        (of(SelectedKind::Tier, &[10]), false),
        (of(SelectedKind::Application, &[SHOP]), true),
        (of(SelectedKind::Node, &[]), false),
    ] {
        let mut one = policy(&["POLICY_OPEN_CRITICAL"]);
        one.value.entities.push(selector.clone());
        let mut office = Office::with(one);
        office.happens("POLICY_OPEN_CRITICAL", 10);
        assert_eq!(office.told_after(1).len(), usize::from(takes), "{selector:?}");
    }
}

#[test]
fn a_policy_takes_the_rules_and_the_application_it_names() {
    let mut one = policy(&["POLICY_OPEN_CRITICAL"]);
    one.value.rules.insert("other".to_owned());
    let mut office = Office::with(one);
    office.happens("POLICY_OPEN_CRITICAL", 10);
    assert_eq!(office.told_after(1), [""; 0]);
    let mut one = policy(&["POLICY_OPEN_CRITICAL"]);
    one.application = Some(SHOP + 1);
    let mut office = Office::with(one);
    office.happens("POLICY_OPEN_CRITICAL", 10);
    assert_eq!(office.told_after(1), [""; 0]);
}

#[test]
fn custom_events_are_taken_by_type_and_properties() {
    let mut one = policy(&[]);
    one.value.custom.push(crate::policy::CustomMatch {
        event_type: "backup".to_owned(),
        properties: vec![("result".to_owned(), "failed".to_owned())],
        any_property: false,
    });
    let mut office = Office::with(one);
    let event = |office: &mut Office, sub_type: &str, result: &str| Event {
        sub_type: sub_type.to_owned(),
        properties: vec![("result".to_owned(), result.to_owned())],
        triggered: None,
        affected: Vec::new(),
        ..office.event("CUSTOM", 10)
    };
    for (sub_type, result) in [("backup", "done"), ("restore", "failed"), ("backup", "failed")] {
        let event = event(&mut office, sub_type, result);
        office.take(&event);
    }
    assert_eq!(office.told_after(1), ["backup: CUSTOM at 10 · shop"]);
}

#[test]
fn a_digest_tells_all_of_its_hours_at_once() {
    let mut one = policy(&["POLICY_OPEN_CRITICAL", "POLICY_CLOSE_CRITICAL"]);
    one.value.every_hours = Some(2);
    let mut office = Office::with(one);
    office.happens("POLICY_OPEN_CRITICAL", 10);
    assert_eq!(office.told_after(119), [""; 0]);
    office.happens("POLICY_CLOSE_CRITICAL", 10);
    assert_eq!(office.told_after(1), ["page: 2 events"]);
    // After quiet hours the next one comes at the hour at which it would have come.
    assert_eq!(office.told_after(300), [""; 0]);
    office.happens("POLICY_OPEN_CRITICAL", 10);
    assert_eq!(office.told_after(59), [""; 0]);
    assert_eq!(office.told_after(1), ["page: 1 event"]);
}

#[test]
fn a_storm_stays_within_what_can_be_stored() {
    let mut office = Office::with(policy(&["ERROR"]));
    for number in 0..2_000u32 {
        let mut event = office.event("ERROR", number);
        event.triggered = Some(EntityRef { kind: 8, id: number % 700, name: "e".to_owned() });
        event.summary = "x".repeat(1_000);
        event.properties = vec![("n".repeat(1_000), "v".repeat(1_000)); 50];
        let event = event;
        // Without the storing in between, which would take its time here.
        let rules = std::mem::take(&mut office.rules);
        let world = World {
            rules: &rules,
            lineage: &|_| None,
            named: &|id| if id == 2 { "catalog" } else { "shop" }.to_owned(),
            base: "https://apm.example.com",
            now_ms: 0,
        };
        office.desk.take(&event, &world);
        office.rules = rules;
    }
    assert!(office.desk.bytes().len() < metadata_store::MAX_ALERT_STATE);
    assert!(office.desk.lost > 0);
    office.now_ms.set(MINUTE);
    let written = office.world(Desk::write);
    assert!(written.iter().all(|one| one.notice.len() < metadata_store::MAX_NOTICE_BYTES));
    assert_eq!(written.len(), 500);
}

#[test]
fn a_notice_is_about_all_violations_that_it_tells_of() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    let of = |office: &mut Office, kind: &str, bt: u32, violation: u32| {
        let mut event = office.event(kind, bt);
        event.properties = vec![
            ("level".to_owned(), "critical".to_owned()),
            ("violation".to_owned(), violation.to_string()),
        ];
        office.take(&event);
    };
    let written = |office: &mut Office| {
        office.now_ms.set(office.now_ms.get() + 2 * MINUTE);
        let written = office.world(Desk::write);
        written.into_iter().map(|one| one.violations).collect::<Vec<_>>()
    };
    for number in 0..40 {
        of(&mut office, "POLICY_OPEN_CRITICAL", 10 + number, 100 + number);
    }
    assert_eq!(written(&mut office), [(100..140).collect::<Vec<u32>>()], "more than it lists");
    of(&mut office, "POLICY_CLOSE_CRITICAL", 10, 100);
    assert_eq!(written(&mut office), [[100]]);
    // Of an event that is none of a violation's.
    office.happens("POLICY_OPEN_CRITICAL", 15);
    assert_eq!(written(&mut office), [Vec::<u32>::new()]);
}

#[test]
fn a_node_is_named_with_its_tier() {
    let mut office = Office::with(policy(&["POLICY_OPEN_CRITICAL"]));
    let begins = office.event_of_node("POLICY_OPEN_CRITICAL");
    office.take(&begins);
    assert_eq!(office.told_after(1), ["Critical: slow on vm-1 of catalog · shop"]);
    let ends = office.event_of_node("POLICY_CLOSE_CRITICAL");
    office.take(&ends);
    assert_eq!(office.told_after(1), ["Recovered: slow on vm-1 of catalog · shop"]);
}
