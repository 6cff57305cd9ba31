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
            bt: EntityId(minute % 3),
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
        assert!(found.insert((key, minute), figure.clone()).is_none(), "each row comes once");
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
    fn what_is_wanted_comes_back_and_nothing_else(calls in calls(), application in 1u32..4, subject in prop::option::of(0u32..40), peer in prop::option::of(0u32..40), bt in prop::option::of(0u32..3), scopes in prop::sample::subsequence(vec![Scope::Tier, Scope::Node, Scope::Edge], 0..3), first in 0u32..90, length in 0u32..60) {
        let written = figures(&calls);
        let segment = reopened(&encode_figures(&written).expect("it encodes"));
        let wanted = Wanted {
            application: EntityId(application),
            scopes: &scopes,
            subject: subject.map(EntityId),
            peer: peer.map(|peer| EntityId(u32::MAX - peer)),
            bt: bt.map(EntityId),
            first: Minute(u32::MAX / 2 + first),
            end: Minute(u32::MAX / 2 + first + length),
            ..Wanted::ALL
        };
        let expected: Figures = written.into_iter().filter(|((key, minute), _)| {
            key.application.0 == application
                && (scopes.is_empty() || scopes.contains(&key.scope))
                && subject.is_none_or(|subject| key.subject.0 == subject)
                && peer.is_none_or(|peer| key.subject.0 == peer)
                && bt.is_none_or(|bt| key.bt.0 == bt)
                && wanted.first <= *minute && *minute < wanted.end
        }).collect();
        prop_assert_eq!(read(&segment, &wanted), expected);
    }
}

#[test]
fn only_pages_of_what_is_wanted_are_read() {
    let mut written = Figures::new();
    for number in 0..2 * ROW_GROUP as u32 {
        let key = FigureKey {
            scope: Scope::Tier,
            application: EntityId(1),
            subject: EntityId(number / 100),
            peer: EntityId(number),
            bt: EntityId::NONE,
        };
        written
            .insert((key, Minute(number)), Figure { calls: 1.0, spans: 1.0, ..Figure::default() });
    }
    let segment = reopened(&encode_figures(&written).expect("it encodes"));
    let check = |wanted: Wanted<'_>, rows: usize, rows_read: usize| {
        let pages =
            |group| pages_of(&segment, group, &wanted.alternatives(), &wanted).0.row_count();
        assert_eq!(pages(0) + pages(1), rows_read, "{wanted:?}");
        assert_eq!(read(&segment, &wanted).len(), rows, "{wanted:?}");
    };
    check(Wanted { end: Minute(ROW_GROUP as u32), ..Wanted::ALL }, ROW_GROUP, ROW_GROUP);
    check(Wanted { subject: Some(EntityId(3)), ..Wanted::ALL }, 100, PAGE_ROWS);
    check(Wanted { peer: Some(EntityId(3)), ..Wanted::ALL }, 1, PAGE_ROWS);
    check(Wanted { scopes: &[Scope::Edge], ..Wanted::ALL }, 0, 0);
}
