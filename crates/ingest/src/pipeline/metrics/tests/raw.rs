//! Raw samples and what is said of their series.

use telemetry_store::{
    attribute::owned_list,
    reader::OwnedValue,
    segment::{counted::Role, series::SeriesRow},
};

use super::*;

const DAY: u64 = 86_400;

impl Fixture {
    /// The samples of a metric's series, by second after [`T`].
    fn samples(&self, name: &str) -> Vec<Vec<(i64, f64)>> {
        let ids: std::collections::BTreeSet<u64> =
            self.rows.series.iter().filter(|row| row.name == name).map(|row| row.id).collect();
        let of = |id: &u64| {
            let own = self.rows.samples.numbers.iter().filter(|sample| sample.series == *id);
            let own = own.map(|sample| (sample.at_ms, sample.value));
            let mut counted = Vec::new();
            self.rows.counted.each_of(
                |series| series == *id,
                |sample| counted.extend((sample.role() != Role::Base).then_some(sample)),
            );
            let all = own.chain(counted.iter().map(|sample| (sample.at_ms(), sample.value)));
            let mut all: Vec<(i64, f64)> =
                all.map(|(at_ms, value)| (at_ms / 1000 - T as i64, value)).collect();
            all.sort_by_key(|(at, _)| *at);
            all
        };
        ids.iter().map(of).collect()
    }

    fn said(&self, name: &str) -> Vec<&SeriesRow> {
        self.rows.series.iter().filter(|row| row.name == name).collect()
    }
}

#[test]
fn a_point_is_kept_as_it_came_and_its_series_is_said_once_a_day() {
    let mut fixture = Fixture::new();
    let mut export = |at: u64, value: f64| {
        fixture.export(1, at, &[sum("jobs", "{job}", T, &[(&[], at, value)])]);
    };
    let midnight = (T / DAY + 1) * DAY;
    export(midnight - 120, 10.0);
    export(midnight - 60, 20.0);
    export(midnight, 30.0);
    // A late one of the day before, which was said already.
    export(midnight - 30, 25.0);
    export(midnight + 60, 40.0);
    let since = (midnight - T) as i64;
    let expected = [(-120, 10.0), (-60, 20.0), (-30, 25.0), (0, 30.0), (60, 40.0)];
    assert_eq!(fixture.samples("jobs"), [expected.map(|(at, value)| (at + since, value))]);
    let said = fixture.said("jobs");
    let days: Vec<u64> = said.iter().map(|row| row.at_ns / SECOND_NS / DAY).collect();
    assert_eq!(days, [midnight / DAY - 1, midnight / DAY]);
    assert_eq!(said[0].id, said[1].id);
    assert_eq!(said[0].unit, "{job}");
    assert_eq!(said[0].instrument, telemetry_store::reader::Instrument::Counter);
    assert!(!said[0].is_delta);
}

#[test]
fn a_series_is_of_a_node_whatever_process_it_is_and_in_whatever_order_its_attributes_come() {
    let mut fixture = Fixture::new();
    let made = |pairs: &[(&'static str, &'static str)], at| gauge("pool", "1", &[(pairs, at, 1.0)]);
    fixture.export(1, T, &[made(&[("a", "1"), ("b", "2")], T)]);
    fixture.export(2, T + 60, &[made(&[("b", "2"), ("a", "1")], T + 60)]);
    fixture.restart();
    fixture.export(3, T + 120, &[made(&[("a", "1"), ("b", "2")], T + 120)]);
    assert_eq!(fixture.samples("pool"), [[(0, 1.0), (60, 1.0), (120, 1.0)]]);
    let said = fixture.said("pool");
    assert!(said.iter().all(|row| row.attributes == said[0].attributes));
    // Other attributes, another temporality, another node: other series.
    fixture.export(1, T, &[made(&[("a", "1"), ("b", "3")], T)]);
    fixture.take(
        &otlp::encode(&[made(&[("a", "1"), ("b", "2")], T)]),
        &source(2, 1),
        T as i64 * 1000,
    );
    assert_eq!(fixture.samples("pool").len(), 3);
}

#[test]
fn secrets_in_attributes_of_a_series_are_masked() {
    let mut fixture = Fixture::new();
    let pairs: &[(&str, &str)] = &[("user.password", "hunter2"), ("region", "eu")];
    fixture.export(1, T, &[gauge("pool", "1", &[(pairs, T, 1.0)])]);
    let attributes = owned_list(&fixture.said("pool")[0].attributes);
    let text = |at: usize| match &attributes[at].1 {
        OwnedValue::Str(text) => text.as_str(),
        _ => panic!("no text"),
    };
    assert_eq!((attributes[0].0.as_str(), text(0)), ("region", "eu"));
    assert_eq!(attributes[1].0, "user.password");
    assert!(!text(1).contains("hunter2"));
}

#[test]
fn a_histogram_is_kept_with_its_buckets() {
    let mut fixture = Fixture::new();
    let made = histogram("size", "By", T, &[10.0, 20.0], &[(&[], T, &[1, 2, 3], 77.0)]);
    fixture.export(1, T, &[made]);
    let mut kept = Vec::new();
    fixture.rows.samples.distributions.each_of(|_| true, |sample| kept.push(sample));
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].value.count, kept[0].value.sum), (6, Some(77.0)));
    assert_eq!(kept[0].series, fixture.said("size")[0].id);
    assert!(kept[0].value.buckets.memory() > 0);
}
