//! Scores of the Numenta Anomaly Benchmark, from their published definition (Lavin & Ahmad 2015,
//! <https://arxiv.org/abs/1510.03336>): the earliest detection in each window earns the more the earlier it is, each detection
//! outside of one costs the more the further it lies behind the last, points of the first 15 % (at most 750) are not counted,
//! one threshold is chosen for the whole corpus and each profile, and the sum is put between a detector that says nothing (0)
//! and one that is right at once everywhere (100).

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;

use super::series::{Labelled, minute_of, rows};

/// What hits and errors are worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    false_alarm: f64,
    miss: f64,
}

pub(crate) const PROFILES: [Profile; 3] = [
    Profile { false_alarm: 0.11, miss: 1.0 },
    Profile { false_alarm: 0.22, miss: 1.0 },
    Profile { false_alarm: 0.11, miss: 2.0 },
];

/// The series and windows below a directory with NAB's `data` and `labels`.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Labelled>> {
    let labels = folder.join("labels/combined_windows.json");
    let text = std::fs::read_to_string(&labels)
        .with_context(|| format!("cannot read {}; unpack the data set there", labels.display()))?;
    let windows: BTreeMap<String, Vec<[String; 2]>> =
        serde_json::from_str(&text).context("windows are lists of two times")?;
    windows.into_iter().map(|(name, windows)| one(folder, name, &windows)).collect()
}

fn one(folder: &Path, name: String, windows: &[[String; 2]]) -> anyhow::Result<Labelled> {
    let (mut minutes, mut values) = (Vec::new(), Vec::new());
    for row in rows(&folder.join("data").join(&name))? {
        let [time, value] = row.as_slice() else { anyhow::bail!("{name}: a row of two cells") };
        minutes.push(minute_of(time)?);
        values.push(value.parse().with_context(|| format!("{name}: {value:?}"))?);
    }
    let place = |window: &[String; 2]| {
        let (from, to) = (minute_of(&window[0])?, minute_of(&window[1])?);
        let first = minutes.iter().position(|minute| *minute >= from);
        let last = minutes.iter().rposition(|minute| *minute <= to);
        first.zip(last).with_context(|| format!("{name}: a window outside of the series"))
    };
    let events = windows.iter().map(place).collect::<anyhow::Result<_>>()?;
    Ok(Labelled { name, minutes, values, events })
}

/// What one point is worth when it is detected.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Worth {
    /// In the window of this number, as a share of the most.
    Hit(usize, f64),
    /// Outside; −1 far behind a window.
    Alarm(f64),
}

/// A corpus with a method's scores, ready to be asked for any threshold.
#[derive(Debug)]
pub(crate) struct Swept {
    /// Of each series: its counted points by falling score.
    series: Vec<Vec<(f32, Worth)>>,
    /// Of each series: how many windows.
    windows: Vec<usize>,
}

/// A profile's score at a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    pub(crate) points: f64,
    pub(crate) threshold: f32,
}

impl Swept {
    pub(crate) fn new(corpus: &[Labelled], scores: &[Vec<f32>]) -> Swept {
        let sort = |(series, scores): (&Labelled, &Vec<f32>)| {
            let skipped = probation(series.values.len());
            let mut points: Vec<(f32, Worth)> =
                scores.iter().copied().zip(worths(series)).skip(skipped).collect();
            points.retain(|(score, _)| *score > 0.0);
            points.sort_by(|a, b| b.0.total_cmp(&a.0));
            points
        };
        Swept {
            series: corpus.iter().zip(scores).map(sort).collect(),
            windows: corpus.iter().map(|series| series.events.len()).collect(),
        }
    }

    /// The score of a resampled corpus, of which `chosen` names the series, at a threshold.
    pub(crate) fn at(&self, profile: Profile, threshold: f32, chosen: &[usize]) -> f64 {
        let mut sum = Sum::new(profile, chosen.iter().map(|place| self.windows[*place]).sum());
        let mut first = 0;
        for place in chosen {
            for (score, worth) in &self.series[*place] {
                if *score < threshold {
                    break;
                }
                sum.add(*worth, first);
            }
            first += self.windows[*place];
        }
        sum.normalised()
    }

    /// The best threshold for the whole corpus. Nothing said at all is a threshold too.
    pub(crate) fn optimise(&self, profile: Profile) -> Score {
        let mut points = Vec::new();
        let mut first = 0;
        for (series, windows) in self.series.iter().zip(&self.windows) {
            points.extend(series.iter().map(|(score, worth)| (*score, *worth, first)));
            first += windows;
        }
        points.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut sum = Sum::new(profile, first);
        let mut best = Score { points: sum.normalised(), threshold: f32::INFINITY };
        for (place, (score, worth, first)) in points.iter().enumerate() {
            sum.add(*worth, *first);
            let same = points.get(place + 1).is_some_and(|next| next.0 == *score);
            if !same && sum.normalised() > best.points {
                best = Score { points: sum.normalised(), threshold: *score };
            }
        }
        best
    }

    /// Of each series: windows, windows found, false alarms.
    pub(crate) fn counts(&self, threshold: f32) -> Vec<(usize, usize, usize)> {
        let count = |(points, windows): (&Vec<(f32, Worth)>, &usize)| {
            let mut found = vec![false; *windows];
            let mut alarms = 0;
            for (_, worth) in points.iter().filter(|(score, _)| *score >= threshold) {
                match worth {
                    Worth::Hit(window, _) => found[*window] = true,
                    Worth::Alarm(_) => alarms += 1,
                }
            }
            (*windows, found.iter().filter(|found| **found).count(), alarms)
        };
        self.series.iter().zip(&self.windows).map(count).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.series.len()
    }
}

