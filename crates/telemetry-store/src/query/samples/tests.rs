use model::{attributes::Value, distribution::Distribution, id::EntityId, time::Minute};

use crate::{
    attribute::encode,
    fixture::{ACCOUNT, AFTER_MS, Fixture, HOUR, HOUR_MS, series_row},
    head::Rows,
    reader::{QueryError, Reader, SampleQuery, SeriesFilter, SeriesQuery, SeriesSamples},
};

const START_MS: i64 = HOUR.0 as i64 * 60_000;

fn sample_query(series: &[u64]) -> SampleQuery {
    SampleQuery {
        account: ACCOUNT,
        series: series.to_vec(),
        from_ms: 0,
        to_ms: i64::MAX,
        max_samples: 100_000,
    }
}

fn series_query(limit: usize) -> SeriesQuery {
    SeriesQuery {
        account: ACCOUNT,
        application: Some(EntityId(1)),
        tier: None,
        node: None,
        name: None,
        only: SeriesFilter::default(),
        from_ns: HOUR.start_ns(),
        to_ns: Minute(HOUR.0 + 60).start_ns(),
        after: None,
        limit,
    }
}

fn samples(fixture: &Fixture, query: &SampleQuery) -> Vec<SeriesSamples> {
    fixture.store.samples(query).expect("it reads").value
}

/// The samples of a cut: each series has a number or a distribution every ten seconds.
fn fill(rows: &mut Rows, cut: i64) {
    for series in 1..=20u64 {
        let at_ms = START_MS + cut * 10_000 + series as i64;
        if series % 5 == 0 {
            let value = Distribution { count: cut as u64, ..Distribution::default() };
            rows.samples.distribution(series << 60 | series, at_ms, value);
        } else {
            rows.samples.number(series << 60 | series, at_ms, cut as f64 / 4.0);
        }
    }
}

#[test]
fn samples_are_the_same_in_the_head_in_segments_and_after_every_merge() {
    let mut fixture = Fixture::new();
    let ids: Vec<u64> = (1..=20u64).map(|series| series << 60 | series).collect();
    for cut in 0..700 {
        fixture.fill(|rows| fill(rows, cut));
        if cut % 20 == 19 {
            fixture.cut();
        }
    }
    let all = samples(&fixture, &sample_query(&ids));
    assert_eq!(all.len(), 20);
    assert!(all.iter().all(|series| series.numbers.len() + series.distributions.len() == 700));
    assert!(all.iter().all(|series| series.numbers.is_sorted_by_key(|(at_ms, _)| at_ms)));
    fixture.cut();
    assert_eq!(samples(&fixture, &sample_query(&ids)), all);
    fixture.upkeep(AFTER_MS + HOUR_MS);
    // The first hour is one segment now, the second one too.
    assert_eq!(fixture.files().len(), 2, "{:?}", fixture.files());
    assert_eq!(samples(&fixture, &sample_query(&ids)), all);

    let some = SampleQuery {
        from_ms: START_MS + 100_000,
        to_ms: START_MS + 200_000,
        ..sample_query(&[ids[2], ids[19], 77])
    };
    let some = samples(&fixture, &some);
    assert_eq!(some.iter().map(|series| series.series).collect::<Vec<_>>(), [ids[2], ids[19]]);
    assert_eq!(some[0].numbers.len(), 10);
    assert_eq!(some[0].numbers[0], (START_MS + 100_003, 2.5));
    assert_eq!(some[1].distributions.len(), 10);
}

#[test]
fn a_sample_that_was_sent_twice_stands_once_and_of_two_values_the_last_is_last() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| rows.samples.number(1, START_MS, 5.0));
    fixture.write(|rows| rows.samples.number(1, START_MS, 5.0));
    fixture.write(|rows| rows.samples.number(1, START_MS, 6.0));
    let expected = [(START_MS, 5.0), (START_MS, 6.0)];
    assert_eq!(samples(&fixture, &sample_query(&[1]))[0].numbers, expected);
    fixture.upkeep(AFTER_MS);
    assert_eq!(fixture.files().len(), 1);
    assert_eq!(samples(&fixture, &sample_query(&[1]))[0].numbers, expected);
}

#[test]
fn more_samples_than_were_asked_for_are_an_error() {
    let fixture = Fixture::new();
    (0..11).for_each(|at| fixture.fill(|rows| rows.samples.number(1, START_MS + at, 5.0)));
    let few = SampleQuery { max_samples: 10, ..sample_query(&[1]) };
    assert!(matches!(fixture.store.samples(&few), Err(QueryError::TooLarge(10))));
}

#[test]
fn series_are_paged_by_name_and_id_each_once_whatever_was_merged() {
    let mut fixture = Fixture::new();
    for cut in 0..20u64 {
        fixture.write(|rows| {
            rows.series(series_row("a.gauge", 7));
            rows.series(series_row("b.gauge", cut));
        });
    }
    let mut of_a_queue = series_row("c.gauge", 1);
    encode(&mut of_a_queue.attributes, "queue", Value::Int(3));
    fixture.fill(|rows| rows.series(of_a_queue.clone()));
    let pages = |fixture: &Fixture| {
        let mut found = Vec::new();
        let mut query = series_query(4);
        loop {
            let page = fixture.store.series(&query).expect("it reads").value;
            assert!(page.rows.len() <= 4);
            found.extend(page.rows.into_iter().map(|series| (series.name, series.id)));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return found,
            }
        }
    };
    let of_b = (0..20).map(|id| ("b.gauge".to_owned(), id));
    let expected: Vec<(String, u64)> = [("a.gauge".to_owned(), 7)]
        .into_iter()
        .chain(of_b)
        .chain([("c.gauge".to_owned(), 1)])
        .collect();
    assert_eq!(pages(&fixture), expected);
    fixture.upkeep(AFTER_MS + 24 * HOUR_MS);
    assert_eq!(fixture.files().len(), 1);
    assert_eq!(pages(&fixture), expected);

    let named = SeriesQuery { name: Some("c.gauge".to_owned()), ..series_query(4) };
    assert_eq!(fixture.store.series(&named).expect("it reads").value.rows.len(), 1);
    let found = |only: SeriesFilter| {
        let query = SeriesQuery { only, ..series_query(30) };
        fixture.store.series(&query).expect("it reads").value.rows.len()
    };
    let text = |text: &str| SeriesFilter { text: text.to_owned(), ..SeriesFilter::default() };
    assert_eq!((found(text("B.GAU")), found(text("gauge")), found(text("none"))), (20, 22, 0));
    assert_eq!(found(SeriesFilter { ids: vec![1, 7], ..text("a.") }), 1);
    let with = |value: &str| SeriesFilter {
        attributes: vec![("queue".to_owned(), value.to_owned())],
        ..SeriesFilter::default()
    };
    assert_eq!((found(with("3")), found(with("none"))), (1, 0));
    let of_another_day = SeriesQuery { from_ns: 0, to_ns: HOUR.start_ns() / 2, ..series_query(4) };
    assert_eq!(fixture.store.series(&of_another_day).expect("it reads").value.rows.len(), 0);
    let of_another_tier = SeriesQuery { tier: Some(EntityId(77)), ..series_query(4) };
    assert_eq!(fixture.store.series(&of_another_tier).expect("it reads").value.rows.len(), 0);
}
