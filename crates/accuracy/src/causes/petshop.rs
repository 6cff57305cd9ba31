//! PetShop (Hardt et al., "The PetShop Dataset — Finding Causes of Performance Issues across Microservices", 2024), under
//! low traffic: five-minute figures of 41 services, 26 incidents with the service at fault.
//!
//! The history of every incident is the data set's normal period, then the incident's own points before it. Edges
//! are known to exist, not measured. Two rows: the onset given, as in the published benchmark; and both the onset and the
//! decision that anything is wrong taken from the ranking, with its silence on normal windows beside.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use analysis::cause::{Calls, Config, Entity, Figures, Kind, Signal, Situation, Verdict, rank};
use anyhow::Context;

use super::{
    case::{Case, Scored, Truth},
    score::{Share, within},
    table,
};
use crate::DataSet;

const STEP_S: u32 = 300;
/// So much of a point must lie in the incident for it to be its first.
const LEAST_PART_S: f64 = 60.0;
/// Points of an incident that are looked at, the first included.
const LOOKED_AT: usize = 2;
/// Points of a window in which an anomaly may be opened: as many as an incident's file holds.
const WINDOW: usize = 5;
/// Points of the normal period that are history for the first normal window.
const FIRST_HISTORY: usize = 144;

#[derive(Debug)]
pub(crate) struct PetShop {
    /// With the onset given.
    pub(crate) cases: Vec<Case>,
    /// The points of each case's file: onset and decision are to be found in them.
    windows: Vec<std::ops::Range<usize>>,
    /// The normal period alone.
    normal: Case,
}

pub(crate) fn report(set: &DataSet, config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let petshop = load(&set.data)?;
    let cases: Vec<&Case> = petshop.cases.iter().collect();
    if set.verbose {
        table::each(&cases, config, out)?;
    }
    table::methods("PetShop low traffic, onset given", &cases, &[1, 3], config, out)?;
    table::by_kind(&cases, &[1, 3], config, out)?;
    onset_ours(&petshop, config, set.verbose, out)
}

/// The decision and the onset ours: point by point, the first window end at which the ranking names a cause.
fn onset_ours(
    petshop: &PetShop,
    config: &Config,
    verbose: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut ranks = Vec::new();
    for (case, window) in petshop.cases.iter().zip(&petshop.windows) {
        let found = window.clone().find_map(|now| opened(case, window.start, now, config));
        let rank =
            found.as_ref().map_or(case.candidates.len(), |opened| case.rank_of_truth(&opened.list));
        if verbose {
            writeln!(
                out,
                "onset ours: {} ({}) rank {rank}, opened {}",
                case.name,
                case.kind,
                found.is_some()
            )?;
        }
        if let (true, Some(opened)) = (verbose, &found) {
            each_of(case, opened, config, out)?;
        }
        ranks.push(rank);
    }
    let last = petshop.normal.situation.entities[0].figures.calls.len();
    let starts: Vec<usize> = (FIRST_HISTORY..last.saturating_sub(WINDOW)).step_by(WINDOW).collect();
    let mut silent = 0;
    for &start in &starts {
        let alarm =
            (start..start + WINDOW).find_map(|now| opened(&petshop.normal, start, now, config));
        silent += usize::from(alarm.is_none());
        if let (true, Some(alarm)) = (verbose, alarm) {
            writeln!(out, "onset ours: false alarm in the window from {start}")?;
            each_of(&petshop.normal, &alarm, config, out)?;
        }
    }
    writeln!(
        out,
        "| PetShop low traffic, onset and decision ours | top-1 | top-3 | specificity, {} normal windows |",
        starts.len()
    )?;
    writeln!(out, "|---|---|---|---|")?;
    let specificity = Share::of(silent as f64, starts.len());
    writeln!(out, "| Vedette | {} | {} | {specificity} |", within(&ranks, 1), within(&ranks, 3))?;
    // A coin that opens as often as ours, then draws from a hat.
    let opens = 1.0 - specificity.share;
    let all = petshop.cases.len();
    let by_chance = |most: f64| {
        Share::of(opens * most * all as f64 / petshop.normal.candidates.len() as f64, all)
    };
    writeln!(
        out,
        "| random, as often | {} | {} | {specificity} |\n",
        by_chance(1.0),
        by_chance(3.0)
    )?;
    Ok(())
}

