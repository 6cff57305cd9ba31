//! One export, whatever it came in: from a body that was read to durable records and an answer.
//!
//! From here on the sender is not needed any more: the work is a task of its own, so that a connection lost while the
//! data are being synced does not make them half appended.

use std::{net::IpAddr, sync::Arc};

use model::id::AccountId;
use tracing::{error, warn};

use super::{
    AppendError, Batch, Shared, Topic,
    attempts::{AttemptResult, Noted},
    budget::Reservation,
    metrics::Transport,
    prepare::{Payload, PrepareError, Prepared, prepare},
    refused::{Cause, Refused},
};
use crate::{
    otlp::{
        response::PartialSuccess,
        slice::{Cut, Rules},
    },
    room::Asking,
};

/// A body that was read, and whose it is.
pub(super) struct Export {
    pub(super) payload: Payload,
    pub(super) reservation: Reservation,
    pub(super) account: AccountId,
    pub(super) transport: Transport,
    pub(super) sender: Option<IpAddr>,
    pub(super) path: String,
}

/// What became of an export that was taken.
pub(super) struct Taken {
    /// What was not, or was with a warning.
    pub(super) partial: Option<PartialSuccess>,
    /// Items that are durable now.
    pub(super) accepted: u64,
    /// Those of them that are native histograms of a remote write.
    pub(super) histograms: u64,
}

/// Bodies up to this size are worked on where they are; a few hundred spans take less than a millisecond.
const INLINE_BODY: usize = 64 << 10;

/// And only while what they inflate to stays below this.
const INLINE_INFLATED: usize = 256 << 10;

impl Shared {
    /// Appends an export; `Ok` means durable.
    pub(super) async fn export(self: &Arc<Self>, export: Export) -> Result<Taken, Refused> {
        let shared = Arc::clone(self);
        let task = self.tasks.spawn(async move { shared.run(export).await });
        task.await.unwrap_or_else(|failure| {
            error!(%failure, "an export failed");
            Err(Refused::new(Cause::Internal, "the server failed to process the request"))
        })
    }

    async fn run(self: Arc<Self>, export: Export) -> Result<Taken, Refused> {
        let Export { payload, reservation, account, transport, sender, path } = export;
        let signal = payload.signal;
        let received_ns = self.clock.now().nanos();
        self.metrics.received(signal, transport, payload.body.len());
        let room = Asking {
            room: self.room.clone(),
            account,
            sender,
            now_ms: i64::try_from(received_ns / 1_000_000).unwrap_or(i64::MAX),
        };
        let (prepared, reservation) = self.prepare(payload, room, reservation, received_ns).await?;
        let Prepared { mut cut, fingerprint, histograms } = prepared;
        let slices = std::mem::take(&mut cut.slices);
        if !slices.is_empty() {
            let topic = Topic::from(signal);
            let batch = Batch { topic, account, sender, received_ns, fingerprint, slices };
            self.journal.append(batch).await.map_err(|error| self.not_appended(error))?;
        }
        drop(reservation);
        self.metrics.cut(signal, transport, &cut);
        let partial = self.partial_success(&cut, signal.items());
        let (result, remedy) = outcome_of(&cut);
        self.attempts.note(Noted {
            at: self.clock.now(),
            sender,
            transport: transport.name(),
            path: &path,
            result,
            code: if transport == Transport::Grpc { 0 } else { 200 },
            message: partial.as_ref().map_or("", |partial| &partial.message),
            remedy,
            tier: cut.service.as_deref(),
        });
        Ok(Taken { partial, accepted: cut.accepted, histograms })
    }

