use std::{cell::RefCell, collections::BTreeMap};

use model::{
    distribution::{Buckets, Distribution},
    figure::{Figure, FigureKey},
    id::{AccountId, EntityId, TraceId},
    time::Minute,
};
use telemetry_store::reader::{
    Answer, AttributeQuery, AttributeSample, FigureHours, FigureQuery, FigureRow, Instrument,
    LogPage, LogQuery, LogSummary, LogSummaryQuery, MetricHour, MetricHours, MetricQuery,
    MetricSeries, OwnedValue, QueryError, Reader, SampleQuery, SampledMetric, SampledQuery, Series,
    SeriesPage, SeriesQuery, SeriesSamples, Span, SpanPage, SpanQuery, TracePage, TraceQuery,
};

use super::Stored;
use crate::{Error, Limits, exposed::Places, number, query, source::Source, value::ABSENT};

/// Series and their samples.
#[derive(Debug, Default)]
struct Rows(Vec<(Series, SeriesSamples)>);

impl Reader for Rows {
    fn sampled_metrics(&self, _: &SampledQuery) -> Result<Answer<Vec<SampledMetric>>, QueryError> {
        let metrics = self.0.iter().map(|(series, _)| SampledMetric {
            name: series.name.clone(),
            unit: series.unit.clone(),
            scope: series.scope.clone(),
            instrument: series.instrument,
            is_delta: series.is_delta,
        });
        Ok(Answer { value: metrics.collect(), partial: vec!["a segment is lost".to_owned()] })
    }

    fn each_series(
        &self,
        query: &SampledQuery,
        each: &mut dyn FnMut(Series) -> Result<(), QueryError>,
    ) -> Result<Answer<()>, QueryError> {
        let names = query.names.as_ref().expect("it knows what it asks for");
        assert!(names.is_sorted());
        let wanted = self.0.iter().filter(|(series, _)| names.contains(&series.name));
        wanted.cloned().try_for_each(|(series, _)| each(series)).map(|()| Answer::default())
    }

    fn samples(&self, query: &SampleQuery) -> Result<Answer<Vec<SeriesSamples>>, QueryError> {
        let wanted = |(series, _): &&(Series, SeriesSamples)| query.series.contains(&series.id);
        let mut value: Vec<SeriesSamples> =
            self.0.iter().filter(wanted).map(|(_, samples)| samples.clone()).collect();
        let inside = |at_ms: i64| (query.from_ms..query.to_ms).contains(&at_ms);
        value.iter_mut().for_each(|one| one.numbers.retain(|(at_ms, _)| inside(*at_ms)));
        let count: usize =
            value.iter().map(|one| one.numbers.len() + one.distributions.len()).sum();
        if count > query.max_samples {
            return Err(QueryError::TooLarge(query.max_samples));
        }
        Ok(Answer { value, partial: Vec::new() })
    }

    fn figures(&self, _: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        unreachable!("nobody asks")
    }

    fn figure_hours(
        &self,
        _: &FigureHours,
        _: &mut dyn FnMut(FigureKey, Minute, &Figure),
    ) -> Result<Answer<()>, QueryError> {
        unreachable!("nobody asks")
    }