fn each_of(
    case: &Case,
    opened: &Opened,
    config: &Config,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut case = case.clone();
    let anomaly = &mut case.situation.anomaly;
    (anomaly.onset, anomaly.now, anomaly.what) = (opened.onset, opened.now, Some(opened.what));
    writeln!(out, "    opened with {:.1} nats", opened.strength)?;
    table::each(&[&case], config, out)
}

/// An anomaly opened by the ranking, and its suspects.
struct Opened {
    strength: f64,
    onset: usize,
    now: usize,
    what: Signal,
    list: Vec<Scored>,
}

/// The suspects at `now` when an onset since `from` makes the ranking name a cause; the onset with the clearest one.
fn opened(case: &Case, from: usize, now: usize, config: &Config) -> Option<Opened> {
    let mut situation = case.situation.clone();
    situation.anomaly.now = now;
    let mut best: Option<Opened> = None;
    for onset in from.max((now + 1).saturating_sub(LOOKED_AT + 1))..=now {
        for what in [Signal::Time, Signal::Errors] {
            (situation.anomaly.onset, situation.anomaly.what) = (onset, Some(what));
            let answer = rank(&situation, config);
            let opens = answer.verdict == Verdict::Cause && answer.strength >= config.opens_nats;
            if opens && best.as_ref().is_none_or(|best| answer.strength > best.strength) {
                let list = answer
                    .suspects
                    .iter()
                    .filter(|suspect| case.candidates.contains(&suspect.entity))
                    .map(|suspect| Scored {
                        entity: suspect.entity,
                        load: suspect.load,
                        score: suspect.log_odds,
                    })
                    .collect();
                best = Some(Opened { strength: answer.strength, onset, now, what, list });
            }
        }
    }
    best
}

pub(crate) fn load(data: &Path) -> anyhow::Result<PetShop> {
    let folder = ["", "petshop", "petshop/dataset/low_traffic", "dataset/low_traffic"]
        .iter()
        .map(|inner| data.join(inner))
        .find(|folder| folder.join("graph.csv").exists())
        .with_context(|| format!("no graph.csv under {}", data.display()))?;
    let graph = Graph::read(&folder.join("graph.csv"))?;
    let normal = Table::read(&folder.join("noissue/metrics.csv"))?;
    let mut petshop = PetShop {
        cases: Vec::new(),
        windows: Vec::new(),
        normal: Case {
            name: "normal".to_owned(),
            kind: String::new(),
            situation: graph.situation(&[&normal]),
            names: graph.names.clone(),
            candidates: (0..graph.names.len()).collect(),
            truth: Truth::default(),
        },
    };
    for part in ["train", "test"] {
        let mut folders: Vec<_> = fs::read_dir(folder.join(part))?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect();
        folders.sort();
        for incident in folders {
            let (case, window) = graph
                .case(&incident, &normal)
                .with_context(|| format!("incident {}", incident.display()))?;
            petshop.cases.push(case);
            petshop.windows.push(window);
        }
    }
    Ok(petshop)
}

struct Graph {
    names: Vec<String>,
    edges: Vec<(usize, usize)>,
}

impl Graph {
    /// A matrix: a caller a row, a callee a column.
    fn read(path: &Path) -> anyhow::Result<Self> {
        let rows = read_rows(path)?;
        let names: Vec<String> = rows.first().context("graph.csv is empty")?[1..].to_vec();
        let place = |name: &String| names.iter().position(|other| other == name);
        let mut edges = Vec::new();
        for row in &rows[1..] {
            let caller = place(&row[0]).context("a caller without a column")?;
            for (callee, cell) in row[1..].iter().enumerate() {
                if cell.parse::<f64>().is_ok_and(|value| value != 0.0) && callee != caller {
                    edges.push((caller, callee));
                }
            }
        }
        Ok(Self { names, edges })
    }

