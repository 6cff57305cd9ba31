//! One simulated agent: takes turns from the schedule, fills a request, hands it over, keeps what is to go later.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::Manner;
use super::courier::{Courier, Payload, PayloadKind, Signal};
use super::endpoint::Endpoint;
use super::gaps::Gaps;
use super::schedule::{Schedule, Turn};
use super::tally::Tally;
use crate::data::generator::Generator;
use crate::data::template::Templates;
use crate::data::{Past, Shape};
use crate::draws::Draws;
use crate::wall;

const HOUR_NS: u64 = 3_600_000_000_000;
/// Share of the requests that are of hours before, where there are to be such.
const PAST: f64 = 0.25;

#[derive(Debug)]
pub(crate) struct Agent {
    generator: Generator,
    templates: Arc<Templates>,
    courier: Courier,
    delay: Duration,
    repeat_fraction: f64,
    /// Some requests are stamped with a time so many hours ago at most.
    hours: u64,
    past: Past,
    draws: Draws,
    /// Bodies to send later, in the order they are due.
    held: VecDeque<Held>,
    used: Vec<u64>,
    sample_traces: Vec<String>,
}

/// What an agent leaves behind.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) tally: Tally,
    /// How often each template was used, the rest last.
    pub(crate) used: Vec<u64>,
    pub(crate) sample_traces: Vec<String>,
}

#[derive(Debug)]
struct Held {
    due: Instant,
    payload: Payload,
}

impl Agent {
    pub(crate) fn new(
        generator: Generator,
        templates: Arc<Templates>,
        manner: Manner,
        endpoint: Endpoint,
        shape: &Shape,
        number: u64,
    ) -> Self {
        let used = vec![0; templates.full.len() + usize::from(templates.rest.is_some())];
        let (delay, repeat_fraction) = (manner.delay, manner.repeat_fraction);
        Self {
            generator,
            templates,
            courier: Courier::new(Signal::Traces, shape.notation, manner, endpoint),
            delay,
            repeat_fraction,
            hours: shape.hours,
            past: shape.past,
            draws: Draws::new(!shape.seed, number),
            held: VecDeque::new(),
            used,
            sample_traces: Vec::new(),
        }
    }

    pub(crate) async fn run(mut self, schedule: Arc<Schedule>, gaps: Arc<Gaps>) -> Done {
        let mut buffers = Vec::new();
        while !self.courier.is_hopeless() {
            self.send_held(wall::instant(), &gaps).await;
            let Some(turn) = schedule.take() else { break };
            self.wait_until(turn.due, &gaps).await;
            self.round(turn, &mut buffers, &gaps).await;
        }
        while let Some(next) =
            self.held.front().map(|held| held.due).filter(|_| !self.courier.is_hopeless())
        {
            tokio::time::sleep_until(next.into()).await;
            self.send_held(next, &gaps).await;
        }
        Done { tally: self.courier.tally, used: self.used, sample_traces: self.sample_traces }
    }

    /// What is held back goes out in time also when the next turn is far off.
    async fn wait_until(&mut self, due: Instant, gaps: &Gaps) {
        while let Some(held) = self.held.front().map(|held| held.due).filter(|held| *held < due) {
            tokio::time::sleep_until(held.into()).await;
            self.send_held(held, gaps).await;
        }
        tokio::time::sleep_until(due.into()).await;
    }

    async fn send_held(&mut self, now: Instant, gaps: &Gaps) {
        while self.held.front().is_some_and(|held| held.due <= now) {
            let held = self.held.pop_front().expect("the front was just seen");
            self.deliver(held.payload, gaps).await;
        }
    }

    async fn round(&mut self, turn: Turn, buffers: &mut Vec<BytesMut>, gaps: &Gaps) {
        let templates = Arc::clone(&self.templates);
        let chosen = if turn.rest { templates.full.len() } else { self.generator.pick() };
        let template = templates
            .full
            .get(chosen)
            .or(templates.rest.as_ref())
            .expect("a rest turn has a rest template");
        let age_ns = self.age_ns(turn.done);
        self.generator.fill(template, wall::unix_nanos() - age_ns, buffers);
        self.used[chosen] += 1;
        // Those of hours before may be over their time when they are asked for.
        if turn.sampled && age_ns == 0 {
            let id = self.generator.first_trace().map(|byte| format!("{byte:02x}"));
            self.sample_traces.push(id.concat());
        }
        for (buffer, body) in buffers.iter_mut().zip(&template.bodies) {
            let filled = std::mem::take(buffer).freeze();
            let kind = if body.late { PayloadKind::Late } else { PayloadKind::Fresh };
            let payload = match self.courier.pack(filled.clone(), body.spans, kind) {
                Ok(payload) => payload,
                Err(error) => return self.courier.fail(format!("{error:#}")),
            };
            if body.late {
                self.hold(payload);
            } else {
                self.deliver(payload, gaps).await;
            }
            // Nobody else holds the bytes now, unless they are to be sent again: the buffer serves the next round.
            *buffer = filled.try_into_mut().unwrap_or_default();
        }
    }

    fn hold(&mut self, payload: Payload) {
        self.held.push_back(Held { due: wall::instant() + self.delay, payload });
    }

    /// How long ago the next request's spans ended: most end now, the others in one of the hours before.
    fn age_ns(&mut self, done: f64) -> u64 {
        match self.past {
            Past::Evenly => history_ns(self.hours, done),
            Past::Quarter if self.hours == 0 || !self.draws.chance(PAST) => 0,
            Past::Quarter => (1 + self.draws.below(self.hours as usize) as u64) * HOUR_NS,
        }
    }

    async fn deliver(&mut self, payload: Payload, gaps: &Gaps) {
        let is_new = payload.kind != PayloadKind::Repeated;
        let accepted = self.courier.deliver(&payload).await;
        if accepted {
            gaps.note(wall::instant());
        }
        if accepted && is_new && self.draws.chance(self.repeat_fraction) {
            self.hold(payload.again());
        }
    }
}

/// How long ago a request of a history of so many hours is of, when `done` of it (0 to 1) lies behind it. Nearly four times as
/// many are of this hour of a day than of the one twelve hours off it.
fn history_ns(hours: u64, done: f64) -> u64 {
    let days = hours as f64 / 24.0 * (1.0 - done);
    let wave = 0.09 * (2.0 * std::f64::consts::PI * days).sin();
    ((days - wave).max(0.0) * 24.0 * HOUR_NS as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_goes_from_the_oldest_to_now_and_has_days() {
        let hours_ago = |done: f64| history_ns(48, done) as f64 / HOUR_NS as f64;
        assert_eq!([0.0, 0.5, 1.0].map(|done| hours_ago(done).round()), [48.0, 24.0, 0.0]);
        let ages: Vec<f64> = (0..4800).map(|n| hours_ago((f64::from(n) + 0.5) / 4800.0)).collect();
        assert!(ages.windows(2).all(|two| two[0] >= two[1]));
        let near = |hour: f64| ages.iter().filter(|age| (*age - hour).abs() < 1.0).count();
        let (now, off) = (near(24.0), near(12.0));
        assert!(now > 3 * off && off > 50, "{now} {off}");
    }
}
