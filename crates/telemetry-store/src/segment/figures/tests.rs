use model::{figure::Call, span::Outcome};
use proptest::prelude::*;

use super::*;
use crate::fixture::reopened;

fn calls() -> impl Strategy<Value = Vec<(u8, u32, u32, u32, f64, bool)>> {
    let call = (1u8..=7, 0u32..4, 0u32..40, 0u32..90, 1.0f64..1e9, any::<bool>());
    prop::collection::vec(call, 1..300)
}

fn figures(calls: &[(u8, u32, u32, u32, f64, bool)]) -> Figures {
    let mut figures = Figures::new();
    for &(scope, application, subject, minute, micros, failed) in calls {
        let key = FigureKey {
            scope: Scope::from_number(scope).expect("seven scopes have numbers"),
            application: EntityId(application),
            subject: EntityId(subject),
            peer: EntityId(u32::MAX - subject),
            bt: EntityId::NONE,
        };
        let call = Call {
            micros: micros.round(),
            weight: if failed { 10.0 } else { 1.0 },
            failed,
            http_error: failed,
            outcome: if failed { Outcome::Stall } else { Outcome::Slow },
            long_lived: subject == 7,
            at_ms: i64::from(minute),
        };
        figures.entry((key, Minute(u32::MAX / 2 + minute))).or_default().add(&call);
    }
    figures
}

fn read(segment: &Opened, wanted: &Wanted) -> Figures {
    let mut found = Figures::new();
    each_figure(segment, wanted, |key, minute, figure| {
        assert!(found.insert((key, minute), figure).is_none(), "each row comes once");
    })
    .expect("it reads");
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn all_figures_come_back(calls in calls(), rolled_up in any::<bool>()) {
        let mut written = figures(&calls);
        for figure in written.values_mut().filter(|_| rolled_up) {
            figure.minutes = Some(Box::new(Minutes::of(figure)));
        }
        let segment = reopened(&encode_figures(&written).expect("it encodes"));
        prop_assert_eq!(read(&segment, &Wanted::ALL), written);
    }

    #[test]
    fn what_is_wanted_comes_back_and_nothing_else(calls in calls(), application in 1u32..4, subject in prop::option::of(0u32..40), first in 0u32..90, length in 0u32..60) {
        let written = figures(&calls);
        let segment = reopened(&encode_figures(&written).expect("it encodes"));
        let wanted = Wanted {
            application: EntityId(application),
            subject: subject.map(EntityId),
            first: Minute(u32::MAX / 2 + first),
            end: Minute(u32::MAX / 2 + first + length),
        };
        let expected: Figures = written.into_iter().filter(|((key, minute), _)| {
            key.application.0 == application
                && subject.is_none_or(|subject| key.subject.0 == subject)
                && wanted.first <= *minute && *minute < wanted.end
        }).collect();
        prop_assert_eq!(read(&segment, &wanted), expected);
    }
}

#[test]
fn a_row_group_outside_the_minutes_is_not_read() {
    let mut written = Figures::new();
    for number in 0..2 * ROW_GROUP as u32 {
        let key = FigureKey {
            scope: Scope::Tier,
            application: EntityId(1),
            subject: EntityId(number / ROW_GROUP as u32),
            peer: EntityId(number),
            bt: EntityId::NONE,
        };
        written
            .insert((key, Minute(number)), Figure { calls: 1.0, spans: 1.0, ..Figure::default() });
    }
    let segment = reopened(&encode_figures(&written).expect("it encodes"));
    let wanted = Wanted { end: Minute(ROW_GROUP as u32), ..Wanted::ALL };
    let mut batches = 0;
    segment
        .each_batch_of(
            |group| wanted.may_be_in(group),
            |_| {
                batches += 1;
                Some(())
            },
        )
        .expect("it reads");
    let mut all = 0;
    segment
        .each_batch_of(
            |_| true,
            |_| {
                all += 1;
                Some(())
            },
        )
        .expect("it reads");
    assert_eq!((batches * 2, read(&segment, &wanted).len()), (all, ROW_GROUP));
}
