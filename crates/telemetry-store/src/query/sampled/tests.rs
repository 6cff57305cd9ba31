use crate::{
    fixture::{ACCOUNT, AFTER_MS, Fixture, HOUR, HOUR_MS, series_row},
    reader::{QueryError, Reader, SampledQuery},
};

fn query(names: Option<&[&str]>) -> SampledQuery {
    SampledQuery {
        account: ACCOUNT,
        names: names.map(|names| names.iter().map(|&name| name.to_owned()).collect()),
        from_ns: HOUR.start_ns(),
        to_ns: HOUR.start_ns() + 1,
    }
}

fn metrics(fixture: &Fixture, query: &SampledQuery) -> Vec<String> {
    let found = fixture.store.sampled_metrics(query).expect("it reads").value;
    found.into_iter().map(|metric| metric.name).collect()
}

fn series(fixture: &Fixture, query: &SampledQuery) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut take = |series: crate::reader::Series| {
        found.push((series.name, series.id));
        Ok(())
    };
    fixture.store.each_series(query, &mut take).expect("it reads");
    found.sort();
    found
}

fn named(all: &[(&str, u64)]) -> Vec<(String, u64)> {
    all.iter().map(|&(name, id)| (name.to_owned(), id)).collect()
}

#[test]
fn metrics_and_series_are_there_once_in_the_head_in_segments_and_merged() {
    let mut fixture = Fixture::new();
    for cut in 0..20u64 {
        fixture.write(|rows| {
            rows.series(series_row("a", 7));
            rows.series(series_row("b", cut % 3));
        });
    }
    fixture.fill(|rows| rows.series(series_row("c", 9)));
    let check = |fixture: &Fixture| {
        assert_eq!(metrics(fixture, &query(None)), ["a", "b", "c"]);
        assert_eq!(metrics(fixture, &query(Some(&["a", "c", "d"]))), ["a", "c"]);
        let all = named(&[("a", 7), ("b", 0), ("b", 1), ("b", 2), ("c", 9)]);
        assert_eq!(series(fixture, &query(None)), all);
        assert_eq!(series(fixture, &query(Some(&["a", "c", "d"]))), named(&[("a", 7), ("c", 9)]));
        assert_eq!(series(fixture, &query(Some(&[]))), []);
        let of_another_day = SampledQuery { from_ns: 0, to_ns: HOUR.start_ns() / 2, ..query(None) };
        assert_eq!(metrics(fixture, &of_another_day), [""; 0]);
        assert_eq!(series(fixture, &of_another_day), []);
    };
    check(&fixture);
    fixture.upkeep(AFTER_MS + 24 * HOUR_MS);
    assert_eq!(fixture.files().len(), 1);
    check(&fixture);
}

#[test]
fn whoever_has_enough_ends_it() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| (0..9).for_each(|id| rows.series(series_row("a", id))));
    let mut count = 0;
    let mut take = |_| {
        count += 1;
        if count < 5 { Ok(()) } else { Err(QueryError::TooLarge(5)) }
    };
    let ended = fixture.store.each_series(&query(None), &mut take);
    assert!(matches!(ended, Err(QueryError::TooLarge(5))));
    assert_eq!(count, 5);
}
