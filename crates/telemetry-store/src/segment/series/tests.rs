use super::*;
use crate::fixture::reopened;

#[test]
fn series_come_back_by_application_name_and_id() {
    let row = |application, name: &str, id| SeriesRow {
        id,
        application: EntityId(application),
        tier: EntityId(2),
        node: EntityId(3),
        instrument: Instrument::Counter,
        is_delta: id % 2 == 0,
        name: name.to_owned(),
        unit: "By".to_owned(),
        scope: "an.instrumentation".to_owned(),
        attributes: vec![1, 2, 3],
        at_ns: 77,
        counts: (id != 9).then(|| Counts { name: SeriesName::new("a|path", "ms"), factor: 2.5 }),
    };
    let mut written = vec![row(2, "b", u64::MAX), row(1, "z", 5), row(2, "b", 1), row(2, "a", 9)];
    let segment = reopened(&encode_series(&mut written).expect("it encodes"));
    let mut found = Vec::new();
    each_series(&segment, None, |row| found.push(row)).expect("it reads");
    let expected = [row(1, "z", 5), row(2, "a", 9), row(2, "b", 1), row(2, "b", u64::MAX)];
    assert_eq!(found, expected);
    found.clear();
    each_series(&segment, Some(EntityId(7)), |row| found.push(row)).expect("it reads");
    assert_eq!(found, []);
}
