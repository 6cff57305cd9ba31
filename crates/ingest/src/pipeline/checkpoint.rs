//! The checkpoint: all that is undecided when a cut is made. Loading it and reading the journal on from the cut's offset
//! gives the same figures as if the process had never stopped.
//!
//! Bytes: `u16 version` little-endian, then postcard of [`Saved`], since version 3 within zstd. Fields are only ever added in
//! a new version, and a version reads those before it.

use std::io::Read;

use serde::{Deserialize, Serialize};

use model::id::EntityId;

use super::{
    duplicates::SavedDuplicates,
    fresh::SavedDecisions,
    judge::Snapshots,
    metrics::{Metrics, SavedMetrics, SavedMetricsV2, SavingMetrics},
    nodes::Nodes,
    targets::Target,
    traces::{ErrorMark, OpenTrace, TraceKey},
};

const VERSION: u16 = 3;
/// Fast, and a third of the bytes.
const LEVEL: i32 = 1;
/// No checkpoint is larger once it is decompressed.
const MAX_BYTES: usize = 4 << 30;

/// What a checkpoint holds.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Saved {
    pub(super) targets: Vec<Target>,
    pub(super) open: Vec<(TraceKey, OpenTrace)>,
    pub(super) errors: Vec<(i64, TraceKey, Vec<ErrorMark>)>,
    pub(super) nodes: Nodes,
    pub(super) duplicates: SavedDuplicates,
    pub(super) snapshots: Snapshots,
    pub(super) metrics: SavedMetrics,
    pub(super) fresh: SavedDecisions,
    /// The backends that each tier calls.
    pub(super) backends: Vec<(EntityId, Vec<EntityId>)>,
    /// The latest end of a span that was taken, Unix nanoseconds; not known of version 1.
    pub(super) newest_end_ns: Option<u64>,
}

/// What version 2 held.
#[derive(Debug, Default, Deserialize)]
struct SavedV2 {
    targets: Vec<Target>,
    open: Vec<(TraceKey, OpenTrace)>,
    errors: Vec<(i64, TraceKey, Vec<ErrorMark>)>,
    nodes: Nodes,
    duplicates: SavedDuplicates,
    snapshots: Snapshots,
    metrics: SavedMetricsV2,
    fresh: SavedDecisions,
    backends: Vec<(EntityId, Vec<EntityId>)>,
    newest_end_ns: Option<u64>,
}

/// What version 1 held.
#[derive(Debug, Default, Deserialize)]
struct SavedV1 {
    targets: Vec<Target>,
    open: Vec<(TraceKey, OpenTrace)>,
    errors: Vec<(i64, TraceKey, Vec<ErrorMark>)>,
    nodes: Nodes,
    duplicates: SavedDuplicates,
    snapshots: Snapshots,
    metrics: SavedMetricsV2,
}

impl From<SavedV2> for Saved {
    fn from(saved: SavedV2) -> Saved {
        let SavedV2 { targets, open, errors, nodes, duplicates, snapshots, metrics, .. } = saved;
        Saved {
            targets,
            open,
            errors,
            nodes,
            duplicates,
            snapshots,
            metrics: Metrics::converted(metrics),
            fresh: saved.fresh,
            backends: saved.backends,
            newest_end_ns: saved.newest_end_ns,
        }
    }
}

impl From<SavedV1> for SavedV2 {
    fn from(saved: SavedV1) -> SavedV2 {
        let SavedV1 { targets, open, errors, nodes, duplicates, snapshots, metrics } = saved;
        let new = SavedV2::default();
        SavedV2 { targets, open, errors, nodes, duplicates, snapshots, metrics, ..new }
    }
}

/// The same, borrowed from the pipeline that goes on: what is written.
#[derive(Debug, Serialize)]
pub(super) struct Saving<'p> {
    pub(super) targets: &'p [Target],
    pub(super) open: Vec<(&'p TraceKey, &'p OpenTrace)>,
    pub(super) errors: Vec<(i64, TraceKey, &'p [ErrorMark])>,
    pub(super) nodes: &'p Nodes,
    pub(super) duplicates: SavedDuplicates,
    pub(super) snapshots: &'p Snapshots,
    pub(super) metrics: SavingMetrics<'p>,
    pub(super) fresh: SavedDecisions,
    pub(super) backends: Vec<(EntityId, Vec<EntityId>)>,
    pub(super) newest_end_ns: Option<u64>,
}

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error(
        "the checkpoint has version {0}; this program reads up to {VERSION}. Start the version that wrote it"
    )]
    Newer(u16),
    #[error("the checkpoint is damaged; restore the data directory from a backup")]
    Damaged,
}

impl Saving<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        // Room for what mostly fills it, so that it is not copied while it grows.
        const SPAN: usize = 64;
        let spans: usize = self.open.iter().map(|(_, open)| open.spans.len()).sum();
        let body = postcard::to_extend(self, Vec::with_capacity(spans * SPAN))
            .expect("every part has a known length");
        let mut bytes = Vec::with_capacity(body.len() / 2);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        zstd::stream::copy_encode(body.as_slice(), &mut bytes, LEVEL)
            .expect("memory takes what is written");
        bytes
    }
}

impl Saved {
    pub(super) fn decode(bytes: &[u8]) -> Result<Saved, CheckpointError> {
        let (version, body) = bytes.split_first_chunk::<2>().ok_or(CheckpointError::Damaged)?;
        let damaged = |_| CheckpointError::Damaged;
        match u16::from_le_bytes(*version) {
            VERSION => {
                let body = decompressed(body).ok_or(CheckpointError::Damaged)?;
                postcard::from_bytes(&body).map_err(damaged)
            }
            2 => postcard::from_bytes::<SavedV2>(body).map(Saved::from).map_err(damaged),
            1 => postcard::from_bytes::<SavedV1>(body)
                .map(|saved| Saved::from(SavedV2::from(saved)))
                .map_err(damaged),
            newer if newer > VERSION => Err(CheckpointError::Newer(newer)),
            _ => Err(CheckpointError::Damaged),
        }
    }
}

fn decompressed(body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(body).ok()?;
    decoder.take(MAX_BYTES as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
