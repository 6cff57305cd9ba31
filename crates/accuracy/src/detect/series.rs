//! Labelled series, and the methods that score their points.

use std::{fs, path::Path};

use analysis::anomaly::{Change, Config, Kind, Moment, Reading, Sensitivity, Series};
use anyhow::Context;
use jiff::civil::DateTime;

/// One labelled series, in the order of its file.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) name: String,
    /// Minutes since 1970 as the file tells the time.
    pub(crate) minutes: Vec<u32>,
    /// Not a number where the file has none.
    pub(crate) values: Vec<f32>,
    /// First and last places of what is labelled, in order.
    pub(crate) events: Vec<(usize, usize)>,
}

/// How the points of a series get their scores; higher is more anomalous, 0 is nothing at all.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Method<'c> {
    /// The product's detector.
    Vedette(&'c Config),
    /// 1 where the product opens an anomaly at its fixed threshold, else 0.
    VedetteOpens(&'c Config),
    /// The same, and 1 also where what closed opens again as the same episode: as often as an operator is told.
    VedetteTells(&'c Config),
    /// A uniform draw a point, the same draws for each series as published results have them.
    Random(u32),
    /// |difference| of neighbours.
    Difference,
    /// |value − median| ÷ median deviation, of the whole series: it looks ahead.
    RobustZ,
}

impl Method<'_> {
    pub(crate) fn scores(&self, series: &Labelled) -> Vec<f32> {
        match self {
            Method::Vedette(config) => verdicts(config, series).map(|(news, _)| news).collect(),
            Method::VedetteOpens(config) => {
                let opens = |change| matches!(change, Some(Change::Opened { .. }));
                verdicts(config, series).map(|(_, change)| one_if(opens(change))).collect()
            }
            Method::VedetteTells(config) => {
                let tells = |change| {
                    matches!(change, Some(Change::Opened { .. } | Change::Reopened { .. }))
                };
                verdicts(config, series).map(|(_, change)| one_if(tells(change))).collect()
            }
            Method::Random(seed) => {
                let mut draws = crate::draws::Draws::new(*seed);
                series.values.iter().map(|_| draws.unit() as f32).collect()
            }
            Method::Difference => differences(&series.values),
            Method::RobustZ => robust_z(&series.values),
        }
    }
}

fn one_if(condition: bool) -> f32 {
    f32::from(u8::from(condition))
}

/// The news of each point, and what it changes for an operator: one pass in the order of time.
fn verdicts<'s>(
    config: &'s Config,
    series: &'s Labelled,
) -> impl Iterator<Item = (f32, Option<Change>)> + 's {
    let mut state = Series::new(Kind::Gauge, config);
    series.minutes.iter().zip(&series.values).map(move |(minute, value)| {
        let reading = Reading::of(f64::from(*value));
        let verdict = state.observe(config, &Sensitivity::default(), moment(*minute), reading);
        (verdict.news, verdict.change)
    })
}

/// The data sets tell local time; its weekday and hour are what they say.
fn moment(minute: u32) -> Moment {
    let (day, hour) = (minute / 1440, minute / 60 % 24);
    // 1970 began on a Thursday.
    Moment { minute, hour_of_week: ((day + 3) % 7 * 24 + hour) as u16 }
}

fn differences(values: &[f32]) -> Vec<f32> {
    let mut before = f32::NAN;
    let mut scores = Vec::with_capacity(values.len());
    for value in values {
        let difference = (value - before).abs();
        scores.push(if difference.is_finite() { difference } else { 0.0 });
        before = *value;
    }
    scores
}

fn robust_z(values: &[f32]) -> Vec<f32> {
    let middle = median(values.iter().copied());
    let usual = median(values.iter().map(|value| (value - middle).abs())).max(1e-9);
    let score = |value: &f32| (value - middle).abs() / usual;
    values.iter().map(score).map(|z| if z.is_finite() { z } else { 0.0 }).collect()
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// `2014-04-01 00:05:00`, with quotes, a `T` or a `Z`, as minutes since 1970.
pub(crate) fn minute_of(text: &str) -> anyhow::Result<u32> {
    let text = text.trim().trim_matches('"').trim_end_matches('Z').replace(' ', "T");
    let time: DateTime = text.parse().with_context(|| format!("{text:?} is no time"))?;
    let since = time.to_zoned(jiff::tz::TimeZone::UTC).context("UTC has every time")?;
    u32::try_from(since.timestamp().as_second() / 60).context("a time before 1970")
}

/// The rows of a CSV file behind its header, cut at commas.
pub(crate) fn rows(path: &Path) -> anyhow::Result<Vec<Vec<String>>> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read {}; unpack the data set there", path.display()))?;
    let cell = |cell: &str| cell.trim().trim_matches('"').to_owned();
    Ok(text.lines().skip(1).map(|line| line.split(',').map(cell).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_both_data_sets_are_read_and_mondays_begin_weeks() {
        let minute = minute_of("2014-04-01 00:05:00").expect("NAB's form");
        assert_eq!(minute_of("\"2014-04-01T00:05:00Z\"").expect("Microsoft's form"), minute);
        assert_eq!(moment(minute).hour_of_week, 24, "a Tuesday");
    }

    #[test]
    fn naive_methods_score_nothing_where_there_is_no_value() {
        assert_eq!(differences(&[1.0, f32::NAN, 4.0, 2.0]), [0.0, 0.0, 0.0, 2.0]);
        assert_eq!(robust_z(&[1.0, 2.0, f32::NAN, 3.0, 9.0])[2], 0.0);
    }
}
