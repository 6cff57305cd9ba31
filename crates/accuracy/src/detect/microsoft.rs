//! Event F1 on Microsoft's cloud monitoring data set, without point adjustment.
//!
//! The data set says which points are anomalous and leaves open how detections are matched. Here an *event* is a run of labelled points,
//! an *alarm* a run of points that reach the threshold. An alarm is right when its first point lies in an event; an
//! event is found when such an alarm begins in it, and counts once however many do. Precision is events found ÷
//! (events found + alarms that begin outside), recall is events found ÷ events. A detector that is always on has one
//! alarm for each series, so that nothing is won by flagging everything.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::series::{Labelled, minute_of, rows};

/// The series below a directory with the data set's `data`, one folder for each domain.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Labelled>> {
    let data = folder.join("data");
    let list = |folder: &Path| -> anyhow::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder).with_context(|| {
            format!("cannot read {}; unpack the data set there", folder.display())
        })?;
        Ok(entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?)
    };
    let mut files = Vec::new();
    for domain in list(&data)?.iter().filter(|path| path.is_dir()) {
        files.extend(list(domain)?);
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    files.iter().map(|path| one(path)).collect()
}

fn one(path: &Path) -> anyhow::Result<Labelled> {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let (mut minutes, mut values, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows(path)? {
        let [time, value, label] = row.as_slice() else {
            anyhow::bail!("{}: a row of three cells", path.display())
        };
        minutes.push(minute_of(time)?);
        values.push(value.parse().unwrap_or(f32::NAN));
        labels.push(label.starts_with('1'));
    }
    Ok(Labelled { name: name.unwrap_or_default(), minutes, values, events: runs(&labels) })
}

/// First and last places of all runs.
fn runs(set: &[bool]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for place in set.iter().enumerate().filter(|(_, set)| **set).map(|(place, _)| place) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == place => *last = place,
            _ => runs.push((place, place)),
        }
    }
    runs
}

/// What a threshold comes to for a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) events: usize,
    pub(crate) found: usize,
    pub(crate) false_alarms: usize,
}

impl Counts {
    pub(crate) fn of(series: &Labelled, scores: &[f32], threshold: f32) -> Counts {
        let flagged: Vec<bool> = scores.iter().map(|score| *score >= threshold).collect();
        let mut found = vec![false; series.events.len()];
        let mut false_alarms = 0;
        for (begin, _) in runs(&flagged) {
            let event = series.events.partition_point(|event| event.1 < begin);
            match series.events.get(event) {
                Some((first, _)) if *first <= begin => found[event] = true,
                _ => false_alarms += 1,
            }
        }
        let found = found.iter().filter(|found| **found).count();
        Counts { events: series.events.len(), found, false_alarms }
    }

    pub(crate) fn and(self, other: Counts) -> Counts {
        Counts {
            events: self.events + other.events,
            found: self.found + other.found,
            false_alarms: self.false_alarms + other.false_alarms,
        }
    }

    pub(crate) fn f1(self) -> f64 {
        let all = self.found + self.false_alarms + self.events;
        if all == 0 { 0.0 } else { 2.0 * self.found as f64 / all as f64 }
    }
}

/// Thresholds that are tried, at most.
const TRIED: usize = 400;

/// The threshold with the best F1 of the whole corpus.
pub(crate) fn optimise(corpus: &[Labelled], scores: &[Vec<f32>]) -> f32 {
    let mut levels: Vec<f32> =
        scores.iter().flatten().copied().filter(|score| *score > 0.0).collect();
    levels.sort_by(f32::total_cmp);
    levels.dedup();
    // Fine where few points are left, coarse where many are.
    let count = levels.len() as f64;
    let tried = (0..TRIED).map(|step| count.powf(step as f64 / TRIED as f64) as usize);
    let tried = tried.filter_map(|rank| levels.len().checked_sub(rank)).map(|place| levels[place]);
    let f1 = |threshold: f32| {
        let all = corpus.iter().zip(scores);
        let counts = all.map(|(series, scores)| Counts::of(series, scores, threshold));
        counts.fold(Counts::default(), Counts::and).f1()
    };
    let best = tried.map(|threshold| (f1(threshold), threshold));
    best.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(f32::INFINITY, |(_, threshold)| threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(labels: &[u8]) -> Labelled {
        let labels: Vec<bool> = labels.iter().map(|label| *label == 1).collect();
        Labelled {
            name: "made".to_owned(),
            minutes: (0..labels.len() as u32).collect(),
            values: vec![0.0; labels.len()],
            events: runs(&labels),
        }
    }

    #[test]
    fn alarms_count_by_where_they_begin() {
        let series = series(&[0, 0, 1, 1, 1, 0, 0, 1, 1, 0]);
        let counts = |scores: [u8; 10]| {
            let scores = scores.map(f32::from);
            Counts::of(&series, &scores, 1.0)
        };
        let of = |events, found, false_alarms| Counts { events, found, false_alarms };
        assert_eq!(counts([0, 0, 0, 1, 0, 0, 0, 1, 1, 1]), of(2, 2, 0));
        assert_eq!(counts([0, 0, 1, 0, 1, 0, 0, 0, 0, 0]), of(2, 1, 0), "found once");
        assert_eq!(counts([0, 1, 1, 1, 1, 0, 0, 0, 0, 0]), of(2, 0, 1), "too early is wrong");
        assert_eq!(counts([1; 10]), of(2, 0, 1), "always on is one wrong alarm");
        assert_eq!(of(2, 1, 1).f1(), 0.5);
    }

    #[test]
    fn the_threshold_with_the_best_f1_is_found() {
        let corpus = [series(&[0, 0, 1, 1, 0, 0, 1, 0])];
        let scores = [vec![0.1, 0.5, 0.8, 0.2, 0.3, 0.1, 0.7, 0.1]];
        assert_eq!(optimise(&corpus, &scores), 0.7);
    }
}
