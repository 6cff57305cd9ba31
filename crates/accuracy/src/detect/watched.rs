//! Detection on simulated systems, minute by minute as in the product: how many episodes it opens of services of which nothing is the
//! matter, and how soon it opens one of the transaction that suffers.
//!
//! A service is a tier or a business transaction; its calls, their mean time and the share of them that fail are watched, and what
//! opens while another of the three is open is the same episode. Beside it stands what nearly everybody begins with: three
//! standard deviations from the mean of the day before, in two of three minutes, closed after five calm ones.

use std::{collections::VecDeque, io::Write};

use analysis::anomaly::{Change, Config, Kind, Moment, Reading, Sensitivity, Series};

use super::{Watched, table::interval};
use crate::simulated::{self, Incident, Line, Sums, World};

/// How long after a transaction began to suffer an episode is still in time, minutes.
const IN_TIME: u64 = 3;

pub(super) fn report(asked: &Watched, config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let set = &asked.set;
    let mut runs = Vec::new();
    for folder in simulated::folders(&set.data)? {
        runs.push(Run::of(&folder, config)?);
        if let (true, Some(run)) = (set.verbose, runs.last()) {
            run.tell(&folder.display().to_string(), out)?;
        }
    }
    if runs.iter().any(|run| run.incidents.is_empty()) {
        false_episodes(&runs, out)?;
    }
    if runs.iter().any(|run| !run.incidents.is_empty()) {
        found(&runs, out)?;
    }
    let quiet = runs.iter().filter(|run| run.incidents.is_empty()).flat_map(|run| &run.services);
    let (episodes, days) =
        quiet.fold((0, 0.0), |sum, of| (sum.0 + of.ours.opened.len(), sum.1 + of.days));
    let a_day = episodes as f64 / f64::max(days, 1e-9);
    match asked.most_false {
        Some(most) if a_day > most => {
            anyhow::bail!("{a_day:.3} false episodes a service-day, more than {most}")
        }
        _ => Ok(()),
    }
}

fn false_episodes(runs: &[Run], out: &mut impl Write) -> anyhow::Result<()> {
    let quiet: Vec<&Service> =
        runs.iter().filter(|run| run.incidents.is_empty()).flat_map(|run| &run.services).collect();
    writeln!(
        out,
        "| quiet days: {} services, {:.0} service-days after the warm-up | false episodes a service-day |",
        quiet.len(),
        quiet.iter().map(|of| of.days).sum::<f64>(),
    )?;
    writeln!(out, "|---|---|")?;
    let ways: [(&str, &dyn Fn(&Service) -> usize); 5] = [
        ("Vedette", &|of| of.ours.opened.len()),
        ("of these by calls", &|of| of.by_measure[0]),
        ("by errors", &|of| of.by_measure[1]),
        ("by response time", &|of| of.by_measure[2]),
        ("naive: three standard deviations of the day before", &|of| of.naive.opened.len()),
    ];
    for (name, count) in ways {
        let a_day = |chosen: &[usize]| {
            let (mut episodes, mut days) = (0, 0.0);
            for place in chosen {
                episodes += count(quiet[*place]);
                days += quiet[*place].days;
            }
            episodes as f64 / f64::max(days, 1e-9)
        };
        let all: Vec<usize> = (0..quiet.len()).collect();
        let (low, high) = interval(quiet.len(), a_day);
        writeln!(out, "| {name} | {:.3} ({low:.3} to {high:.3}) |", a_day(&all))?;
    }
    Ok(())
}

fn found(runs: &[Run], out: &mut impl Write) -> anyhow::Result<()> {
    let all: Vec<&Found> = runs.iter().flat_map(|run| &run.incidents).collect();
    let rows: [(&str, fn(&Found) -> Option<u64>); 2] = [
        ("Vedette", |found| found.ours),
        ("naive: three standard deviations of the day before", |found| found.naive),
    ];
    writeln!(
        out,
        "| simulated incidents: {} transactions that suffer most | opened within {IN_TIME} min | opened at all | minutes until then, median |",
        all.len()
    )?;
    writeln!(out, "|---|---|---|---|")?;
    for (name, delay) in rows {
        let mut delays: Vec<u64> = all.iter().filter_map(|found| delay(found)).collect();
        delays.sort_unstable();
        let share = |within: u64| {
            let count = |chosen: &[usize]| {
                let hits = chosen
                    .iter()
                    .filter(|place| delay(all[**place]).is_some_and(|late| late <= within));
                hits.count() as f64 / chosen.len().max(1) as f64
            };
            let every: Vec<usize> = (0..all.len()).collect();
            let (low, high) = interval(all.len(), count);
            format!("{:.2} ({low:.2} to {high:.2})", count(&every))
        };
        let median = delays.get(delays.len() / 2).map_or("-".to_owned(), u64::to_string);
        writeln!(out, "| {name} | {} | {} | {median} |", share(IN_TIME), share(u64::MAX))?;
    }
    Ok(())
}

