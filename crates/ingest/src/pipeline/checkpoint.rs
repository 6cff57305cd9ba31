//! The checkpoint: all that is undecided when a cut is made. Loading it and reading the journal on from the cut's offset
//! gives the same figures as if the process had never stopped.
//!
//! Bytes: `u16 version` little-endian, then postcard of [`Saved`], since version 3 within zstd. Since version 4 open traces stand
//! behind it, see [`open`]: `u32` its compressed length, little-endian, itself, the traces. Fields are only ever added in a new
//! version, and a version reads those before it.

mod open;

use std::io::Read;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

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

const VERSION: u16 = 5;
/// Fast, and a third of the bytes.
const LEVEL: i32 = 1;
/// No checkpoint is larger once it is decompressed.
const MAX_BYTES: usize = 4 << 30;

/// What a checkpoint holds.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Saved {
    pub(super) targets: Vec<Target>,
    /// Since version 4 empty where it stands among the rest.
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
    /// Processes that may turn out to have taken another one's place, see [`Nodes::restore`]; since version 5.
    pub(super) beside: Vec<((u32, u64), i64)>,
}

/// What versions 3 and 4 held.
#[derive(Debug, Default, Deserialize)]
struct SavedV4 {
    targets: Vec<Target>,
    open: Vec<(TraceKey, OpenTrace)>,
    errors: Vec<(i64, TraceKey, Vec<ErrorMark>)>,
    nodes: Nodes,
    duplicates: SavedDuplicates,
    snapshots: Snapshots,
    metrics: SavedMetrics,
    fresh: SavedDecisions,
    backends: Vec<(EntityId, Vec<EntityId>)>,
    newest_end_ns: Option<u64>,
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

impl From<SavedV4> for Saved {
    fn from(saved: SavedV4) -> Saved {
        let SavedV4 { targets, open, errors, nodes, duplicates, snapshots, metrics, .. } = saved;
        Saved {
            targets,
            open,
            errors,
            nodes,
            duplicates,
            snapshots,
            metrics,
            fresh: saved.fresh,
            backends: saved.backends,
            newest_end_ns: saved.newest_end_ns,
            beside: Vec::new(),
        }
    }
}

impl From<SavedV2> for SavedV4 {
    fn from(saved: SavedV2) -> SavedV4 {
        let SavedV2 { targets, open, errors, nodes, duplicates, snapshots, metrics, .. } = saved;
        SavedV4 {
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
    /// Always empty: see [`Saving::encode`].
    pub(super) open: &'static [()],
    pub(super) errors: Vec<(i64, TraceKey, &'p [ErrorMark])>,
    pub(super) nodes: &'p Nodes,
    pub(super) duplicates: SavedDuplicates,
    pub(super) snapshots: &'p Snapshots,
    pub(super) metrics: SavingMetrics<'p>,
    pub(super) fresh: SavedDecisions,
    pub(super) backends: Vec<(EntityId, Vec<EntityId>)>,
    pub(super) newest_end_ns: Option<u64>,
    pub(super) beside: Vec<((u32, u64), i64)>,
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
    /// With the open traces, which hold so many spans.
    pub(super) fn encode<'t>(
        &self,
        traces: impl Iterator<Item = (&'t TraceKey, &'t OpenTrace)>,
        spans: usize,
    ) -> Vec<u8> {
        let rest = postcard::to_allocvec(self).expect("every part has a known length");
        let mut bytes = Vec::with_capacity(rest.len() / 2 + spans * open::SPAN_BYTES);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; LENGTH]);
        zstd::stream::copy_encode(rest.as_slice(), &mut bytes, LEVEL)
            .expect("memory takes what is written");
        drop(rest);
        let length = u32::try_from(bytes.len() - 2 - LENGTH).expect("it is far below 4 GiB");
        bytes[2..2 + LENGTH].copy_from_slice(&length.to_le_bytes());
        traces.for_each(|(key, trace)| open::put_trace(&mut bytes, key, trace));
        bytes
    }
}

impl Saved {
    pub(super) fn decode(bytes: &[u8]) -> Result<Saved, CheckpointError> {
        let (version, body) = bytes.split_first_chunk::<2>().ok_or(CheckpointError::Damaged)?;
        let damaged = |_| CheckpointError::Damaged;
        match u16::from_le_bytes(*version) {
            VERSION => {
                let (saved, open) = parts::<Saved>(body).ok_or(CheckpointError::Damaged)?;
                Ok(Saved { open, ..saved })
            }
            4 => {
                let (saved, open) = parts::<SavedV4>(body).ok_or(CheckpointError::Damaged)?;
                Ok(Saved { open, ..saved.into() })
            }
            3 => {
                let body = decompressed(body).ok_or(CheckpointError::Damaged)?;
                postcard::from_bytes::<SavedV4>(&body).map(Saved::from).map_err(damaged)
            }
            2 => postcard::from_bytes::<SavedV2>(body)
                .map(|saved| Saved::from(SavedV4::from(saved)))
                .map_err(damaged),
            1 => postcard::from_bytes::<SavedV1>(body)
                .map(|saved| Saved::from(SavedV4::from(SavedV2::from(saved))))
                .map_err(damaged),
            newer if newer > VERSION => Err(CheckpointError::Newer(newer)),
            _ => Err(CheckpointError::Damaged),
        }
    }
}

/// Bytes of the length of what stands before the open traces.
const LENGTH: usize = size_of::<u32>();

/// What is compressed, and the open traces that stand behind it.
fn parts<T: DeserializeOwned>(body: &[u8]) -> Option<(T, Vec<(TraceKey, OpenTrace)>)> {
    let (length, parts) = body.split_first_chunk::<LENGTH>()?;
    let (rest, traces) = parts.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let saved = postcard::from_bytes(&decompressed(rest)?).ok()?;
    Some((saved, open::read(traces)?))
}

fn decompressed(body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(body).ok()?;
    decoder.take(MAX_BYTES as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