    fn metric_hours(
        &self,
        _: &MetricHours,
        _: &mut dyn FnMut(MetricHour<'_>),
    ) -> Result<Answer<()>, QueryError> {
        unreachable!("nobody asks")
    }

    fn trace(&self, _: AccountId, _: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        unreachable!("nobody asks")
    }

    fn spans(&self, _: &SpanQuery) -> Result<Answer<SpanPage>, QueryError> {
        unreachable!("nobody asks")
    }

    fn traces(&self, _: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        unreachable!("nobody asks")
    }

    fn attributes(&self, _: &AttributeQuery) -> Result<Answer<AttributeSample>, QueryError> {
        unreachable!("nobody asks")
    }

    fn log_summary(&self, _: &LogSummaryQuery) -> Result<Answer<LogSummary>, QueryError> {
        unreachable!("nobody asks")
    }

    fn logs(&self, _: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        unreachable!("nobody asks")
    }

    fn metrics(&self, _: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        unreachable!("nobody asks")
    }

    fn series(&self, _: &SeriesQuery) -> Result<Answer<SeriesPage>, QueryError> {
        unreachable!("nobody asks")
    }

    fn newest_minute(&self) -> Option<Minute> {
        None
    }
}

struct Shop;

impl Places for Shop {
    fn job_and_instance(&self, _: EntityId, _: EntityId, node: EntityId) -> (String, String) {
        ("shop/web".to_owned(), format!("web-{}", node.0))
    }
}

impl Rows {
    fn add(
        &mut self,
        name: &str,
        node: u32,
        change: impl FnOnce(&mut Series),
        numbers: &[(i64, f64)],
        distributions: &[(i64, Distribution)],
    ) {
        let id = self.0.len() as u64 + 1;
        let mut series = Series {
            id,
            application: EntityId(1),
            tier: EntityId(2),
            node: EntityId(node),
            instrument: Instrument::Gauge,
            is_delta: false,
            name: name.to_owned(),
            unit: String::new(),
            scope: String::new(),
            attributes: Vec::new(),
        };
        change(&mut series);
        let samples = SeriesSamples {
            series: id,
            numbers: numbers.to_vec(),
            distributions: distributions.to_vec(),
        };
        self.0.push((series, samples));
    }

