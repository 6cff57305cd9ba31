//! Nezha (Yu et al., "Nezha: Interpretable Fine-Grained Root Causes Analysis for Microservices on Multi-Modal
//! Observability Data", FSE 2023): a day of Online Boutique without logs, and a day of Train Ticket with logs. Faults last three
//! minutes; the pod and the time of injection are given, the pod is to be found, its service counts.
//!
//! Points are minutes of the day. What came in the minute of an injection before it stays there, what came after it counts to the next,
//! which is the onset. The minutes of earlier incidents are no history, as while an anomaly is open in the product. Where
//! the data set has traces of a time without faults, they stand as one more minute before the day.

mod spans;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use analysis::cause::{
    Config, Entity, Kind, Resource, ResourceKind, Series, Severity, Situation, Template,
};
use anyhow::Context;

use super::{
    case::{Case, Truth},
    table,
};
use crate::DataSet;
use spans::{Bins, Traced};

/// Minutes of a fault.
const LASTS: usize = 3;
/// Minutes after an injection that are no history of later incidents: the fault's, and one more for what is late.
const SPOILT: usize = LASTS + 1;

#[derive(Debug)]
pub(crate) struct Days {
    pub(crate) boutique: Vec<Case>,
    pub(crate) tickets: Vec<Case>,
}

pub(crate) fn report(set: &DataSet, config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let days = load(&set.data)?;
    for (title, cases) in [
        ("Nezha, Online Boutique without logs", &days.boutique),
        ("Nezha, Train Ticket with logs", &days.tickets),
    ] {
        let cases: Vec<&Case> = cases.iter().collect();
        if set.verbose {
            table::each(&cases, config, out)?;
        }
        table::methods(title, &cases, &[1, 3, 5], config, out)?;
        table::by_kind(&cases, &[1, 3, 5], config, out)?;
    }
    Ok(())
}

pub(crate) fn load(data: &Path) -> anyhow::Result<Days> {
    let root = [data.to_path_buf(), data.join("nezha")]
        .into_iter()
        .find(|root| root.join("rca_data").exists())
        .with_context(|| format!("no rca_data under {}", data.display()))?;
    let day = |date: &str| {
        Day::read(&root, date)
            .and_then(|day| day.cases())
            .with_context(|| format!("the day {date}"))
    };
    Ok(Days { boutique: day("2022-08-22")?, tickets: day("2023-01-29")? })
}

struct Fault {
    bins: Injection,
    service: String,
    kind: String,
}

/// When a fault was put in, in seconds of the day.
#[derive(Debug, Clone, Copy)]
struct Injection {
    second: u32,
}

/// A day as one situation that goes on to its end, without an anomaly.
struct Day {
    situation: Situation,
    names: Vec<String>,
    faults: Vec<Fault>,
    bins: Bins,
}

impl Day {
    fn read(root: &Path, date: &str) -> anyhow::Result<Self> {
        let folder = root.join("rca_data").join(date);
        let calm = root.join("construct_data").join(date);
        let mut faults = faults(&folder.join(format!("{date}-fault_list.json")))?;
        faults.sort_by_key(|fault| fault.bins.second);
        let injections = faults.iter().map(|fault| fault.bins.second).collect();
        let metrics = files(&folder.join("metric"))?;
        let first = first_second(&metrics)?;
        let bins = Bins::of(first / 60, injections);
        let names: Vec<String> = metrics.iter().filter_map(|path| service_of_file(path)).collect();
        let mut day = Self {
            situation: Situation { step_s: 60, ..Situation::default() },
            names,
            faults,
            bins,
        };
        day.situation.entities = vec![Entity::new(Kind::Tier); day.names.len()];
        for path in &metrics {
            match service_of_file(path) {
                Some(service) => day.read_resources(&service, path)?,
                None if path.ends_with("source_50.csv") => {
                    day.read_ways(path, &path.with_file_name("destination_50.csv"))?
                }
                None => {}
            }
        }
        let mut traced = Traced::of(&day.bins, day.names.clone());
        for path in files(&calm.join("trace"))? {
            traced.read_calm(&path)?;
        }
        for path in files(&folder.join("trace"))? {
            traced.read(&path)?;
        }
        day.read_logs(&folder.join("log"), &calm.join("log"), &traced)?;
        traced.write_to(&mut day.situation);
        Ok(day)
    }

    fn entity(&self, service: &str) -> Option<usize> {
        self.names.iter().position(|name| name == service)
    }

