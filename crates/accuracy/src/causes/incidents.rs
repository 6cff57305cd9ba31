//! The incidents of `loadgen incidents`: simulated systems with one broken thing each, in the files of docs/incidents.md.
//!
//! What is known at the minute of the answer, of the last two hours, becomes the situation: figures of the transaction that
//! suffered most, everybody's resources, logs and events. The onset given is the minute in which the transaction first
//! suffered; the answer is asked for a few minutes later. The truth is read after the answers' input is made.

mod stream;

use std::{io::Write, path::Path};

use analysis::cause::Config;
use anyhow::Context;

use super::{
    Incidents,
    case::Case,
    score::{Share, our_ranks, ours, within},
    table,
};
use crate::simulated;

pub(crate) fn report(
    asked: &Incidents,
    config: &Config,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let set = &asked.set;
    let all = load(&set.data)?;
    let cases: Vec<&Case> = all.iter().collect();
    if set.verbose {
        table::each(&cases, config, out)?;
    }
    writeln!(out, "{}\n", made(&set.data)?)?;
    table::methods("simulator", &cases, &[1, 3], config, out)?;
    paths(&cases, config, out)?;
    table::by_kind(&cases, &[1, 3], config, out)?;
    let reached = within(&our_ranks(&cases, config), 3).share;
    match asked.least_top_3 {
        Some(least) if reached < least => {
            anyhow::bail!("{reached:.2} of the causes are among the first three, not {least:.2}")
        }
        _ => Ok(()),
    }
}

/// Which systems these are.
fn made(data: &Path) -> anyhow::Result<String> {
    let truths = simulated::folders(data)?
        .iter()
        .map(|folder| simulated::truth(folder))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let seeds = truths.iter().map(|truth| truth.seed);
    let (least, most) = (seeds.clone().min().unwrap_or_default(), seeds.max().unwrap_or_default());
    let hours = truths.iter().map(|truth| truth.minutes).max().unwrap_or_default() as f64 / 60.0;
    let count = truths.len();
    Ok(format!("{count} systems of seeds {least} to {most}, {hours:.0} hours of each at most."))
}

/// How often the first suspect is right and its path is the true one, entity by entity.
fn paths(cases: &[&Case], config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let with_path: Vec<&&Case> = cases.iter().filter(|case| case.truth.path.is_some()).collect();
    let exact = with_path
        .iter()
        .filter(|case| {
            let (answer, list) = ours(case, config);
            case.rank_of_truth(&list) == 1
                && answer.suspects.first().is_some_and(|first| {
                    case.truth.path.as_ref().is_some_and(|path| same_way(case, &first.path, path))
                })
        })
        .count();
    let right = our_ranks(&with_path.iter().map(|case| **case).collect::<Vec<_>>(), config)
        .iter()
        .filter(|rank| **rank == 1)
        .count();
    writeln!(
        out,
        "Path exact: {} of all, {} of those with the right first suspect.\n",
        Share::of(exact as f64, with_path.len()),
        Share::of(exact as f64, right)
    )?;
    Ok(())
}

/// The same services in the same order; a node stands for its tier, and the host or node at the start may be left out.
fn same_way(case: &Case, ours: &[usize], truth: &[usize]) -> bool {
    let services = |path: &[usize]| {
        let mut way: Vec<usize> = path
            .iter()
            .map(|entity| case.situation.entities[*entity].tier.unwrap_or(*entity))
            .filter(|entity| {
                matches!(
                    case.situation.entities[*entity].kind,
                    analysis::cause::Kind::Tier | analysis::cause::Kind::Backend
                )
            })
            .collect();
        way.dedup();
        way
    };
    services(ours) == services(truth)
}

/// Every incident under `data`: folders with a stream and a truth.
pub(crate) fn load(data: &Path) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for folder in simulated::folders(data)? {
        cases.extend(
            stream::cases(&folder).with_context(|| format!("incidents of {}", folder.display()))?,
        );
    }
    Ok(cases)
}
