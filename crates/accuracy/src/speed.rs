//! How fast `analysis` is, on one core of whatever machine this runs on.

mod causes;
mod detection;

use std::{
    io::Write,
    time::{Duration, Instant},
};

use analysis::anomaly::{STATE_BYTES, Series};
use causes::Trouble;

#[derive(Debug, clap::Args)]
pub(crate) struct Speed {
    /// Series under watch.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    series: u32,
    /// Minutes of all series that are timed, in random order.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    minutes: u32,
    /// Entities of the situations whose causes are ranked.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(50..=10_000))]
    entities: u32,
    /// How often.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rankings: u32,
}

impl Speed {
    /// As docs/accuracy.md shows it.
    pub(crate) fn usual() -> Self {
        Self { series: 1_000_000, minutes: 10, entities: 1_000, rankings: 1_000 }
    }
}

pub(crate) fn report(speed: &Speed, out: &mut impl Write) -> anyhow::Result<()> {
    let detection = detection::measure(speed.series, speed.minutes);
    writeln!(out, "| {} series, one core | |", detection.series)?;
    writeln!(out, "|---|---|")?;
    writeln!(out, "| bytes a series (at most {STATE_BYTES}) | {} |", size_of::<Series>())?;
    writeln!(out, "| M readings a second in random order | {:.2} |", detection.together)?;
    writeln!(out, "| the same, one by one | {:.2} |", detection.alone)?;
    writeln!(out, "| a minute of all series, in order | {:.3} s |", detection.tick)?;
    let ranked =
        |trouble| causes::measure(trouble, speed.entities as usize, speed.rankings as usize);
    let causes = ranked(Trouble::Slow)?;
    writeln!(
        out,
        "| ranking causes among {} entities with {} resources, an hour of minutes: p50, p99 | {:.1} ms, {:.1} ms |",
        causes.entities, causes.resources, causes.half, causes.nearly_all,
    )?;
    let in_storm = ranked(Trouble::Storm)?;
    writeln!(
        out,
        "| the same where workers are used up, so that it is looked at in four ways | {:.1} ms, {:.1} ms |",
        in_storm.half, in_storm.nearly_all,
    )?;
    writeln!(out)?;
    Ok(())
}

/// How long `work` has this thread on a processor, so that what else the machine does counts for little; by the clock where the
/// system does not tell.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    #[allow(clippy::disallowed_methods, reason = "what is measured is time")]
    let (began, on_processor) = (Instant::now(), on_processor());
    let result = work();
    let took = match (on_processor, self::on_processor()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => began.elapsed(),
    };
    (took, result)
}

/// How long this thread was on a processor so far, by Linux's scheduler
/// (<https://docs.kernel.org/scheduler/sched-stats.html>).
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
