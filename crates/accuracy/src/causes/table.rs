//! Markdown tables of scores.

use std::{collections::BTreeMap, io::Write};

use analysis::cause::{Config, Verdict};

use super::{
    case::Case,
    score::{naive_ranks, our_ranks, ours, random_within, within},
};

/// The rows of one data set: ours, naive, random.
pub(crate) fn methods(
    title: &str,
    cases: &[&Case],
    most: &[usize],
    config: &Config,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    write!(out, "| {title}, {} incidents |", cases.len())?;
    most.iter().try_for_each(|most| write!(out, " top-{most} |"))?;
    writeln!(out, "\n|---|{}", "---|".repeat(most.len()))?;
    row("Vedette", &our_ranks(cases, config), most, out)?;
    row("naive: largest deviation", &naive_ranks(cases), most, out)?;
    write!(out, "| random |")?;
    most.iter().try_for_each(|most| write!(out, " {} |", random_within(cases, *most)))?;
    writeln!(out, "\n")?;
    Ok(())
}

fn row(name: &str, ranks: &[usize], most: &[usize], out: &mut impl Write) -> std::io::Result<()> {
    write!(out, "| {name} |")?;
    most.iter().try_for_each(|most| write!(out, " {} |", within(ranks, *most)))?;
    writeln!(out)
}

/// A row a kind of fault, with what the naive and the random method have first.
pub(crate) fn by_kind(
    cases: &[&Case],
    most: &[usize],
    config: &Config,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut kinds: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        kinds.entry(&case.kind).or_default().push(case);
    }
    write!(out, "| kind of fault | incidents |")?;
    most.iter().try_for_each(|most| write!(out, " top-{most} |"))?;
    writeln!(out, " naive top-1 | random top-1 |\n|---|---|---|---|{}", "---|".repeat(most.len()))?;
    for (kind, of_kind) in kinds {
        let ranks = our_ranks(&of_kind, config);
        write!(out, "| {kind} | {} |", of_kind.len())?;
        most.iter().try_for_each(|most| write!(out, " {} |", within(&ranks, *most)))?;
        let first_of_naive = within(&naive_ranks(&of_kind), 1).share;
        let first_of_random = random_within(&of_kind, 1).share;
        writeln!(out, " {first_of_naive:.2} | {first_of_random:.2} |")?;
    }
    writeln!(out)?;
    Ok(())
}

/// Each case with its first suspects, for whoever looks into a miss.
pub(crate) fn each(cases: &[&Case], config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    for case in cases {
        let (answer, list) = ours(case, config);
        let truth: Vec<&str> =
            case.truth.entities.iter().map(|entity| case.names[*entity].as_str()).collect();
        let verdict = match answer.verdict {
            Verdict::Cause => "cause",
            Verdict::Load => "load",
            Verdict::NoClearCause => "no clear cause",
        };
        writeln!(
            out,
            "{} ({}): truth {truth:?} at rank {}, {verdict}",
            case.name,
            case.kind,
            case.rank_of_truth(&list)
        )?;
        if let Some(path) = &case.truth.path {
            let names = path.iter().map(|entity| case.names[*entity].as_str());
            writeln!(out, "    its path {:?}", names.collect::<Vec<_>>())?;
        }
        let time = answer.time.map_or(String::new(), |time| {
            format!("{:.1} -> {:.1} ms {:.1} nats", time.expected, time.observed, time.evidence())
        });
        writeln!(out, "    slow {time}, errors {:?}, none {:.2}", answer.errors, answer.none)?;
        for suspect in answer.suspects.iter().take(5) {
            writeln!(
                out,
                "    {:.2} {:+.1} {}{} time {:.2} errors {:.2} path {:?}",
                suspect.confidence,
                suspect.log_odds,
                case.names[suspect.entity],
                if suspect.load { " (load)" } else { "" },
                suspect.share_of_time,
                suspect.share_of_errors,
                suspect.path.iter().map(|entity| case.names[*entity].as_str()).collect::<Vec<_>>(),
            )?;
            for clue in suspect.clues.iter().take(4) {
                writeln!(out, "         {:.1} {:?}", clue.nats, clue.what)?;
            }
        }
    }
    Ok(())
}
