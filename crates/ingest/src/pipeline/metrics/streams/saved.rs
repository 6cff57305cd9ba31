//! What of streams outlives the process: their totals, by process, so that what the streams of a process share is written
//! once.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize, Serializer};
use smallvec::{SmallVec, smallvec};

use model::id::{AccountId, EntityId};

use super::{Owner, Process, Processes, Run, Runs, Stream, Streams, Told, Total};

/// All totals.
#[derive(Debug, Default, Deserialize)]
pub(in crate::pipeline::metrics) struct SavedStreams {
    processes: Vec<SavedProcess>,
}

/// A process, and its streams that have totals.
#[derive(Debug, Serialize, Deserialize)]
struct SavedProcess {
    key: u64,
    /// Not there when the process itself is forgotten.
    process: Option<Process>,
    account: AccountId,
    application: EntityId,
    /// Of its first stream; the others are told by how they differ.
    seen_ms: i64,
    start_ns: u64,
    time_ns: u64,
    streams: Vec<SavedStream>,
}

/// A stream by how it differs from its process.
#[derive(Debug, Serialize, Deserialize)]
struct SavedStream {
    /// Not as a varint: it is as good as random.
    key: [u8; 8],
    seen_ms: i64,
    start_ns: i64,
    time_ns: i64,
    total: SavedTotal,
    further: Vec<Run>,
}

/// Most totals are whole numbers.
#[derive(Debug, Serialize, Deserialize)]
enum SavedTotal {
    Whole(i64),
    Other(Total),
}

impl SavedTotal {
    fn of(total: &Total) -> SavedTotal {
        match total {
            Total::Number(number) if (*number as i64 as f64).to_bits() == number.to_bits() => {
                SavedTotal::Whole(*number as i64)
            }
            other => SavedTotal::Other(other.clone()),
        }
    }

    fn total(self) -> Total {
        match self {
            SavedTotal::Whole(number) => Total::Number(number as f64),
            SavedTotal::Other(total) => total,
        }
    }
}

/// All totals, as [`SavedStreams`] are written: process by process, so that they are not there a second time.
#[derive(Debug)]
pub(in crate::pipeline::metrics) struct SavingStreams<'s>(&'s Streams);

/// A process, the key of a stream that has totals, and it.
type OfProcess<'s> = (u64, u64, &'s Stream);

impl Serialize for SavingStreams<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Streams { by_key, processes, .. } = self.0;
        let with_totals = by_key.iter().filter(|(_, stream)| !stream.runs.0.is_empty());
        let mut streams: Vec<OfProcess<'_>> = with_totals
            .map(|(key, stream)| (stream.owner.process, *key, stream.as_ref()))
            .collect();
        streams.sort_unstable_by_key(|(process, key, _)| (*process, *key));
        let mut all: Vec<(u64, &[OfProcess<'_>])> =
            streams.chunk_by(|a, b| a.0 == b.0).map(|of| (of[0].0, of)).collect();
        let own: FxHashSet<u64> = all.iter().map(|(process, _)| *process).collect();
        let idle = processes.0.keys().filter(|process| !own.contains(process));
        all.extend(idle.map(|process| (*process, &[][..])));
        serializer.collect_seq(all.iter().map(|(key, of)| self.process(*key, of)))
    }
}

impl SavingStreams<'_> {
    fn process(&self, key: u64, streams: &[OfProcess<'_>]) -> SavedProcess {
        let first = streams.first().map(|(.., stream)| *stream);
        let run = first.and_then(|stream| stream.runs.0.first());
        let (start_ns, time_ns) = run.map_or((0, 0), |run| (run.start_ns, run.time_ns));
        let seen_ms = first.map_or(0, |stream| stream.seen_ms);
        let streams = streams.iter().map(|(_, key, stream)| SavedStream {
            key: key.to_le_bytes(),
            seen_ms: stream.seen_ms.wrapping_sub(seen_ms),
            start_ns: stream.runs.0[0].start_ns.wrapping_sub(start_ns).cast_signed(),
            time_ns: stream.runs.0[0].time_ns.wrapping_sub(time_ns).cast_signed(),
            total: SavedTotal::of(&stream.runs.0[0].total),
            further: stream.runs.0[1..].to_vec(),
        });
        SavedProcess {
            key,
            process: self.0.processes.0.get(&key).cloned(),
            account: first.map_or(AccountId(0), |stream| stream.owner.account),
            application: first.map_or(EntityId::NONE, |stream| stream.owner.application),
            seen_ms,
            start_ns,
            time_ns,
            streams: streams.collect(),
        }
    }
}

impl Streams {
    pub(in crate::pipeline::metrics) fn save(&self) -> SavingStreams<'_> {
        SavingStreams(self)
    }

    pub(in crate::pipeline::metrics) fn restore(saved: SavedStreams) -> Streams {
        let mut restored = Streams::default();
        for process in saved.processes {
            let SavedProcess { key, account, application, seen_ms, start_ns, time_ns, .. } =
                process;
            let owner = Owner { account, application, process: key };
            restored.processes.0.extend(process.process.map(|process| (key, process)));
            for stream in process.streams {
                let mut runs: SmallVec<[Run; 1]> = smallvec![Run {
                    start_ns: start_ns.wrapping_add_signed(stream.start_ns),
                    time_ns: time_ns.wrapping_add_signed(stream.time_ns),
                    total: stream.total.total(),
                }];
                runs.extend(stream.further);
                let seen_ms = seen_ms.wrapping_add(stream.seen_ms);
                restored.add(u64::from_le_bytes(stream.key), owner, seen_ms, runs);
            }
        }
        restored
    }

    fn add(&mut self, key: u64, owner: Owner, seen_ms: i64, runs: SmallVec<[Run; 1]>) {
        self.count(owner);
        let (runs, told) = (Runs(runs), Told::default());
        self.by_key.insert(key, Box::new(Stream { owner, seen_ms, known: None, runs, told }));
    }
}

/// As checkpoints before version 3 have them.
#[derive(Debug, Default, Deserialize)]
pub(in crate::pipeline::metrics) struct SavedStreamsV2 {
    streams: Vec<(u64, StreamV2)>,
    processes: Vec<(u64, Process)>,
}

#[derive(Debug, Deserialize)]
struct StreamV2 {
    process: u64,
    seen_ms: i64,
    runs: Vec<Run>,
}

impl SavedStreamsV2 {
    /// Whose application they are will be known when they are heard of.
    pub(in crate::pipeline::metrics) fn restore(self) -> Streams {
        let processes = Processes(self.processes.into_iter().collect());
        let mut restored = Streams { processes, ..Streams::default() };
        for (key, StreamV2 { process, seen_ms, runs }) in self.streams {
            let (account, application) = (AccountId(0), EntityId::NONE);
            let owner = Owner { account, application, process };
            restored.add(key, owner, seen_ms, runs.into());
        }
        restored
    }
}
