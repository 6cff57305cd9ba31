//! Rules over virtual minutes: what an application did is made up, everything else is real, the store is SQLite.

mod back_test;
mod crashes;
mod judging;
mod world;

use model::{rule::Level, time::Minute};

use super::{
    evaluate::Verdict,
    transition::{ChangeKind, Open, step},
};

#[test]
fn a_verdict_changes_what_is_open() {
    let open = |level| Some(Open { id: 1, level, since: Minute(100), told: Minute(100) });
    let check = |open: Option<Open>, verdict, at, expected: Option<(ChangeKind, Level)>| {
        let change = step(open.as_ref(), verdict, Minute(at), 30);
        assert_eq!(
            change.map(|change| (change.kind, change.level)),
            expected,
            "{open:?} {verdict:?} {at}"
        );
    };
    use ChangeKind::*;
    use Level::{Critical, Warning};
    let broken = Verdict::Broken;
    check(None, Verdict::Sound, 101, None);
    check(None, Verdict::Unknown, 101, None);
    check(None, broken(Warning), 101, Some((Opened, Warning)));
    check(open(Warning), broken(Warning), 129, None);
    check(open(Warning), broken(Warning), 130, Some((Continued, Warning)));
    check(open(Warning), broken(Critical), 101, Some((Upgraded, Critical)));
    check(open(Critical), broken(Warning), 101, Some((Downgraded, Warning)));
    check(open(Critical), Verdict::Sound, 101, Some((Closed, Critical)));
    check(open(Critical), Verdict::Unknown, 189, None);
    check(open(Critical), Verdict::Unknown, 190, Some((Canceled, Critical)));
}
