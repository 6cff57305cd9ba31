//! Simulated incidents as `loadgen incidents` writes them, in the format of docs/incidents.md: a stream of lines in order of time, and
//! the truth beside it.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Deserialize;

/// The folders below `data` with a stream and a truth, in the order of their numbers.
pub(crate) fn folders(data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders: Vec<_> = fs::read_dir(data)
        .with_context(|| format!("reading {}", data.display()))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.join("truth.json").exists())
        .collect();
    folders.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    anyhow::ensure!(
        !folders.is_empty(),
        "no simulated incidents below {}: write some with `loadgen incidents --out`",
        data.display()
    );
    Ok(folders)
}

pub(crate) fn truth(folder: &Path) -> anyhow::Result<TruthFile> {
    serde_json::from_str(&fs::read_to_string(folder.join("truth.json"))?).context("truth.json")
}

/// The lines of a folder's stream that tell of entities and minutes, in order.
pub(crate) fn lines(folder: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Line>>> {
    Ok(texts(folder)?.filter_map(|text| match text {
        Ok(text) => parse(&text).transpose(),
        Err(error) => Some(Err(error.into())),
    }))
}

fn texts(folder: &Path) -> anyhow::Result<Box<dyn Iterator<Item = std::io::Result<String>>>> {
    let plain = folder.join("minutes.jsonl");
    if plain.exists() {
        return Ok(Box::new(BufReader::new(File::open(plain)?).lines()));
    }
    let packed = File::open(folder.join("minutes.jsonl.zst"))
        .context("neither minutes.jsonl nor minutes.jsonl.zst")?;
    Ok(Box::new(BufReader::new(zstd::Decoder::new(packed)?).lines()))
}

/// Nothing for a line of another type, which is to be ignored.
fn parse(text: &str) -> anyhow::Result<Option<Line>> {
    let kind: Typed = serde_json::from_str(text).context("a line is not JSON")?;
    Ok(match kind.r#type.as_str() {
        "world" => Some(Line::World(serde_json::from_str(text).context("world")?)),
        "entities" => {
            Some(Line::Entities(Box::new(serde_json::from_str(text).context("entities")?)))
        }
        "minute" => Some(Line::Minute(Box::new(serde_json::from_str(text).context("minute")?))),
        _ => None,
    })
}

#[derive(Debug)]
pub(crate) enum Line {
    World(World),
    Entities(Box<Entities>),
    Minute(Box<Minute>),
}

#[derive(Debug, Deserialize)]
pub(crate) struct World {
    pub(crate) start_minute: u64,
    pub(crate) warm_up_minutes: u64,
}

/// Calls of a row, how many of them failed, and the sum of their times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) calls: u64,
    pub(crate) errors: u64,
    pub(crate) sum_us: u64,
}

/// `[id, calls, errors, sum_us, p50_us, p95_us, p99_us]`.
#[derive(Debug, Deserialize)]
#[serde(from = "(usize, u64, u64, u64, u64, u64, u64)")]
pub(crate) struct Row {
    pub(crate) id: usize,
    pub(crate) sums: Sums,
}

impl From<(usize, u64, u64, u64, u64, u64, u64)> for Row {
    fn from((id, calls, errors, sum_us, _, _, _): (usize, u64, u64, u64, u64, u64, u64)) -> Self {
        Self { id, sums: Sums { calls, errors, sum_us } }
    }
}

/// `[tier, bt, calls, errors, sum_us, self_us]`.
#[derive(Debug, Deserialize)]
#[serde(from = "(usize, usize, u64, u64, u64, u64)")]
pub(crate) struct TierRow {
    pub(crate) tier: usize,
    pub(crate) bt: usize,
    pub(crate) sums: Sums,
    pub(crate) self_us: u64,
}

impl From<(usize, usize, u64, u64, u64, u64)> for TierRow {
    fn from(
        (tier, bt, calls, errors, sum_us, self_us): (usize, usize, u64, u64, u64, u64),
    ) -> Self {
        Self { tier, bt, sums: Sums { calls, errors, sum_us }, self_us }
    }
}