/// What was opened in one run.
struct Run {
    services: Vec<Service>,
    incidents: Vec<Found>,
}

/// How many minutes after a transaction began to suffer an episode of it opened; none: in vain.
struct Found {
    ours: Option<u64>,
    naive: Option<u64>,
}

impl Run {
    fn of(folder: &std::path::Path, config: &Config) -> anyhow::Result<Self> {
        let truth = simulated::truth(folder)?;
        let (mut tiers, mut bts): (Vec<Service>, Vec<Service>) = Default::default();
        let mut from = 0;
        for line in simulated::lines(folder)? {
            match line? {
                Line::World(World { start_minute, warm_up_minutes }) => {
                    from = start_minute + warm_up_minutes;
                }
                Line::Entities(seen) => {
                    tiers.extend(seen.tiers.into_iter().map(|of| Service::new(of.name, config)));
                    bts.extend(seen.bts.into_iter().map(|of| Service::new(of.name, config)));
                }
                Line::Minute(minute) => {
                    let now = minute.minute;
                    for (services, rows) in [(&mut tiers, &minute.tiers), (&mut bts, &minute.bts)] {
                        let mut sums =
                            vec![Sums { calls: 0, errors: 0, sum_us: 0 }; services.len()];
                        rows.iter().for_each(|row| sums[row.id] = row.sums);
                        for (service, sums) in services.iter_mut().zip(sums) {
                            service.take(config, now, now >= from, sums);
                        }
                    }
                }
            }
        }
        let asked = truth.incidents.iter().filter(|incident| incident.class != "benign");
        let incidents = asked.filter_map(|incident| Found::of(incident, &bts)).collect();
        tiers.append(&mut bts);
        Ok(Self { services: tiers, incidents })
    }

    fn tell(&self, name: &str, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "{name}")?;
        for service in self.services.iter().filter(|service| !service.ours.opened.is_empty()) {
            writeln!(
                out,
                "    {}: {} in {:.1} days, by calls, errors, time {:?}, at {:?}",
                service.name,
                service.ours.opened.len(),
                service.days,
                service.by_measure,
                service.ours.opened
            )?;
        }
        for found in &self.incidents {
            writeln!(out, "    found after {:?}, naive {:?}", found.ours, found.naive)?;
        }
        Ok(())
    }
}

impl Found {
    fn of(incident: &Incident, bts: &[Service]) -> Option<Self> {
        let worst = incident.bts.first()?;
        let service = bts.get(worst.bt)?;
        let delay = |episodes: &Episodes| {
            // Before it is felt by the data set's measure it may be seen already.
            let felt = worst.first_minute;
            let lasts = felt.saturating_sub(IN_TIME)..incident.end_minute;
            let opened = episodes.opened.iter().find(|at| lasts.contains(at));
            opened.map(|at| at.saturating_sub(felt))
        };
        Some(Self { ours: delay(&service.ours), naive: delay(&service.naive) })
    }
}

/// Minutes after the warm-up in which episodes opened while none was open.
#[derive(Default)]
struct Episodes {
    open: usize,
    opened: Vec<u64>,
}

impl Episodes {
    fn open(&mut self, minute: u64, counts: bool) -> bool {
        let first = self.open == 0;
        self.open += 1;
        if first && counts {
            self.opened.push(minute);
        }
        first && counts
    }

    fn close(&mut self) {
        self.open = self.open.saturating_sub(1);
    }
}

/// A tier or a transaction under watch: its calls, the share of them that fail, their mean time.
struct Service {
    name: String,
    days: f64,
    series: [Series; 3],
    thresholds: [Threshold; 3],
    ours: Episodes,
    /// Of `ours`, by which of the three.
    by_measure: [usize; 3],
    naive: Episodes,
}

impl Service {
    fn new(name: String, config: &Config) -> Self {
        Self {
            name,
            days: 0.0,
            series: [Kind::Count, Kind::Share, Kind::Milliseconds]
                .map(|kind| Series::new(kind, config)),
            thresholds: Default::default(),
            ours: Episodes::default(),
            by_measure: [0; 3],
            naive: Episodes::default(),
        }
    }

