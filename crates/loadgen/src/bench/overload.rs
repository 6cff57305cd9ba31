//! More than a server can take: first how much it takes, then a multiple of that at a fixed pace, whatever it answers.
//! Nothing is sent again, so that every refusal is counted once. What was accepted must be stored all the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::BytesMut;
use http::header::RETRY_AFTER;
use serde::Serialize;

use super::disk::SyncTime;
use super::group::Group;
use super::meter::Meter;
use super::queries::{self, Answered, Asker, Query, Stored};
use super::report::{Cost, Table};
use super::subject::Subject;
use crate::api::{Api, Estate, Range};
use crate::args::OverloadArgs;
use crate::data::Shape;
use crate::data::generator::Generator;
use crate::data::template::Templates;
use crate::send::answer::{self, Answer};
use crate::send::courier::{Courier, PayloadKind, Signal};
use crate::send::link::Reply;
use crate::send::{Manner, Outcome, Protocol, send, since};
use crate::{verify, wall};

/// Generators of the overload draw from streams above those of the plateau's connections.
const FIRST_STREAM: u64 = 1 << 20;
/// What people ask is answered within this, milliseconds, nineteen times of twenty.
const LONGEST_ANSWER_MS: f64 = 1_000.0;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Of each kind of query; then they come again.
const DIFFERENT_QUESTIONS: usize = 200;

#[derive(Debug, Serialize)]
pub(crate) struct Overload {
    pub(crate) setting: String,
    pub(crate) fdatasync: Option<SyncTime>,
    /// As fast as acknowledged, while the journal takes what is not worked on yet.
    pub(crate) burst_spans_per_second: f64,
    /// As fast as acknowledged and worked on: what it can take for long.
    pub(crate) plateau_spans_per_second: f64,
    pub(crate) factor: f64,
    pub(crate) seconds: f64,
    pub(crate) offered_spans_per_second: f64,
    /// Fewer than offered when every sender was waiting for an answer.
    pub(crate) sent_spans_per_second: f64,
    pub(crate) accepted_spans_per_second: f64,
    pub(crate) accepted_spans: u64,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) broken_connections: u64,
    /// What people ask, meanwhile.
    pub(crate) queries: Vec<Answered>,
    /// The most expensive that can be asked, at the same time.
    pub(crate) worst_queries: Vec<Answered>,
    pub(crate) cost: Cost,
    pub(crate) memory: Option<Memory>,
    /// Between what was accepted and what the server counts once settled.
    pub(crate) differences: Vec<String>,
}

/// How a server kept to a limit of memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    pub(crate) limit_mib: u64,
    /// What the control group allowed: above it the kernel ends the server.
    pub(crate) group_mib: u64,
    /// Why there was no group, so that only what was resident is known.
    pub(crate) no_group: Option<String>,
    /// The group's, files in the kernel's memory included.
    pub(crate) group_peak_mib: Option<u64>,
}

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
struct Seen {
    sent_spans: u64,
    accepted_spans: u64,
    broken: u64,
    /// Requests by status, and those of them with a time to come again.
    refused: BTreeMap<u16, (u64, u64)>,
}

