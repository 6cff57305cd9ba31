//! The tables of docs/accuracy.md that are about detection.

use std::io::Write;

use analysis::anomaly::Config;

use super::{
    microsoft::{self, Counts},
    nab::{PROFILES, Profile, Swept},
    series::{Labelled, Method},
};
use crate::draws::Draws;

/// Resamples behind each interval.
const RESAMPLES: usize = 1000;
/// The seed whose row is the published one; every series begins with the same draws, as there.
const PUBLISHED_SEED: u32 = 42;
/// Seeds behind the mean random row.
const SEEDS: u32 = 20;

fn scores(corpus: &[Labelled], method: Method<'_>) -> Vec<Vec<f32>> {
    corpus.iter().map(|series| method.scores(series)).collect()
}

/// The central 95 % of what `of` says of resampled corpora of `count` series.
pub(super) fn interval(count: usize, of: impl Fn(&[usize]) -> f64) -> (f64, f64) {
    let mut draws = Draws::new(1);
    let mut chosen = vec![0; count];
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            chosen.fill_with(|| draws.below(count));
            of(&chosen)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    (values[RESAMPLES / 40], values[RESAMPLES - 1 - RESAMPLES / 40])
}

pub(crate) fn of_nab(
    corpus: &[Labelled],
    config: &Config,
    verbose: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    writeln!(out, "| NAB, {} series | standard | low FP | low FN |", corpus.len())?;
    writeln!(out, "|---|---|---|---|")?;
    let vedette = Swept::new(corpus, &scores(corpus, Method::Vedette(config)));
    nab_row(out, "Vedette, NAB's threshold optimiser", &vedette, best)?;
    let opens = Swept::new(corpus, &scores(corpus, Method::VedetteOpens(config)));
    nab_row(out, "Vedette, anomalies opened at its fixed threshold", &opens, |_, _| 0.5)?;
    let tells = Swept::new(corpus, &scores(corpus, Method::VedetteTells(config)));
    nab_row(out, "the same, with those that open again", &tells, |_, _| 0.5)?;
    let difference = Swept::new(corpus, &scores(corpus, Method::Difference));
    nab_row(out, "naive: size of the difference of neighbours", &difference, best)?;
    let robust_z = Swept::new(corpus, &scores(corpus, Method::RobustZ));
    nab_row(out, "naive: global robust z (looks ahead)", &robust_z, best)?;
    let random = Swept::new(corpus, &scores(corpus, Method::Random(PUBLISHED_SEED)));
    nab_row(out, "random, seed 42 (published: 16.8, 5.8, 26.0)", &random, best)?;
    let means = mean_random(corpus);
    writeln!(
        out,
        "| random, mean of {SEEDS} seeds | {:.1} | {:.1} | {:.1} |",
        means[0], means[1], means[2]
    )?;
    if verbose {
        writeln!(out, "\n| series | windows | found | false alarms |\n|---|---|---|---|")?;
        let threshold = vedette.optimise(PROFILES[0]).threshold;
        for (series, (windows, found, alarms)) in corpus.iter().zip(vedette.counts(threshold)) {
            writeln!(out, "| {} | {windows} | {found} | {alarms} |", series.name)?;
        }
    }
    Ok(())
}

fn best(swept: &Swept, profile: Profile) -> f32 {
    swept.optimise(profile).threshold
}

fn nab_row(
    out: &mut impl Write,
    name: &str,
    swept: &Swept,
    threshold: impl Fn(&Swept, Profile) -> f32,
) -> anyhow::Result<()> {
    write!(out, "| {name} |")?;
    let all: Vec<usize> = (0..swept.len()).collect();
    for profile in PROFILES {
        let threshold = threshold(swept, profile);
        let score = |chosen: &[usize]| swept.at(profile, threshold, chosen);
        let (low, high) = interval(swept.len(), score);
        write!(out, " {:.1} ({low:.1} to {high:.1}) |", score(&all))?;
    }
    writeln!(out)?;
    Ok(())
}

fn mean_random(corpus: &[Labelled]) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for seed in 0..SEEDS {
        let swept = Swept::new(corpus, &scores(corpus, Method::Random(seed)));
        for (sum, profile) in sums.iter_mut().zip(PROFILES) {
            *sum += swept.optimise(profile).points / f64::from(SEEDS);
        }
    }
    sums
}

pub(crate) fn of_microsoft(
    corpus: &[Labelled],
    config: &Config,
    verbose: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    writeln!(
        out,
        "| Microsoft cloud monitoring, {} series | event F1 | precision | recall |",
        corpus.len()
    )?;
    writeln!(out, "|---|---|---|---|")?;
    let methods = [
        ("Vedette, best threshold", Method::Vedette(config)),
        ("naive: size of the difference of neighbours, best threshold", Method::Difference),
        ("naive: global robust z (looks ahead), best threshold", Method::RobustZ),
        ("random, best threshold", Method::Random(PUBLISHED_SEED)),
    ];
    let opens = scores(corpus, Method::VedetteOpens(config));
    event_row(out, "Vedette, anomalies opened at its fixed threshold", corpus, &opens, 0.5)?;
    let tells = scores(corpus, Method::VedetteTells(config));
    event_row(out, "the same, with those that open again", corpus, &tells, 0.5)?;
    for (name, method) in methods {
        let scores = scores(corpus, method);
        let threshold = microsoft::optimise(corpus, &scores);
        event_row(out, name, corpus, &scores, threshold)?;
    }
    if verbose {
        writeln!(out, "\n| series | events | found | false alarms |\n|---|---|---|---|")?;
        for (series, scores) in corpus.iter().zip(&opens) {
            let Counts { events, found, false_alarms } = Counts::of(series, scores, 0.5);
            writeln!(out, "| {} | {events} | {found} | {false_alarms} |", series.name)?;
        }
    }
    Ok(())
}

