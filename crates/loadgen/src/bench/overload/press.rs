//! The senders of an overload: requests at a steady pace, each sent once, whatever is answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::BytesMut;
use http::header::RETRY_AFTER;
use serde::Serialize;

use super::watch::Progress;
use crate::data::Shape;
use crate::data::generator::Generator;
use crate::data::template::Templates;
use crate::send::Manner;
use crate::send::answer::{self, Answer};
use crate::send::courier::{Courier, PayloadKind, Signal};
use crate::send::endpoint::Endpoint;
use crate::send::link::Reply;
use crate::wall;

/// Generators of the overload draw from streams above those of the plateau's connections.
const FIRST_STREAM: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) requests: u64,
    /// By OTLP's specification.
    pub(crate) retryable: bool,
    /// Those that said when to come again.
    pub(crate) with_retry_after: u64,
}

/// What the senders of an overload saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) sent_spans: u64,
    pub(super) accepted_spans: u64,
    pub(super) broken: u64,
    /// Requests by status, and those of them with a time to come again.
    refused: BTreeMap<u16, (u64, u64)>,
}

impl Seen {
    /// How many spans were accepted.
    fn reply(&mut self, reply: &Reply, spans: u64) -> u64 {
        if let Answer::Accepted { rejected, .. } = answer::of_http(reply) {
            let accepted = spans.saturating_sub(rejected);
            self.accepted_spans += accepted;
            return accepted;
        }
        let hinted = reply.headers.contains_key(RETRY_AFTER);
        let refused = self.refused.entry(reply.status.as_u16()).or_default();
        *refused = (refused.0 + 1, refused.1 + u64::from(hinted));
        0
    }

    fn add(&mut self, other: Self) {
        self.sent_spans += other.sent_spans;
        self.accepted_spans += other.accepted_spans;
        self.broken += other.broken;
        for (status, (requests, hinted)) in other.refused {
            let all = self.refused.entry(status).or_default();
            *all = (all.0 + requests, all.1 + hinted);
        }
    }

    pub(super) fn refusals(&self) -> Vec<Refusal> {
        let refusal = |(status, (requests, hinted)): (&u16, &(u64, u64))| Refusal {
            status: *status,
            requests: *requests,
            retryable: matches!(status, 429 | 502 | 503 | 504),
            with_retry_after: *hinted,
        };
        self.refused.iter().map(refusal).collect()
    }
}

/// Requests at a steady pace until the end, shared by all senders.
#[derive(Debug)]
struct Pace {
    next: AtomicU64,
    started: Instant,
    interval: Duration,
    length: Duration,
}

impl Pace {
    /// When the next request is due; none when it is after the end.
    fn take(&self) -> Option<Instant> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let after = self.interval.mul_f64(number as f64);
        (after < self.length).then(|| self.started + after)
    }
}

/// Sends `offered` spans a second for a while.
pub(super) async fn press(
    senders: usize,
    shape: &Shape,
    manner: &Manner,
    endpoint: &Endpoint,
    (offered, length): (f64, Duration),
    progress: Arc<Progress>,
) -> Result<Seen> {
    let templates = Arc::new(Templates::build(shape));
    let spans = templates.full[0].totals.spans;
    let pace = Arc::new(Pace {
        next: AtomicU64::new(0),
        started: wall::instant(),
        interval: Duration::from_secs_f64(spans as f64 / offered),
        length,
    });
    let senders = (0..senders as u64).map(|number| {
        let generator = Generator::new(shape, Arc::clone(&templates), FIRST_STREAM + number);
        let endpoint = endpoint.clone();
        let courier = Courier::new(Signal::Traces, shape.notation, manner.clone(), endpoint);
        tokio::spawn(sender(
            generator,
            Arc::clone(&templates),
            courier,
            Arc::clone(&pace),
            Arc::clone(&progress),
        ))
    });
    let senders: Vec<_> = senders.collect();
    let mut seen = Seen::default();
    for sender in senders {
        seen.add(sender.await.context("a sender's task ended early")??);
    }
    Ok(seen)
}

async fn sender(
    mut generator: Generator,
    templates: Arc<Templates>,
    mut courier: Courier,
    pace: Arc<Pace>,
    progress: Arc<Progress>,
) -> Result<Seen> {
    let (mut seen, mut buffers) = (Seen::default(), Vec::<BytesMut>::new());
    while let Some(due) = pace.take() {
        // Nobody waited for has missed its turn: what could not be sent in time is not caught up with.
        if wall::instant() > pace.started + pace.length {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        let template = &templates.full[generator.pick()];
        generator.fill(template, wall::unix_nanos(), &mut buffers);
        for (buffer, body) in buffers.iter_mut().zip(&template.bodies) {
            let filled = std::mem::take(buffer).freeze();
            let payload = courier.pack(filled.clone(), body.spans, PayloadKind::Fresh)?;
            seen.sent_spans += body.spans;
            match courier.ask(&payload).await {
                Ok(reply) => progress.note(body.spans, seen.reply(&reply, body.spans)),
                Err(_) => seen.broken += 1,
            }
            drop(payload);
            *buffer = filled.try_into_mut().unwrap_or_default();
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_paced_and_end_with_the_time() {
        let (interval, length) = (Duration::from_millis(300), Duration::from_secs(1));
        let pace = Pace { next: AtomicU64::new(0), started: wall::instant(), interval, length };
        let due: Vec<_> =
            std::iter::from_fn(|| pace.take()).map(|due| due - pace.started).collect();
        assert_eq!(due, [0, 300, 600, 900].map(Duration::from_millis));
    }

    #[test]
    fn refusals_of_all_senders_are_counted_by_status() {
        let of = |refused: &[(u16, (u64, u64))]| Seen {
            refused: refused.iter().copied().collect(),
            ..Seen::default()
        };
        let mut seen = of(&[(503, (2, 1))]);
        seen.add(of(&[(503, (3, 3)), (413, (1, 0))]));
        let refusal = |status, requests, retryable, with_retry_after| Refusal {
            status,
            requests,
            retryable,
            with_retry_after,
        };
        assert_eq!(seen.refusals(), [refusal(413, 1, false, 0), refusal(503, 5, true, 4)]);
    }
}