    /// What a selector finds, one series a line.
    fn check(&self, selector: &str, expected: &str) {
        let limits = Limits::default();
        let stored = Stored::new(self, AccountId::FIRST, &Shop, &limits);
        let matchers = query::selector(selector).expect("it is one");
        let found = stored.select(&matchers, 0, 100).expect("there is little");
        let lines: BTreeMap<String, String> = found
            .iter()
            .map(|one| {
                let sample = |(at, value): &(i64, f64)| format!("{}@{at}", number::text(*value));
                let samples: Vec<String> = one.samples.iter().map(sample).collect();
                (one.labels.to_string(), samples.join(" "))
            })
            .collect();
        let lines: Vec<String> =
            lines.into_iter().map(|(labels, samples)| format!("{labels} {samples}")).collect();
        assert_eq!(lines.join("\n"), expected, "{selector}");
    }
}

fn attribute(key: &str, value: &str) -> (String, OwnedValue) {
    (key.to_owned(), OwnedValue::Str(value.to_owned()))
}

#[test]
fn a_selector_finds_series_by_the_names_and_labels_that_they_show() {
    let mut rows = Rows::default();
    let of_queue = |name: &'static str| {
        move |series: &mut Series| series.attributes = vec![attribute("queue.name", name)]
    };
    rows.add("queue.depth", 1, of_queue("a"), &[(10, 1.0), (20, 2.0)], &[]);
    rows.add("queue.depth", 2, of_queue("b"), &[(10, 3.0)], &[]);
    rows.add("other", 1, |_| {}, &[(10, 9.0)], &[]);
    let one = r#"queue_depth{instance="web-1", job="shop/web", queue_name="a"} 1@10 2@20"#;
    let two = r#"queue_depth{instance="web-2", job="shop/web", queue_name="b"} 3@10"#;
    rows.check("queue_depth", &format!("{one}\n{two}"));
    rows.check(r#"queue_depth{queue_name="a"}"#, one);
    rows.check(r#"{__name__=~"queue.*", instance!="web-1", nothing=""}"#, two);
    rows.check(r#"queue_depth{nothing!=""}"#, "");
    rows.check(r#"{__name__="queue.depth"}"#, "");
}

#[test]
fn what_is_shown_as_the_same_series_is_one_by_time() {
    let mut rows = Rows::default();
    let scraped = |series: &mut Series| model::remote_write::SCOPE.clone_into(&mut series.scope);
    rows.add("up", 1, scraped, &[(10, 1.0), (30, 3.0), (40, ABSENT)], &[]);
    // The same target before it was known as a counter, on a node that was renamed.
    rows.add("up", 2, scraped, &[(20, 2.0), (30, 4.0), (40, 5.0)], &[]);
    rows.check("up", "up 1@10 2@20 4@30 5@40");
}

#[test]
fn increases_are_added_up() {
    let mut rows = Rows::default();
    let delta = |series: &mut Series| {
        series.is_delta = true;
        series.instrument = Instrument::Counter;
    };
    rows.add("orders", 1, delta, &[(10, 1.0), (20, 2.0), (30, 3.0)], &[]);
    let expected = r#"orders_total{instance="web-1", job="shop/web"} 1@10 3@20 6@30"#;
    rows.check("orders_total", expected);
}

#[test]
fn a_histogram_is_buckets_a_sum_and_a_count_until_it_ends() {
    let mut rows = Rows::default();
    let of = |counts: [u64; 2]| Distribution {
        count: counts.iter().sum(),
        sum: Some(2.5),
        buckets: Buckets::Explicit { bounds: vec![0.5], counts: counts.to_vec() },
        ..Distribution::default()
    };
    let histogram = |series: &mut Series| {
        series.instrument = Instrument::Histogram;
        "s".clone_into(&mut series.unit);
    };
    rows.add("wait", 1, histogram, &[(30, ABSENT)], &[(10, of([1, 0])), (20, of([1, 2]))]);
    let labels = |le: &str| format!(r#"{{instance="web-1", job="shop/web"{le}}}"#);
    rows.check("wait_seconds_count", &format!("wait_seconds_count{} 1@10 3@20 NaN@30", labels("")));
    rows.check("wait_seconds_sum", &format!("wait_seconds_sum{} 2.5@10 2.5@20 NaN@30", labels("")));
    let bucket = |le: &str, samples: &str| {
        format!("wait_seconds_bucket{} {samples}", labels(&format!(", le={le:?}")))
    };
    let half = bucket("0.5", "1@10 1@20 NaN@30");
    let all = bucket("+Inf", "1@10 3@20 NaN@30");
    rows.check("wait_seconds_bucket", &format!("{all}\n{half}"));
    rows.check(r#"wait_seconds_bucket{le="0.5"}"#, &half);
    rows.check("wait_seconds", "");
}

#[test]
fn a_query_that_is_over_a_limit_is_told_what_to_do() {
    let mut rows = Rows::default();
    (0..5).for_each(|node| rows.add("up", node, |_| {}, &[(10, 1.0), (20, 2.0)], &[]));
    let refusal = |limits: &Limits| {
        let stored = Stored::new(&rows, AccountId::FIRST, &Shop, limits);
        query::instant(&stored, limits, "up", 50).expect_err("it is too much").to_string()
    };
    let told = refusal(&Limits { series: 4, ..Limits::default() });
    assert!(told.contains("the 4 that one query may; select fewer by more matchers"), "{told}");
    let told = refusal(&Limits { samples: 9, ..Limits::default() });
    assert!(told.contains("the 9 that one query may; ask for a shorter range"), "{told}");
    let told = refusal(&Limits { points: 4, ..Limits::default() });
    assert!(told.contains("the 4 that one query may; ask for a shorter range, a wider"), "{told}");
}

#[test]
fn what_the_store_lacks_is_remembered() {
    let (rows, limits) = (Rows::default(), Limits::default());
    let stored = Stored::new(&rows, AccountId::FIRST, &Shop, &limits);
    stored.names(0, 100).expect("there are none");
    assert_eq!(stored.partial(), ["a segment is lost"]);
    let names = RefCell::new(Vec::new());
    let each = stored.each_series(None, 0, 100, |labels, _| {
        names.borrow_mut().push(labels);
        Err(Error::Stopped)
    });
    assert!(each.is_ok() && names.borrow().is_empty());
}