    fn read_resources(&mut self, service: &str, path: &Path) -> anyhow::Result<()> {
        let entity = self.entity(service).context("a service without a name")?;
        for (column, kind, scale) in RESOURCES {
            let values = self.column(path, "Time", column)?;
            let values = values.into_iter().map(|value| value * scale).collect();
            self.situation.resources.push(Resource { entity, kind: *kind, values });
        }
        Ok(())
    }

    /// The way between two services: what the caller's proxy measured less what the callee's did, medians, ms.
    fn read_ways(&mut self, source: &Path, destination: &Path) -> anyhow::Result<()> {
        let mut reader = csv::Reader::from_path(source)?;
        let edges: Vec<String> =
            reader.headers()?.iter().filter(|name| name.contains('_')).map(str::to_owned).collect();
        for edge in edges {
            let Some(entity) = edge.split('_').nth(1).and_then(|callee| self.entity(callee)) else {
                continue;
            };
            let (near, far) =
                (self.column(source, "time", &edge)?, self.column(destination, "time", &edge)?);
            let values =
                near.iter().zip(&far).map(|(near, far)| (near - far).max(0.0) * 1_000.0).collect();
            self.situation.resources.push(Resource { entity, kind: ResourceKind::Network, values });
        }
        Ok(())
    }

    /// A column's mean in each bin.
    fn column(&self, path: &Path, time: &str, column: &str) -> anyhow::Result<Series> {
        let mut reader =
            csv::Reader::from_path(path).with_context(|| format!("reading {}", path.display()))?;
        let headers = reader.headers()?.clone();
        let place = |name: &str| headers.iter().position(|header| header == name);
        let Some(column) = place(column) else { return Ok(Series::new()) };
        let time = place(time).context("no column of times")?;
        let (mut sums, mut counts) =
            (vec![0.0_f32; self.bins.count()], vec![0.0_f32; self.bins.count()]);
        for record in reader.records() {
            let record = record?;
            let value: f32 =
                record.get(column).and_then(|cell| cell.parse().ok()).unwrap_or(f32::NAN);
            let Some(bin) = record
                .get(time)
                .and_then(second_of_day)
                .and_then(|second| self.bins.at(f64::from(second)))
            else {
                continue;
            };
            if value.is_finite() {
                sums[bin] += value;
                counts[bin] += 1.0;
            }
        }
        Ok(sums.iter().zip(&counts).map(|(sum, count)| sum / count).collect())
    }

    /// Log lines by where in the program they were written, within the operation whose span they name.
    fn read_logs(&mut self, folder: &Path, calm: &Path, traced: &Traced) -> anyhow::Result<()> {
        let mut templates: BTreeMap<(usize, Option<usize>, String), (Severity, Series)> =
            BTreeMap::new();
        for (path, is_calm) in files(calm)?
            .into_iter()
            .map(|path| (path, true))
            .chain(files(folder)?.into_iter().map(|path| (path, false)))
        {
            // Some lines hold quotes that break their own quoting.
            let mut reader = csv::ReaderBuilder::new()
                .flexible(true)
                .from_path(&path)
                .with_context(|| format!("reading {}", path.display()))?;
            for record in reader.records() {
                let record = record?;
                let cell = |place: usize| record.get(place).unwrap_or("");
                let Some(entity) = self.entity(&service_of_pod(cell(3))) else { continue };
                let bin = if is_calm {
                    Some(Bins::CALM)
                } else {
                    second_of_day(cell(0)).and_then(|second| self.bins.at(f64::from(second)))
                };
                let Some(bin) = bin else { continue };
                let (severity, source) = source_of(cell(7));
                let within = traced.operation_of_span(cell(6));
                let empty = || (severity, traced.covered_zeros());
                templates.entry((entity, within, source)).or_insert_with(empty).1[bin] += 1.0;
            }
        }
        self.situation.templates = templates
            .into_iter()
            .map(|((entity, within, _), (severity, counts))| Template {
                entity,
                within,
                severity,
                counts,
            })
            .collect();
        Ok(())
    }

    fn cases(&self) -> anyhow::Result<Vec<Case>> {
        let entrance = ["frontend", "ts-gateway-service"]
            .iter()
            .find_map(|name| self.entity(name))
            .context("no service where requests enter")?;
        (0..self.faults.len()).map(|fault| self.case(fault, entrance)).collect()
    }