    fn case(
        &self,
        folder: &Path,
        normal: &Table,
    ) -> anyhow::Result<(Case, std::ops::Range<usize>)> {
        let target: Target =
            serde_json::from_str(&fs::read_to_string(folder.join("target.json"))?)?;
        let incident = Table::read(&folder.join("metrics.csv"))?;
        let place = |name: &String| {
            self.names
                .iter()
                .position(|other| other == name)
                .with_context(|| format!("{name} is not in the graph"))
        };
        let mut situation = self.situation(&[normal, &incident]);
        let before = normal.times.len();
        let points = incident.times.len();
        let within = incident
            .times
            .iter()
            .position(|time| time + f64::from(STEP_S) >= target.target.timestamp + LEAST_PART_S)
            .context("the incident begins after its file")?;
        situation.anomaly.entity = place(&target.target.node)?;
        situation.anomaly.onset = before + within;
        situation.anomaly.now = (before + within + LOOKED_AT - 1).min(before + points - 1);
        situation.anomaly.what =
            Some(if target.target.metric == "latency" { Signal::Time } else { Signal::Errors });
        let name = folder
            .components()
            .rev()
            .take(2)
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect::<Vec<_>>();
        let case = Case {
            name: format!("{}/{}", name[1], name[0]),
            kind: target.target.metric,
            situation,
            names: self.names.clone(),
            candidates: (0..self.names.len()).collect(),
            truth: Truth { entities: vec![place(&target.root_cause.node)?], ..Truth::default() },
        };
        Ok((case, before..before + points))
    }

    /// The tables one after the other; an hour's gap between them would change nothing, since only points are compared.
    fn situation(&self, tables: &[&Table]) -> Situation {
        let entities = self
            .names
            .iter()
            .map(|name| {
                let mut entity = Entity::new(Kind::Tier);
                entity.figures = figures(name, tables);
                entity
            })
            .collect();
        let calls = self
            .edges
            .iter()
            .map(|(caller, callee)| Calls { caller: *caller, callee: *callee, ..Calls::default() })
            .collect();
        let mut situation = Situation { step_s: STEP_S, entities, calls, ..Situation::default() };
        situation.anomaly.entity =
            self.names.iter().position(|name| name == "PetSite").unwrap_or_default();
        situation
    }
}

fn figures(name: &str, tables: &[&Table]) -> Figures {
    let mut figures = Figures::default();
    for table in tables {
        for at in 0..table.times.len() {
            let value = |metric: &str, statistic: &str| table.value(name, metric, statistic, at);
            let calls = value("requests", "Sum").unwrap_or(0.0);
            let available = value("availability", "Average").unwrap_or(100.0);
            let seconds = value("latency", "Average").unwrap_or(0.0);
            figures.calls.push(calls as f32);
            figures.errors.push((calls * (100.0 - available) / 100.0) as f32);
            figures.time_ms.push((calls * seconds * 1_000.0) as f32);
        }
    }
    figures
}

/// A file of metrics: columns are (service, metric, statistic), rows are times.
#[derive(Debug)]
struct Table {
    times: Vec<f64>,
    columns: BTreeMap<(String, String, String), Vec<Option<f64>>>,
}

impl Table {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let rows = read_rows(path)?;
        anyhow::ensure!(rows.len() > HEAD_ROWS, "{} has no rows", path.display());
        let body = &rows[HEAD_ROWS..];
        let times = body
            .iter()
            .map(|row| row[0].parse())
            .collect::<Result<_, _>>()
            .context("a time is not a number")?;
        let columns = (1..rows[0].len())
            .map(|column| {
                let name = |row: usize| rows[row][column].clone();
                let values = body.iter().map(|row| row[column].parse().ok()).collect();
                ((name(0), name(1), name(2)), values)
            })
            .collect();
        Ok(Self { times, columns })
    }

    fn value(&self, name: &str, metric: &str, statistic: &str, at: usize) -> Option<f64> {
        self.columns
            .get(&(name.to_owned(), metric.to_owned(), statistic.to_owned()))
            .and_then(|values: &Vec<Option<f64>>| values[at])
    }
}

/// Service, metric, statistic, and the name of the time's column.
const HEAD_ROWS: usize = 4;

fn read_rows(path: &Path) -> anyhow::Result<Vec<Vec<String>>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(path)
        .with_context(|| format!("reading {}", path.display()))?;
    let rows = reader
        .records()
        .map(|record| record.map(|record| record.iter().map(str::to_owned).collect()))
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

#[derive(serde::Deserialize)]
struct Target {
    target: Node,
    root_cause: Cause,
}

#[derive(serde::Deserialize)]
struct Node {
    node: String,
    metric: String,
    timestamp: f64,
}

#[derive(serde::Deserialize)]
struct Cause {
    node: String,
}
