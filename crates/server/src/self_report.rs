//! Vedette reports to itself: its own metrics each minute and the requests it answered every five seconds, as application
//! `Vedette`, through the same intake as everybody's, so that its own pages show how it is.
//!
//! It is a sender like any other: when intake refuses, what was to be reported waits for the next time, up to a bound.

mod body;

use std::{sync::Arc, time::Duration};

use api::{Answered, Observer};
use axum::body::Body;
use daemon::{clock::SharedClock, tasks::RunResult, tasks::Task};
use http::{Request, header};
use ingest::intake::{Intake, KeyRule};
use parking_lot::Mutex;
use tower::ServiceExt as _;

use self::body::Origin;
use crate::adapters::status::{ProcessStatus, host_name};

/// Requests that wait to be reported; further ones are not reported.
const MAX_WAITING: usize = 2_000;
const METRICS_EVERY: Duration = Duration::from_secs(60);
const REQUESTS_EVERY: Duration = Duration::from_secs(5);

/// The requests that were answered since the last report.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    waiting: Mutex<Vec<Answered>>,
}

impl Observer for Requests {
    fn answered(&self, request: Answered) {
        let mut waiting = self.waiting.lock();
        if waiting.len() < MAX_WAITING {
            waiting.push(request);
        }
    }
}

/// Listens to nothing: for a server that does not report to itself.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Observer for Nobody {
    fn answered(&self, _: Answered) {}
}

/// The tasks that report.
pub(crate) fn tasks(
    requests: Arc<Requests>,
    status: Arc<ProcessStatus>,
    intake: &Intake,
    clock: SharedClock,
) -> [Task; 2] {
    let origin = Arc::new(Origin {
        version: env!("CARGO_PKG_VERSION"),
        host: host_name(),
        start_ns: clock.now().0,
    });
    let (of_metrics, to) = (Arc::clone(&origin), intake.clone());
    let metrics = Task::new("own metrics", METRICS_EVERY, move || {
        let families = status.metrics.get().map(daemon::metrics::Metrics::samples);
        let body = body::metrics(&of_metrics, &families.unwrap_or_default(), clock.now().0);
        report(to.clone(), "/v1/metrics", body, "reported its metrics".to_owned())
    });
    let to = intake.clone();
    let spans = Task::new("own requests", REQUESTS_EVERY, move || {
        let answered = std::mem::take(&mut *requests.waiting.lock());
        let (requests, origin, to) = (Arc::clone(&requests), Arc::clone(&origin), to.clone());
        async move {
            if answered.is_empty() {
                return Ok(None);
            }
            let body = body::spans(&origin, &answered);
            let done = format!("reported {} requests", answered.len());
            let reported = report(to, "/v1/traces", body, done).await;
            if reported.is_err() {
                let mut waiting = requests.waiting.lock();
                let room = MAX_WAITING.saturating_sub(waiting.len());
                waiting.extend(answered.into_iter().take(room));
            }
            reported
        }
    });
    [metrics, spans]
}

/// `done` is what was done when intake took it.
async fn report(intake: Intake, path: &'static str, body: String, done: String) -> RunResult {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))?;
    // The account's own process needs no key.
    let response = intake.router(KeyRule::Optional).oneshot(request).await?;
    if response.status().is_success() {
        return Ok(Some(done));
    }
    Err(format!("intake answered {}", response.status()).into())
}
