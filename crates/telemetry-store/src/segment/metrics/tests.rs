use proptest::prelude::*;

use super::*;
use crate::fixture::reopened;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn all_points_come_back(rows in prop::collection::vec((0u32..3, 0u32..3, ".{0,12}", ".{0,3}", 0u32..60, prop::array::uniform9(-1e12f64..1e12)), 1..200), rolled_up in any::<bool>()) {
        let mut written = Points::new();
        for (tier, node, path, unit, minute, [count, sum, squares, min, max, last, minutes, minutes_sum, minutes_squares]) in rows {
            let key = SeriesKey {
                application: EntityId(1),
                tier: EntityId(tier),
                node: EntityId(node),
                name: SeriesName::new(&path, &unit),
            };
            written.insert((key, Minute(minute)), Point {
                count,
                sum,
                squares,
                min,
                max,
                last,
                last_at_ms: last as i64,
                minutes: if rolled_up { minutes } else { 0.0 },
                minutes_sum: if rolled_up { minutes_sum } else { 0.0 },
                minutes_squares: if rolled_up { minutes_squares } else { 0.0 },
            });
        }
        let segment = reopened(&encode_points(&mut rows_in(&written)).expect("it encodes"));
        let mut found = Points::new();
        each_point(&segment, &Wanted::ALL, |key, minute, point| {
            found.insert((key, minute), point);
        })
        .expect("it reads");
        prop_assert_eq!(found, written);
    }
}

#[test]
fn a_row_group_of_other_tiers_is_not_read() {
    let key = |tier| SeriesKey {
        application: EntityId(1),
        tier: EntityId(tier),
        node: EntityId(3),
        name: SeriesName::new("JVM|Threads", ""),
    };
    let tiers: Vec<SeriesKey> = (1..=3).map(key).collect();
    let point = Point::of(1.0, 5);
    let rows = |tier: usize| (0..ROW_GROUP as u32).map(move |at| (tier, Minute(at)));
    let mut written: Vec<PointRow<'_>> =
        (0..3).flat_map(rows).map(|(tier, at)| (&tiers[tier], at, &point)).collect();
    let segment = reopened(&encode_points(&mut written).expect("it encodes"));
    let wanted = Wanted { tier: Some(EntityId(2)), ..Wanted::ALL };
    let mut count = 0;
    each_point(&segment, &wanted, |key, _, _| {
        count += 1;
        assert_eq!(key.tier, EntityId(2));
    })
    .expect("it reads");
    assert_eq!(count, ROW_GROUP);
}