/// A running sum of what detections are worth.
struct Sum {
    profile: Profile,
    /// The best of each window so far; what is missing costs a miss.
    windows: Vec<Option<f64>>,
    total: f64,
}

impl Sum {
    fn new(profile: Profile, windows: usize) -> Sum {
        let total = -profile.miss * windows as f64;
        Sum { profile, windows: vec![None; windows], total }
    }

    fn add(&mut self, worth: Worth, first: usize) {
        match worth {
            Worth::Alarm(worth) => self.total += worth * self.profile.false_alarm,
            Worth::Hit(window, worth) => {
                let best = &mut self.windows[first + window];
                let before = best.unwrap_or(-self.profile.miss);
                if worth > before {
                    self.total += worth - before;
                    *best = Some(worth);
                }
            }
        }
    }

    fn normalised(&self) -> f64 {
        let windows = self.windows.len() as f64;
        let null = -self.profile.miss * windows;
        if windows == 0.0 { 0.0 } else { 100.0 * (self.total - null) / (windows - null) }
    }
}

/// How many first points are not counted.
fn probation(points: usize) -> usize {
    ((0.15 * points as f64) as usize).min(750)
}

/// The scaled sigmoid: 1 far before 0, −1 far behind it.
fn sigmoid(position: f64) -> f64 {
    if position > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * position).exp()) - 1.0 }
}

fn worths(series: &Labelled) -> Vec<Worth> {
    let mut window = 0;
    let worth = |place: usize| {
        while series.events.get(window).is_some_and(|event| place > event.1) {
            window += 1;
        }
        if let Some((first, last)) = series.events.get(window)
            && place >= *first
        {
            let position = -((last - place + 1) as f64) / (last - first + 1) as f64;
            return Worth::Hit(window, sigmoid(position) / sigmoid(-1.0));
        }
        let Some((first, last)) = window.checked_sub(1).map(|before| series.events[before]) else {
            return Worth::Alarm(-1.0);
        };
        Worth::Alarm(sigmoid((place - last) as f64 / (last - first).max(1) as f64))
    };
    (0..series.values.len()).map(worth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: usize, events: &[(usize, usize)]) -> Labelled {
        Labelled {
            name: "made".to_owned(),
            minutes: (0..points as u32).map(|place| place * 5).collect(),
            values: vec![1.0; points],
            events: events.to_vec(),
        }
    }

    fn swept(points: usize, events: &[(usize, usize)], detected: &[usize]) -> Swept {
        let mut scores = vec![0.0; points];
        for place in detected {
            scores[*place] = 1.0;
        }
        Swept::new(&[series(points, events)], &[scores])
    }

    const TWO: [(usize, usize); 2] = [(300, 399), (700, 799)];

    #[test]
    fn nothing_said_scores_0_and_the_first_point_of_each_window_100() {
        for profile in PROFILES {
            assert_eq!(swept(1000, &TWO, &[]).optimise(profile).points, 0.0);
            let perfect = swept(1000, &TWO, &[300, 700]).at(profile, 0.5, &[0]);
            assert!((perfect - 100.0).abs() < 1e-9, "{profile:?} {perfect}");
        }
    }

    #[test]
    fn windows_are_scored_as_by_hand() {
        let score = |detected: &[usize]| swept(1000, &TWO, detected).at(PROFILES[0], 0.5, &[0]);
        // The middle of the first window, relative position −0.5: 0.84828 of 0.98661; the second missed.
        let middle = 0.848_283_6 / 0.986_614_3;
        assert!((score(&[350]) - 100.0 * (middle + 1.0) / 4.0).abs() < 1e-4);
        // Only the earliest in a window counts.
        assert_eq!(score(&[350, 360, 399]), score(&[350]));
        // Before any window a false alarm costs all of its weight; so it does three widths behind one.
        assert!((score(&[250]) - 100.0 * -0.11 / 4.0).abs() < 1e-9);
        assert!((score(&[698]) - 100.0 * -0.11 / 4.0).abs() < 1e-3);
        // Just behind one next to nothing: a hundredth of a width, sigmoid(1 ÷ 99).
        let behind = 0.11 * (2.0 / (1.0 + (5.0_f64 / 99.0).exp()) - 1.0);
        assert!((score(&[400]) - 100.0 * behind / 4.0).abs() < 1e-9);
    }

    #[test]
    fn the_first_points_are_not_counted() {
        assert_eq!((probation(1000), probation(4033), probation(20_000)), (150, 604, 750));
        assert_eq!(swept(1000, &TWO, &[10, 149]).at(PROFILES[0], 0.5, &[0]), 0.0);
        assert!(swept(1000, &TWO, &[150]).at(PROFILES[0], 0.5, &[0]) < 0.0);
    }

    #[test]
    fn one_threshold_serves_the_whole_corpus() {
        let corpus = [series(1000, &[(300, 399)]), series(1000, &[(300, 399)])];
        let mut scores = [vec![0.0; 1000], vec![0.0; 1000]];
        scores[0][300] = 0.9;
        scores[0][200] = 0.5;
        scores[1][300] = 0.4;
        let best = Swept::new(&corpus, &scores).optimise(PROFILES[0]);
        assert_eq!(best.threshold, 0.4, "the second window is worth one false alarm");
        assert!((best.points - 100.0 * (4.0 - 0.11) / 4.0).abs() < 1e-9);
        let strict = Profile { false_alarm: 5.0, miss: 1.0 };
        assert_eq!(Swept::new(&corpus, &scores).optimise(strict).threshold, 0.9);
    }
}
