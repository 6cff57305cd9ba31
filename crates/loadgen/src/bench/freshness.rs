//! How soon after its acknowledgement a trace is found by id, and counted on its tiers, its business transaction and
//! the edges. Each probe is one trace in an application of its own, so that "counted" is an exact comparison.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::data::Shape;
use crate::data::topology::SPANS_PER_TRACE;
use crate::send::endpoint::Endpoint;
use crate::send::{Manner, send, since};
use crate::{verify, wall};

/// Precision of the times measured; asking costs the server little at this pace.
const LOOK_FOR_TRACE_EVERY: Duration = Duration::from_millis(20);
const LOOK_AT_FIGURES_EVERY: Duration = Duration::from_millis(250);

/// Milliseconds per probe; absent when it did not happen in the time given.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Freshness {
    pub(crate) found_ms: Vec<Option<f64>>,
    pub(crate) tiers_ms: Vec<Option<f64>>,
    pub(crate) business_transactions_ms: Vec<Option<f64>>,
    pub(crate) edges_ms: Vec<Option<f64>>,
}

#[derive(Debug, Default)]
struct Probe {
    found: Option<f64>,
    tiers: Option<f64>,
    transactions: Option<f64>,
    edges: Option<f64>,
}

/// All probes at once; `api` makes a client for each.
pub(crate) async fn measure(
    shape: &Shape,
    manner: &Manner,
    endpoint: &Endpoint,
    traces: u32,
    within: Duration,
    api: impl Fn() -> Result<Api>,
) -> Result<Freshness> {
    let mut probes = JoinSet::new();
    for number in 0..traces {
        let shape = Shape {
            namespace: format!("{}-fresh-{number}-{:x}", shape.namespace, shape.seed),
            spans: SPANS_PER_TRACE as u64,
            spans_per_request: SPANS_PER_TRACE,
            seed: shape.seed.wrapping_add(1 + u64::from(number)),
            late_fraction: 0.0,
            ..shape.clone()
        };
        let manner = Manner { connections: 1, rate: 0.0, repeat_fraction: 0.0, ..manner.clone() };
        probes.spawn(probe(shape, manner, endpoint.clone(), api()?, within));
    }
    let mut freshness = Freshness::default();
    while let Some(probe) = probes.join_next().await {
        let probe = probe.context("a probe ended early")??;
        freshness.found_ms.push(probe.found);
        freshness.tiers_ms.push(probe.tiers);
        freshness.business_transactions_ms.push(probe.transactions);
        freshness.edges_ms.push(probe.edges);
    }
    Ok(freshness)
}

async fn probe(
    shape: Shape,
    manner: Manner,
    endpoint: Endpoint,
    mut api: Api,
    within: Duration,
) -> Result<Probe> {
    let sent = send(&shape, &manner, &endpoint).await?;
    let acknowledged = wall::instant();
    ensure!(sent.expected.complete, "the probe was refused: {:?}", sent.tally.messages);
    let trace = sent.expected.sample_traces.first().context("a run notes its first trace")?;
    let mut probe = Probe::default();
    let over = |since: Instant| wall::instant().saturating_duration_since(since) > within;
    while probe.found.is_none() && !over(acknowledged) {
        if api.trace_spans(trace).await? == Some(SPANS_PER_TRACE) {
            probe.found = Some(ms(acknowledged));
        } else {
            tokio::time::sleep(LOOK_FOR_TRACE_EVERY).await;
        }
    }
    let totals = &sent.expected.totals;
    while probe.edges.and(probe.transactions).and(probe.tiers).is_none() && !over(acknowledged) {
        let shown = api.shown(&sent.expected.application, verify::range(&sent.expected)).await?;
        let now = Some(ms(acknowledged));
        probe.tiers = probe.tiers.or(now.filter(|_| shown.tiers == totals.tiers));
        let counted = shown.business_transactions == totals.business_transactions;
        probe.transactions = probe.transactions.or(now.filter(|_| counted));
        probe.edges = probe.edges.or(now.filter(|_| shown.edges == totals.edges));
        tokio::time::sleep(LOOK_AT_FIGURES_EVERY).await;
    }
    Ok(probe)
}

fn ms(since_then: Instant) -> f64 {
    since(since_then).as_secs_f64() * 1000.0
}
