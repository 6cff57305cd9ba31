//! `/prometheus`: Prometheus' HTTP query API over raw samples, for Grafana and for programs written for Prometheus.
//!
//! [HTTP API](https://prometheus.io/docs/prometheus/2.42/querying/api/). Answers and refusals have its shapes. What the
//! language means is `promql`'s; here are parameters, doors, limits and JSON. Where an answer is not whole, its `warnings`
//! say why.

pub(crate) mod labels;
pub(crate) mod metadata;
pub(crate) mod query;
pub(crate) mod status;

mod answer;
mod asked;
mod places;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{extract::Request, middleware::Next, response::Response};

pub(crate) use self::asked::Asked;
use self::{answer::json, places::AccountPlaces};
use crate::{
    auth::Caller,
    context::Context,
    error::{ApiError, Refused, word_refusals_under},
};
use promql::{Limits, stored::Stored};

/// Words refusals under `/prometheus` as Prometheus does.
pub(crate) async fn word_refusals(request: Request, next: Next) -> Response {
    word_refusals_under("/prometheus", request, next, |refused, _| worded(refused)).await
}

fn worded(told: &Refused) -> Response {
    let kind = match told.code {
        "deadline" => "timeout",
        "unprocessable" => "execution",
        "overloaded" | "unavailable" => "unavailable",
        "not_found" => "not_found",
        "not_signed_in" | "wrong_credentials" | "invalid_token" | "csrf" | "too_many_sign_ins" => {
            "unauthorized"
        }
        _ => "bad_data",
    };
    json(answer::error(kind, &told.sentence))
}

impl Context {
    /// Runs a question over the raw samples of the caller's account on a thread of its own. Few run at once, each within
    /// its limits; one that nobody waits for any more ends early.
    async fn ask_samples<T: Send + 'static>(
        &self,
        caller: &Caller,
        question: impl FnOnce(&Stored<'_>, &Limits) -> Result<T, promql::Error> + Send + 'static,
    ) -> Result<(T, Vec<String>), ApiError> {
        let limits = Limits { stop: Arc::default(), ..self.config.sample_queries.clone() };
        // Dropped with this future: at the deadline, and when the client goes.
        let _ends = EndsWithItsAsker(Arc::clone(&limits.stop));
        let places = AccountPlaces(self.entities(caller));
        let account = caller.account;
        let asked = self.queries.ask_of_samples(caller, move |asking| {
            let stored = Stored::new(asking.reader(), account, &places, &limits);
            let answer = question(&stored, &limits);
            stored.partial().iter().for_each(|reason| asking.lacks(reason));
            Ok(answer)
        });
        let told = asked.await?;
        let warnings = told.partial.map(|partial| partial.reasons).unwrap_or_default();
        Ok((told.value?, warnings))
    }
}

struct EndsWithItsAsker(Arc<AtomicBool>);

impl Drop for EndsWithItsAsker {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl From<promql::Error> for ApiError {
    fn from(error: promql::Error) -> ApiError {
        use promql::Error;
        match error {
            Error::BadData(sentence) => ApiError::BadRequest(sentence),
            Error::Execution(sentence) => ApiError::Unprocessable(sentence),
            Error::TooLarge { .. } | Error::Stopped => ApiError::Unprocessable(error.to_string()),
            Error::Read(error) => error.into(),
        }
    }
}