    fn take(&mut self, config: &Config, minute: u64, counts: bool, sums: Sums) {
        self.days += if counts { 1.0 / 1440.0 } else { 0.0 };
        let calls = sums.calls as f64;
        let per_call = |sum: f64| {
            (sums.calls > 0).then(|| Reading::with_calls(sum / calls, sums.calls as f32))
        };
        let readings = [
            Some(Reading::of(calls)),
            per_call(sums.errors as f64),
            per_call(sums.sum_us as f64 / 1e3),
        ];
        // The simulated people live by UTC; 1970 began on a Thursday.
        let at = Moment {
            minute: minute as u32,
            hour_of_week: ((minute / 1440 + 3) % 7 * 24 + minute / 60 % 24) as u16,
        };
        for (place, reading) in readings.into_iter().enumerate() {
            let Some(reading) = reading else { continue };
            let series = &mut self.series[place];
            match series.observe(config, &Sensitivity::default(), at, reading).change {
                Some(Change::Opened { .. } | Change::Reopened { .. }) => {
                    let new = self.ours.open(minute, counts);
                    self.by_measure[place] += usize::from(new);
                }
                Some(Change::Closed | Change::Shifted) => self.ours.close(),
                _ => {}
            }
            // Fewer errors or less time is nothing bad.
            let rises_only = place > 0;
            match self.thresholds[place].take(reading.value, rises_only) {
                Some(true) => {
                    self.naive.open(minute, counts);
                }
                Some(false) => self.naive.close(),
                None => {}
            }
        }
    }
}

/// Three standard deviations from the mean of the day before.
#[derive(Default)]
struct Threshold {
    day: VecDeque<f64>,
    sum: f64,
    squares: f64,
    /// The last minutes, newest lowest: a bit for each beyond.
    recent: u8,
    open: bool,
}

impl Threshold {
    const HOUR: usize = 60;
    const DAY: usize = 1440;

    /// Whether it opens or closes.
    fn take(&mut self, value: f64, rises_only: bool) -> Option<bool> {
        let count = self.day.len() as f64;
        let mean = self.sum / count.max(1.0);
        let deviation = (self.squares / count.max(1.0) - mean * mean).max(0.0).sqrt();
        let off = if rises_only { value - mean } else { (value - mean).abs() };
        let beyond = self.day.len() >= Self::HOUR && off > 3.0 * deviation;
        self.recent = self.recent << 1 | u8::from(beyond);
        self.day.push_back(value);
        self.sum += value;
        self.squares += value * value;
        if self.day.len() > Self::DAY
            && let Some(oldest) = self.day.pop_front()
        {
            self.sum -= oldest;
            self.squares -= oldest * oldest;
        }
        if !self.open && beyond && (self.recent & 0b111).count_ones() >= 2 {
            self.open = true;
            return Some(true);
        }
        if self.open && self.recent & 0b1_1111 == 0 {
            self.open = false;
            return Some(false);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(calls: u64, ms: u64) -> Sums {
        Sums { calls, errors: 0, sum_us: calls * ms * 1000 }
    }

    #[test]
    fn what_opens_while_another_measure_is_open_is_the_same_episode() {
        let mut episodes = Episodes::default();
        assert!(episodes.open(5, true));
        assert!(!episodes.open(6, true));
        episodes.close();
        episodes.close();
        assert!(!episodes.open(9, false), "during the warm-up");
        episodes.close();
        assert!(episodes.open(12, true));
        assert_eq!(episodes.opened, [5, 12]);
    }

    #[test]
    fn a_service_that_becomes_slow_is_found_by_its_time() {
        let config = Config::default();
        let mut service = Service::new("made".to_owned(), &config);
        for minute in 0..3000 {
            service.take(&config, minute, true, sums(600 + minute % 7, 20 + minute % 3));
        }
        let before = service.ours.opened.len();
        for minute in 3000..3010 {
            service.take(&config, minute, true, sums(600 + minute % 7, 200));
        }
        assert_eq!(service.ours.opened.len(), before + 1, "{:?}", service.ours.opened);
        assert!(service.by_measure[2] >= 1);
        assert!(service.naive.opened.iter().any(|at| *at >= 3000));
        assert!((service.days - 3010.0 / 1440.0).abs() < 1e-9);
    }
}
