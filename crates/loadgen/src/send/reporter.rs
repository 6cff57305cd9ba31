//! Simulated Collectors of metrics: each reports the nodes of some requests, sample by sample on one connection, so
//! that the points of a series arrive in the order of their times.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::BytesMut;

use super::courier::{Courier, PayloadKind, Signal};
use super::endpoint::Endpoint;
use super::tally::Tally;
use super::{Manner, since};
use crate::data::Notation;
use crate::data::points::SeriesShape;
use crate::data::points::node::{Batch, Plan, Watched};
use crate::wall;

/// All of them, with all nodes' first values made.
#[derive(Debug)]
pub(crate) struct Reporters {
    reporters: Vec<Reporter>,
    plan: Arc<Plan>,
    samples: u64,
}

/// What a run of all reporters came to.
#[derive(Debug)]
pub(crate) struct PointsOutcome {
    pub(crate) tally: Tally,
    /// One series of each node.
    pub(crate) watched: Vec<Watched>,
    /// Times of the first and the last sample, in milliseconds since 1970.
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    pub(crate) took: Duration,
}

#[derive(Debug)]
struct Reporter {
    courier: Courier,
    batches: Vec<Batch>,
    /// Points a second of this one; 0 without a rate.
    rate: f64,
}

impl Reporters {
    /// The last samples will be of now.
    pub(crate) fn build(shape: &SeriesShape, manner: &Manner, endpoint: &Endpoint) -> Result<Self> {
        manner.check(Notation::Protobuf)?;
        let plan = Arc::new(Plan::new(shape, wall::unix_nanos()));
        let batches = shape.batches();
        let senders = manner.connections.min(batches.len());
        let reporter = |number| {
            let (manner, endpoint) = (manner.clone(), endpoint.clone());
            let own = batches.iter().skip(number).step_by(senders);
            Reporter {
                rate: manner.rate / senders as f64,
                courier: Courier::new(Signal::Metrics, Notation::Protobuf, manner, endpoint),
                batches: own.map(|nodes| Batch::new(&plan, shape, nodes.clone())).collect(),
            }
        };
        let reporters = (0..senders).map(reporter).collect();
        Ok(Self { reporters, plan, samples: shape.samples })
    }

    pub(crate) async fn send(self) -> Result<PointsOutcome> {
        let (started, samples) = (wall::instant(), self.samples);
        let running: Vec<_> = self
            .reporters
            .into_iter()
            .map(|reporter| tokio::spawn(reporter.run(samples, started)))
            .collect();
        let (mut tally, mut watched) = (Tally::default(), Vec::new());
        for reporter in running {
            let (told, seen) = reporter.await.context("a reporter's task ended early")?;
            tally.merge(told);
            watched.extend(seen);
        }
        let (from_ms, to_ms) = self.plan.times_ms(samples);
        Ok(PointsOutcome { tally, watched, from_ms, to_ms, took: since(started) })
    }
}

impl Reporter {
    async fn run(mut self, samples: u64, started: Instant) -> (Tally, Vec<Watched>) {
        let (mut body, mut points) = (BytesMut::new(), 0);
        'samples: for number in 0..samples {
            for batch in &mut self.batches {
                if self.courier.is_hopeless() {
                    break 'samples;
                }
                tokio::time::sleep_until(due(started, points, self.rate).into()).await;
                batch.fill(number, &mut body);
                points += batch.points();
                let filled = body.freeze();
                match self.courier.pack(filled.clone(), batch.points(), PayloadKind::Fresh) {
                    Ok(payload) => {
                        self.courier.deliver(&payload).await;
                    }
                    Err(error) => self.courier.fail(format!("{error:#}")),
                }
                // Nobody else holds the bytes now: the buffer serves the next request.
                body = filled.try_into_mut().unwrap_or_default();
            }
        }
        (self.courier.tally, self.batches.into_iter().flat_map(Batch::watched).collect())
    }
}

/// When the request after the first `points` is due.
fn due(started: Instant, points: u64, rate: f64) -> Instant {
    let after_s = if rate > 0.0 { points as f64 / rate } else { 0.0 };
    started + Duration::from_secs_f64(after_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_by_the_points_before_them() {
        let started = wall::instant();
        assert_eq!(due(started, 3_000, 1_000.0), started + Duration::from_secs(3));
        assert_eq!(due(started, 3_000, 0.0), started);
    }
}