/// `[edge, bt, calls, errors, sum_us, p95_us, arrived, far_us]`.
#[derive(Debug, Deserialize)]
#[serde(from = "(usize, usize, u64, u64, u64, u64, u64, u64)")]
pub(crate) struct EdgeRow {
    pub(crate) edge: usize,
    pub(crate) bt: usize,
    pub(crate) sums: Sums,
    pub(crate) arrived: u64,
    pub(crate) far_us: u64,
}

impl From<(usize, usize, u64, u64, u64, u64, u64, u64)> for EdgeRow {
    fn from(
        (edge, bt, calls, errors, sum_us, _, arrived, far_us): (
            usize,
            usize,
            u64,
            u64,
            u64,
            u64,
            u64,
            u64,
        ),
    ) -> Self {
        Self { edge, bt, sums: Sums { calls, errors, sum_us }, arrived, far_us }
    }
}

#[derive(Debug, Deserialize)]
struct Typed {
    r#type: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entities {
    pub(crate) hosts: Vec<Host>,
    pub(crate) tiers: Vec<Named>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) backends: Vec<Backend>,
    pub(crate) bts: Vec<Bt>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) templates: Vec<TemplateLine>,
    pub(crate) series: Vec<SeriesLine>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Host {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) tier: usize,
    pub(crate) host: usize,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Backend {
    pub(crate) name: String,
    pub(crate) host: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bt {
    pub(crate) name: String,
    pub(crate) tier: usize,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Edge {
    pub(crate) from: End,
    pub(crate) to: End,
}

#[derive(Debug, Deserialize, Clone, Copy)]
pub(crate) struct End {
    pub(crate) tier: Option<usize>,
    pub(crate) backend: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TemplateLine {
    pub(crate) tier: usize,
    pub(crate) severity: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SeriesLine {
    pub(crate) of: Measured,
    pub(crate) name: String,
    /// Of a pool: the backend to which its connections are.
    pub(crate) pool: Option<usize>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) host: Option<usize>,
    pub(crate) node: Option<usize>,
    pub(crate) tier: Option<usize>,
    pub(crate) backend: Option<usize>,
}

/// Rows as the format documents them; counts and µs.
#[derive(Debug, Deserialize)]
pub(crate) struct Minute {
    pub(crate) minute: u64,
    #[serde(default)]
    pub(crate) bts: Vec<Row>,
    #[serde(default)]
    pub(crate) tiers: Vec<Row>,
    #[serde(default)]
    pub(crate) nodes: Vec<Row>,
    #[serde(default)]
    pub(crate) tier_bts: Vec<TierRow>,
    #[serde(default)]
    pub(crate) edges: Vec<EdgeRow>,
    #[serde(default)]
    pub(crate) series: Vec<Option<f64>>,
    #[serde(default)]
    pub(crate) logs: Vec<(usize, usize, u64)>,
    #[serde(default)]
    pub(crate) events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) of: Measured,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TruthFile {
    pub(crate) seed: u64,
    pub(crate) minutes: u64,
    pub(crate) incidents: Vec<Incident>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Incident {
    pub(crate) id: usize,
    pub(crate) kind: String,
    pub(crate) class: String,
    pub(crate) entity: NamedEntity,
    pub(crate) tier: Option<TierOfNode>,
    pub(crate) end_minute: u64,
    pub(crate) bts: Vec<Suffering>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NamedEntity {
    pub(crate) r#type: String,
    pub(crate) id: usize,
}

/// The id alone, or the entity.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum TierOfNode {
    Id(usize),
    Entity { id: usize },
}

impl TierOfNode {
    pub(crate) fn id(&self) -> usize {
        match self {
            Self::Id(id) | Self::Entity { id } => *id,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Suffering {
    pub(crate) bt: usize,
    pub(crate) first_minute: u64,
    pub(crate) path: Option<Vec<NamedEntity>>,
}