fn event_row(
    out: &mut impl Write,
    name: &str,
    corpus: &[Labelled],
    scores: &[Vec<f32>],
    threshold: f32,
) -> anyhow::Result<()> {
    let counts: Vec<Counts> = corpus
        .iter()
        .zip(scores)
        .map(|(series, scores)| Counts::of(series, scores, threshold))
        .collect();
    let sum = |chosen: &[usize]| {
        chosen.iter().map(|place| counts[*place]).fold(Counts::default(), Counts::and)
    };
    let all: Vec<usize> = (0..corpus.len()).collect();
    let (low, high) = interval(corpus.len(), |chosen| sum(chosen).f1());
    let total = sum(&all);
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    writeln!(
        out,
        "| {name} | {:.3} ({low:.2} to {high:.2}) | {:.2} | {:.2} |",
        total.f1(),
        share(total.found, total.found + total.false_alarms),
        share(total.found, total.events),
    )?;
    Ok(())
}

/// A constant of detection by its name.
type Constant = (&'static str, fn(&mut Config) -> &mut f32);

const CONSTANTS: [Constant; 31] = [
    ("memory_minutes", |c| &mut c.memory_minutes),
    ("memory_points", |c| &mut c.memory_points),
    ("tail_memories", |c| &mut c.tail_memories),
    ("follow", |c| &mut c.follow),
    ("burst_points", |c| &mut c.burst_points),
    ("drift_points", |c| &mut c.drift_points),
    ("winsor", |c| &mut c.winsor),
    ("tail_index", |c| &mut c.tail_index),
    ("tail_prior", |c| &mut c.tail_prior),
    ("season_gain", |c| &mut c.season_gain),
    ("peak_floor", |c| &mut c.peak_floor),
    ("resolution_floor", |c| &mut c.resolution_floor),
    ("candidate", |c| &mut c.candidate),
    ("lasting", |c| &mut c.lasting),
    ("lasting_points", |c| &mut c.lasting_points),
    ("rest_minutes", |c| &mut c.rest_minutes),
    ("rest_points", |c| &mut c.rest_points),
    ("repeat", |c| &mut c.repeat),
    ("episode_days", |c| &mut c.episode_days),
    ("episode_prior_days", |c| &mut c.episode_prior_days),
    ("episode_prior", |c| &mut c.episode_prior),
    ("warning", |c| &mut c.warning),
    ("step_ease", |c| &mut c.step_ease),
    ("open_minutes", |c| &mut c.open_minutes),
    ("close_minutes", |c| &mut c.close_minutes),
    ("close_again", |c| &mut c.close_again),
    ("open_learning", |c| &mut c.open_learning),
    ("freeze_points", |c| &mut c.freeze_points),
    ("learning_points", |c| &mut c.learning_points),
    ("learning_minutes", |c| &mut c.learning_minutes),
    ("settling_minutes", |c| &mut c.settling_minutes),
];

pub(crate) fn of_constants(
    nab: &[Labelled],
    events: &[Labelled],
    config: &Config,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let score = |config: &Config| {
        let swept = Swept::new(nab, &scores(nab, Method::Vedette(config)));
        let found = scores(events, Method::VedetteOpens(config));
        let counts = events.iter().zip(&found);
        let counts = counts.map(|(series, scores)| Counts::of(series, scores, 0.5));
        (
            swept.optimise(PROFILES[0]).points,
            swept.optimise(PROFILES[1]).points,
            counts.fold(Counts::default(), Counts::and).f1(),
        )
    };
    let cells =
        |(standard, low_fp, f1): (f64, f64, f64)| format!("{standard:.1} / {low_fp:.1} / {f1:.3}");
    writeln!(out, "| constant | value | halved: NAB standard / low FP / event F1 | doubled |")?;
    writeln!(out, "|---|---|---|---|")?;
    let now = cells(score(config));
    writeln!(out, "| all as they are | | {now} | {now} |")?;
    for (name, constant) in CONSTANTS {
        let mut changed = *config;
        let value = *constant(&mut changed);
        *constant(&mut changed) = value / 2.0;
        let halved = cells(score(&changed));
        *constant(&mut changed) = (value * 2.0).min(most(name));
        let doubled = cells(score(&changed));
        writeln!(out, "| `{name}` | {value} | {halved} | {doubled} |")?;
    }
    Ok(())
}

/// Weights and shares end at 1.
fn most(name: &str) -> f32 {
    match name {
        "follow" | "season_gain" | "open_learning" => 1.0,
        _ => f32::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_the_mean_and_shrink_with_many_series() {
        let of = |chosen: &[usize]| {
            chosen.iter().map(|place| (place % 2) as f64).sum::<f64>() / chosen.len() as f64
        };
        let (few, many) = (interval(20, of), interval(2000, of));
        assert!(few.0 < 0.5 && 0.5 < few.1 && many.0 < 0.5 && 0.5 < many.1);
        assert!(many.1 - many.0 < (few.1 - few.0) / 5.0);
    }
}
