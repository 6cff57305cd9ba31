//! How the scores move when a constant of the ranking is halved or doubled: a ranking that hangs on its constants would be fitted.

use std::io::Write;

use analysis::cause::Config;

use super::{
    case::Case,
    score::{our_ranks, within},
};

type Change = fn(&mut Config, f64);

const CONSTANTS: &[(&str, Change)] = &[
    ("guard_s", |config, by| config.guard_s = (f64::from(config.guard_s) * by) as u32),
    ("tail_power", |config, by| config.tail_power *= by),
    ("floor_ms", |config, by| config.floor_ms *= by),
    ("floor_share", |config, by| config.floor_share *= by),
    ("usual_bunch", |config, by| config.usual_bunch *= by),
    ("least_points", |config, by| {
        config.least_points = (config.least_points as f64 * by).round() as usize
    }),
    ("most_nats", |config, by| config.most_nats *= by),
    ("least_share", |config, by| config.least_share *= by),
    ("certain_nats", |config, by| config.certain_nats *= by),
    ("change_nats", |config, by| config.change_nats *= by),
    ("change_reach_s", |config, by| {
        config.change_reach_s = (f64::from(config.change_reach_s) * by) as u32
    }),
    ("surge", |config, by| config.surge = 1.0 + (config.surge - 1.0) * by),
];

pub(crate) fn report(
    sets: &[(&str, Vec<Case>)],
    config: &Config,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    write!(out, "| constant |")?;
    sets.iter().try_for_each(|(name, _)| write!(out, " {name} |"))?;
    writeln!(out, "\n|---|{}", "---|".repeat(sets.len()))?;
    write(out, "as shipped", sets, config)?;
    for (name, change) in CONSTANTS {
        for (factor, word) in [(0.5, "halved"), (2.0, "doubled")] {
            let mut varied = config.clone();
            change(&mut varied, factor);
            write(out, &format!("{name} {word}"), sets, &varied)?;
        }
    }
    writeln!(out)?;
    Ok(())
}

/// Top-1 / top-3 on each data set.
fn write(
    out: &mut impl Write,
    name: &str,
    sets: &[(&str, Vec<Case>)],
    config: &Config,
) -> std::io::Result<()> {
    write!(out, "| {name} |")?;
    for (_, cases) in sets {
        let cases: Vec<&Case> = cases.iter().collect();
        let ranks = our_ranks(&cases, config);
        write!(out, " {:.2} / {:.2} |", within(&ranks, 1).share, within(&ranks, 3).share)?;
    }
    writeln!(out)
}