    /// Small bodies here, others on a thread of their own, of which there are few.
    async fn prepare(
        self: &Arc<Self>,
        payload: Payload,
        room: Asking,
        mut reservation: Reservation,
        now_ns: u64,
    ) -> Result<(Prepared, Reservation), Refused> {
        let rules = self.rules(now_ns);
        if payload.body.len() <= INLINE_BODY {
            let paid = reservation.held();
            match prepare(&payload, INLINE_INFLATED, &rules, &room, &mut reservation) {
                Ok(prepared) => return Ok((prepared, reservation)),
                Err(PrepareError::TooBig) => {
                    reservation.resize(paid).map_err(|room| self.no_room(room))?;
                }
                Err(error) => return Err(error.refused(&payload, self)),
            }
        }
        let worker = Arc::clone(&self.workers).acquire_owned().await;
        let worker = worker.expect("this semaphore is never closed");
        let shared = Arc::clone(self);
        let work = move || {
            let cap = shared.config.limits.inflated_bytes;
            let prepared = prepare(&payload, cap, &rules, &room, &mut reservation);
            drop(worker);
            match prepared {
                Ok(prepared) => Ok((prepared, reservation)),
                Err(error) => Err(error.refused(&payload, &shared)),
            }
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|failure| {
            error!(%failure, "preparing a body failed");
            Err(Refused::new(Cause::Internal, "the server failed to process the request"))
        })
    }

    fn rules(&self, now_ns: u64) -> Rules {
        Rules {
            now_ns,
            retention: self.config.retention.get(),
            max_slice_bytes: crate::otlp::slice::MAX_SLICE_BYTES,
            partitions: self.config.partitions,
            limits: self.config.limits.attributes,
        }
    }

    /// What the sender is told about a request that was taken.
    fn partial_success(&self, cut: &Cut, items: &str) -> Option<PartialSuccess> {
        let rejected = cut.refused.total();
        let mut said = Vec::new();
        if rejected > 0 {
            said.push(cut.refused.message(cut.accepted + rejected, items));
        }
        let ignored = self.room.take_untold(&cut.full_sources);
        if ignored > 0 {
            said.push(format!(
                "{ignored} earlier {items} of this sender were acknowledged and are not kept: by then it was not known here \
                 that they are of metric streams beyond a limit"
            ));
        }
        if cut.oversized > 0 {
            let limits = &self.config.limits.attributes;
            said.push(format!(
                "{} accepted with attributes truncated (at most {} of them, {} bytes each)",
                were(cut.oversized, items),
                limits.count,
                limits.value_bytes
            ));
        }
        if cut.unlinked > 0 {
            said.push(format!(
                "{} accepted without their trace or span id, which is not 16 or 8 bytes long",
                were(cut.unlinked, items)
            ));
        }
        let message = said.join("; ");
        (!message.is_empty()).then_some(PartialSuccess { rejected, message })
    }

    /// The refusal of a request that the journal does not take.
    pub(super) fn not_appended(&self, error: AppendError) -> Refused {
        match error {
            AppendError::Full { retry_after } => {
                Refused::new(Cause::JournalFull, "the server's journal is full; try again later")
                    .remedy("the server is behind or its disk is nearly full: see its own health")
                    .retry_after(retry_after)
            }
            AppendError::Busy { retry_after } => Refused::new(
                Cause::JournalBusy,
                "the server has too much to write; try again later",
            )
            .remedy("agents send again by themselves; if this stays, the server's disk is too slow")
            .retry_after(retry_after),
            AppendError::Unavailable(reason) => {
                // What exactly is wrong is the operator's business, not every agent's.
                warn!(%reason, "the journal is unavailable");
                Refused::new(
                    Cause::JournalUnavailable,
                    "the server cannot store data now; try again later",
                )
                .remedy("see the server's own health and log")
                .retry_after(self.config.limits.retry_after)
            }
        }
    }
}

/// `1 span was`, `2 spans were`.
fn were(count: u64, items: &str) -> String {
    match count {
        1 => format!("1 {} was", items.strip_suffix('s').unwrap_or(items)),
        _ => format!("{count} {items} were"),
    }
}

/// How a request that was taken is listed among the attempts, with what to do about it.
fn outcome_of(cut: &Cut) -> (AttemptResult, &'static str) {
    if cut.refused.clock_is_off() {
        (AttemptResult::ClockOff, "set the clocks of sender and server (NTP)")
    } else if cut.refused.total() > 0 {
        (AttemptResult::PartlyRefused, "the message says what the sender should mend")
    } else {
        (AttemptResult::Accepted, "")
    }
}