    fn case(&self, index: usize, entrance: usize) -> anyhow::Result<Case> {
        let fault = &self.faults[index];
        let onset = self.bins.onset(fault.bins.second);
        let now = (onset + LASTS - 1).min(self.bins.count() - 1);
        let spoilt: Vec<std::ops::Range<usize>> = self.faults[..index]
            .iter()
            .map(|earlier| self.bins.onset(earlier.bins.second))
            .map(|start| start..(start + SPOILT).min(onset))
            .collect();
        let mut situation = self.situation.clone();
        spans::for_each_series(&mut situation, |series| {
            series.truncate(now + 1);
            for range in &spoilt {
                let end = range.end.min(series.len());
                series[range.start.min(end)..end].fill(f32::NAN);
            }
        });
        situation.anomaly = analysis::cause::Anomaly { entity: entrance, onset, now, what: None };
        let truth = self
            .entity(&fault.service)
            .with_context(|| format!("{} is no service", fault.service))?;
        Ok(Case {
            name: format!(
                "{:02}:{:02}:{:02}",
                fault.bins.second / 3_600,
                fault.bins.second / 60 % 60,
                fault.bins.second % 60
            ),
            kind: fault.kind.clone(),
            situation,
            names: self.names.clone(),
            candidates: (0..self.names.len()).collect(),
            truth: Truth { entities: vec![truth], ..Truth::default() },
        })
    }
}

/// Columns of a pod's file, and what brings them to ms.
const RESOURCES: &[(&str, ResourceKind, f32)] = &[
    ("CpuUsageRate(%)", ResourceKind::Cpu, 1.0),
    ("MemoryUsageRate(%)", ResourceKind::Memory, 1.0),
    ("SyscallRead", ResourceKind::Throughput, 1.0),
    ("SyscallWrite", ResourceKind::Throughput, 1.0),
    ("NetworkReceiveBytes", ResourceKind::Throughput, 1.0),
    ("NetworkTransmitBytes", ResourceKind::Throughput, 1.0),
    ("PodServerLatencyP95(s)", ResourceKind::ResponseTime, 1_000.0),
];

fn faults(path: &Path) -> anyhow::Result<Vec<Fault>> {
    #[derive(serde::Deserialize)]
    struct Row {
        inject_time: String,
        inject_pod: String,
        inject_type: String,
    }
    let hours: HashMap<String, Vec<Row>> = serde_json::from_str(
        &fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?,
    )?;
    hours
        .into_values()
        .flatten()
        .map(|row| {
            let second = second_of_day(&row.inject_time)
                .with_context(|| format!("{} is no time", row.inject_time))?;
            Ok(Fault {
                bins: Injection { second },
                service: service_of_pod(&row.inject_pod),
                kind: row.inject_type,
            })
        })
        .collect()
}

/// The files of a folder in order; none where there is no folder.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    Ok(files)
}

fn first_second(metrics: &[PathBuf]) -> anyhow::Result<u32> {
    let path = metrics
        .iter()
        .find(|path| service_of_file(path).is_some())
        .context("no metrics of pods")?;
    let mut reader = csv::Reader::from_path(path)?;
    let record = reader.records().next().context("a file of metrics without rows")??;
    record.get(0).and_then(second_of_day).context("the first row has no time")
}

/// `2022-08-22 03:51:19.6 …` or `2022-08-22T03:51:19.6Z`.
fn second_of_day(time: &str) -> Option<u32> {
    let clock = time.get(11..19)?;
    let mut parts = clock.split(':').map(|part| part.parse::<u32>().ok());
    Some(parts.next()?? * 3_600 + parts.next()?? * 60 + parts.next()??)
}

/// `ts-food-service-f5756978c-k8vqf_metric.csv` is of `ts-food-service`.
fn service_of_file(path: &Path) -> Option<String> {
    path.file_name()?.to_str()?.strip_suffix("_metric.csv").map(service_of_pod)
}

/// A pod's name without the ids of its replica set and of itself.
fn service_of_pod(pod: &str) -> String {
    pod.rsplitn(3, '-').nth(2).unwrap_or(pod).to_owned()
}

/// How bad a line is, and the place in the program that wrote it; without a place, its text without digits.
fn source_of(line: &str) -> (Severity, String) {
    let words: Vec<&str> = line.split_whitespace().take(4).collect();
    let found = words.windows(2).find_map(|pair| {
        let severity = match pair[0] {
            "ERROR" => Severity::Error,
            "WARN" => Severity::Warning,
            "INFO" | "DEBUG" => Severity::Info,
            _ => return None,
        };
        Some((severity, pair[1].to_owned()))
    });
    found.unwrap_or_else(|| {
        let text: String =
            line.chars().filter(|letter| !letter.is_ascii_digit()).take(60).collect();
        (Severity::Info, text)
    })
}
