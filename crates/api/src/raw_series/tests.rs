use model::{distribution::Buckets, id::EntityId};

use super::*;

fn series(instrument: Instrument, is_delta: bool) -> Series {
    Series {
        id: 1,
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        instrument,
        is_delta,
        name: "m".to_owned(),
        unit: String::new(),
        scope: String::new(),
        attributes: Vec::new(),
    }
}

fn numbers(values: &[(i64, f64)]) -> SeriesSamples {
    SeriesSamples { numbers: values.to_vec(), ..SeriesSamples::default() }
}

fn rates(points: &[Point]) -> Vec<Option<f64>> {
    points.iter().map(|point| point.per_second).collect()
}

#[test]
fn a_total_is_shown_by_what_it_grew_by_a_second_across_a_restart() {
    let samples = numbers(&[(0, 100.0), (10_000, 150.0), (20_000, 30.0), (30_000, 30.0)]);
    let found = points(&series(Instrument::Counter, false), &samples, None);
    assert_eq!(rates(&found), [None, Some(5.0), Some(3.0), Some(0.0)]);
    let values: Vec<_> = found.iter().map(|point| point.value).collect();
    assert_eq!(values, [Some(100.0), Some(150.0), Some(30.0), Some(30.0)]);
    let steps = points(&series(Instrument::Counter, false), &samples, Some(20_000));
    assert_eq!(rates(&steps), [None, Some(1.5)]);
    assert_eq!((steps[1].at_ms, steps[1].samples, steps[1].value), (30_000, 2, Some(30.0)));
}

#[test]
fn what_was_added_adds_up_in_a_step() {
    let samples = numbers(&[(0, 4.0), (10_000, 20.0), (15_000, 10.0)]);
    let found = points(&series(Instrument::Counter, true), &samples, Some(10_000));
    assert_eq!(rates(&found), [None, Some(2.0)]);
    assert_eq!(found[1].value, Some(30.0));
}

#[test]
fn a_gauge_keeps_its_last_value_and_its_ends() {
    let samples = numbers(&[(0, 4.0), (1_000, 9.0), (2_000, f64::NAN), (3_000, 5.0)]);
    let found = points(&series(Instrument::Gauge, false), &samples, Some(60_000));
    assert_eq!((found.len(), found[0].value, found[0].ends), (1, Some(5.0), Some((4.0, 9.0))));
    assert_eq!(found[0].per_second, None);
    let lone = numbers(&[(0, f64::NAN)]);
    let found = points(&series(Instrument::Gauge, false), &lone, None);
    assert_eq!((found[0].value, found[0].ends), (None, None));
}

#[test]
fn a_histogram_shows_the_values_that_came_since_the_point_before() {
    let total = |at_ms: i64, low: u64, high: u64| {
        let buckets = Buckets::Explicit { bounds: vec![10.0, 20.0], counts: vec![low, high, 0] };
        (at_ms, Distribution { count: low + high, buckets, ..Distribution::default() })
    };
    let samples = SeriesSamples {
        distributions: vec![total(0, 1000, 0), total(10_000, 1000, 10), total(20_000, 1005, 15)],
        ..SeriesSamples::default()
    };
    let of = |is_delta, step| points(&series(Instrument::Histogram, is_delta), &samples, step);
    let cumulative = of(false, None);
    assert_eq!(rates(&cumulative), [None, Some(1.0), Some(1.0)]);
    let median = |point: &Point| point.distribution.as_ref().and_then(|of| of.quantile(0.5));
    let medians: Vec<_> = cumulative.iter().map(median).collect();
    assert_eq!(medians, [None, Some(15.0), Some(10.0)], "the thousand of before do not weigh");
    let stepped = of(false, Some(15_000));
    let counts: Vec<_> =
        stepped.iter().map(|point| point.distribution.as_ref().map(|it| it.count)).collect();
    assert_eq!(counts, [Some(10), Some(10)]);
    assert_eq!(of(true, Some(60_000))[0].distribution.as_ref().map(|it| it.count), Some(3030));
}

#[test]
fn steps_are_as_wide_as_the_range_needs() {
    let few = [numbers(&[(0, 1.0)])];
    assert_eq!((step_ms(&few, i64::MAX), step_ms(&[], 1)), (None, None));
    let many = [numbers(&vec![(0, 1.0); MAX_POINTS + 1])];
    let hour = 3_600_000;
    assert_eq!(step_ms(&many, hour), Some(10_000));
    assert_eq!(step_ms(&many, 24 * hour), Some(300_000));
    let years = 24 * hour * 8000;
    let step = step_ms(&many, years).unwrap();
    assert!(step % (24 * hour) == 0 && years / step <= MAX_POINTS as i64, "{step}");
}