impl Seen {
    fn reply(&mut self, reply: &Reply, spans: u64) {
        if let Answer::Accepted { rejected, .. } = answer::of_http(reply) {
            self.accepted_spans += spans.saturating_sub(rejected);
            return;
        }
        let hinted = reply.headers.contains_key(RETRY_AFTER);
        let refused = self.refused.entry(reply.status.as_u16()).or_default();
        *refused = (refused.0 + 1, refused.1 + u64::from(hinted));
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

    fn refusals(&self) -> Vec<Refusal> {
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

pub(crate) async fn overload(args: &mut OverloadArgs) -> Result<Overload> {
    ensure!(args.factor > 0.0 && args.factor.is_finite(), "--factor must be above 0");
    ensure!((1..=10_000).contains(&args.senders), "--senders must be 1 to 10000");
    let shape = args.bench.data.shape()?;
    let held = args.memory_limit.map(hold_to);
    if let Some(limit_mib) = args.memory_limit {
        args.bench.vedette_arg.push(format!("--memory-limit={limit_mib}MiB"));
    }
    let group = held.as_ref().and_then(|held| held.1.as_ref());
    let subject = Subject::find_in(&args.bench, group).await?;
    let manner = Manner { api_key: subject.access_key.clone(), ..args.bench.manner.manner() };
    ensure!(manner.protocol == Protocol::Http, "an overload is measured over HTTP only");
    let mut api = subject.api(&args.bench)?.context("an overload needs --api and --password")?;
    let before = spans_counted(&mut api).await?;
    let mut meter = Meter::start(&subject, &args.bench).await?;
    let plateau = send(&shape, &manner, &subject.endpoint).await?;
    let acknowledged = plateau.tally.acknowledged;
    let burst_rate = acknowledged as f64 / plateau.took.as_secs_f64();
    let deadline = wall::instant() + Duration::from_secs(args.bench.max_wait_s);
    let worked_on_in = worked_on(&mut api, before.1 + acknowledged, plateau.took, deadline).await?;
    let plateau_rate = acknowledged as f64 / worked_on_in.as_secs_f64();
    ensure!(plateau_rate > 0.0, "nothing was accepted: {:?}", plateau.tally.messages);
    // Asking about it means something once it is there.
    let missing = verify::verify_until(&mut api, &plateau.expected, deadline).await?;
    ensure!(missing.is_empty(), "the plateau is not shown as it was sent: {missing:?}");
    let offered = plateau_rate * args.factor;
    let length = Duration::from_secs(args.seconds);
    let started = wall::instant();
    let signed_in = || subject.api(&args.bench)?.context("signed in before");
    let (seen, queries, worst_queries) = tokio::join!(
        press(args, &shape, &manner, &subject, (offered, length)),
        ask_meanwhile(signed_in()?, &plateau, length, |asker, estate, range| {
            asker.of_spans(estate, &Stored { traces: &plateau.traces, users: &[] }, range)
        }),
        ask_meanwhile(signed_in()?, &plateau, length, |asker, estate, range| {
            asker.worst(estate, range)
        }),
    );
    let (seen, queries, worst_queries) = (seen?, queries?, worst_queries?);
    let seconds = since(started).as_secs_f64();
    let last_answer = meter.last_answer()?;
    let accepted = plateau.tally.acknowledged + seen.accepted_spans;
    let compare = async |api: &mut Api| {
        let (taken, worked_on) = spans_counted(api).await?;
        Ok(differences(accepted, (taken - before.0, worked_on - before.1)))
    };
    let (cost, differences) = meter.settle(last_answer, &mut Some(api), compare).await?;
    let report = subject.report(&args.bench, &shape.to_string(), &manner)?;
    if let Some(server) = subject.server {
        server.stop(args.bench.keep).await?;
    }
    let memory = held.map(|(memory, group)| Memory {
        group_peak_mib: group.as_ref().and_then(|group| Some(group.peak_bytes()? >> 20)),
        ..memory
    });
    Ok(Overload {
        setting: format!("{}, {} senders", report.setting, args.senders),
        fdatasync: report.fdatasync,
        burst_spans_per_second: burst_rate,
        plateau_spans_per_second: plateau_rate,
        factor: args.factor,
        seconds,
        offered_spans_per_second: offered,
        sent_spans_per_second: seen.sent_spans as f64 / seconds,
        accepted_spans_per_second: seen.accepted_spans as f64 / seconds,
        accepted_spans: seen.accepted_spans,
        refusals: seen.refusals(),
        broken_connections: seen.broken,
        queries,
        worst_queries,
        cost,
        memory,
        differences,
    })
}

/// A control group of a tenth more than the limit, or why there is none.
fn hold_to(limit_mib: u64) -> (Memory, Option<Group>) {
    let group_mib = limit_mib + limit_mib / 10;
    let (group, no_group) = match Group::with_limit(group_mib << 20) {
        Ok(group) => (Some(group), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    (Memory { limit_mib, group_mib, no_group, group_peak_mib: None }, group)
}

/// How long it took from the first request until so many spans were worked on, `took` of which have passed.
pub(super) async fn worked_on(
    api: &mut Api,
    wanted: u64,
    took: Duration,
    deadline: Instant,
) -> Result<Duration> {
    let sent = wall::instant();
    while spans_counted(api).await?.1 < wanted {
        ensure!(wall::instant() < deadline, "what was sent first is not worked on in time");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(took + since(sent))
}

/// Spans accepted, and spans worked on, by the server's own counters.
pub(super) async fn spans_counted(api: &mut Api) -> Result<(u64, u64)> {
    let told = api.metrics().await?;
    let accepted = told.sum("vedette_intake_accepted_items_total", r#"signal="traces""#);
    let worked_on = told.value("vedette_pipeline_spans_total");
    Ok((accepted.unwrap_or(0.0) as u64, worked_on.unwrap_or(0.0) as u64))
}

pub(super) fn differences(sent: u64, (accepted, worked_on): (u64, u64)) -> Vec<String> {
    [("accepted", accepted), ("worked on", worked_on)]
        .into_iter()
        .filter(|(_, counted)| *counted != sent)
        .map(|(what, counted)| format!("{sent} spans acknowledged, {counted} {what}"))
        .collect()
}

/// Sends `offered` spans a second for a while.
async fn press(
    args: &OverloadArgs,
    shape: &Shape,
    manner: &Manner,
    subject: &Subject,
    (offered, length): (f64, Duration),
) -> Result<Seen> {
    let templates = Arc::new(Templates::build(shape));
    let spans = templates.full[0].totals.spans;
    let pace = Arc::new(Pace {
        next: AtomicU64::new(0),
        started: wall::instant(),
        interval: Duration::from_secs_f64(spans as f64 / offered),
        length,
    });
    let senders = (0..args.senders as u64).map(|number| {
        let generator = Generator::new(shape, Arc::clone(&templates), FIRST_STREAM + number);
        let endpoint = subject.endpoint.clone();
        let courier = Courier::new(Signal::Traces, shape.notation, manner.clone(), endpoint);
        tokio::spawn(sender(generator, Arc::clone(&templates), courier, Arc::clone(&pace)))
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
                Ok(reply) => seen.reply(&reply, body.spans),
                Err(_) => seen.broken += 1,
            }
            drop(payload);
            *buffer = filled.try_into_mut().unwrap_or_default();
        }
    }
    Ok(seen)
}

/// Asks of spans of the plateau, one question after the other, for as long as the overload lasts.
pub(super) async fn ask_meanwhile(
    mut api: Api,
    plateau: &Outcome,
    length: Duration,
    questions: impl FnOnce(&mut Asker, &Estate, Range) -> Vec<Query>,
) -> Result<Vec<Answered>> {
    let until = wall::instant() + length;
    let range = verify::range(&plateau.expected);
    let estate = api.estate(&plateau.expected.application, range).await?;
    let estate = estate.context("the application that was sent is not there to be asked about")?;
    let mut asker = Asker::new(DIFFERENT_QUESTIONS, plateau.expected.seed);
    let questions = questions(&mut asker, &estate, range);
    queries::ask_in_turn(&mut api, &questions, until).await
}

impl Memory {
    fn told(&self) -> String {
        let Memory { limit_mib, group_mib, no_group, group_peak_mib } = self;
        match (no_group, group_peak_mib) {
            (Some(why), _) => {
                format!("{limit_mib} MiB, without a control group ({why}): see the peak resident")
            }
            (None, Some(peak)) => {
                format!(
                    "{limit_mib} MiB, in a control group of {group_mib} MiB; most in it {peak} MiB"
                )
            }
            (None, None) => format!("{limit_mib} MiB, in a control group of {group_mib} MiB"),
        }
    }
}

impl Overload {
    pub(crate) fn good(&self) -> bool {
        let may_come_again =
            |refusal: &Refusal| refusal.retryable && refusal.with_retry_after == refusal.requests;
        let in_time = |query: &Answered| {
            query.failed == 0 && query.times.is_none_or(|times| times.p95_ms < LONGEST_ANSWER_MS)
        };
        self.differences.is_empty()
            && self.refusals.iter().all(may_come_again)
            && self.broken_connections == 0
            && self.queries.iter().all(in_time)
            && self.kept_its_limit()
    }

    fn kept_its_limit(&self) -> bool {
        self.memory.as_ref().is_none_or(|memory| self.cost.peak_rss_kib >> 10 <= memory.group_mib)
    }

    /// Of what it took as fast as it acknowledged.
    fn kept_share(&self) -> f64 {
        self.accepted_spans_per_second / self.plateau_spans_per_second
    }

    pub(crate) fn table(&self) -> Table {
        let mut table = Table::default();
        let per_second = |spans: f64| format!("{spans:.0} spans/s");
        table.row("setting", &self.setting);
        if let Some(sync) = self.fdatasync {
            table.row("fdatasync of 64 KiB", sync);
        }
        table.row("acknowledged in a burst", per_second(self.burst_spans_per_second));
        table.row("plateau, worked on", per_second(self.plateau_spans_per_second));
        let offered = per_second(self.offered_spans_per_second);
        table.row("offered", format!("{offered}, {} times that", self.factor));
        table.row(
            "sent",
            format!("{} for {:.1} s", per_second(self.sent_spans_per_second), self.seconds),
        );
        let accepted = per_second(self.accepted_spans_per_second);
        let kept = 100.0 * self.kept_share();
        table.row("accepted", format!("{accepted}, {kept:.0} % of the plateau"));
        for refusal in &self.refusals {
            let Refusal { status, requests, retryable, with_retry_after } = refusal;
            let again = if *retryable { "to be sent again" } else { "NOT to be sent again" };
            table.row(
                format!("refused with {status}"),
                format!("{requests} requests, {again}, {with_retry_after} said when"),
            );
        }
        table.row("broken connections", self.broken_connections);
        for query in self.queries.iter().chain(&self.worst_queries) {
            table.row(query.name.as_ref(), query);
        }
        if let Some(memory) = &self.memory {
            table.row("memory limit", memory.told());
        }
        self.cost.rows(&mut table);
        let stored = if self.differences.is_empty() { "all, exactly" } else { "DIFFERENT" };
        table.row("accepted spans stored", stored);
        table
    }
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

    #[test]
    fn an_accepted_span_that_is_not_counted_is_a_difference() {
        assert!(differences(10, (10, 10)).is_empty());
        assert_eq!(differences(10, (10, 9)), ["10 spans acknowledged, 9 worked on"]);
        assert_eq!(differences(10, (11, 10)), ["10 spans acknowledged, 11 accepted"]);
    }
}
