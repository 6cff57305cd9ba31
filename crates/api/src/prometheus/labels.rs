//! What series, labels and values of labels there are: for whoever writes a query.
//!
//! Series are known by UTC days, so that those of all days that a range touches are meant; without a range it is the last
//! 24 hours.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    response::Response,
};
use promql::{
    Error, Limits,
    exposed::Part,
    labels::{BOUND, Labels, NAME},
    query::selector,
    stored::Stored,
};

use super::{Asked, answer, answer::json};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
};

const DAY_MS: i64 = 24 * 3_600_000;

/// The selectors and the range of a request.
struct Wanted {
    selectors: Vec<String>,
    from_ms: i64,
    to_ms: i64,
    limit: Option<usize>,
}

impl Wanted {
    fn of(asked: &Asked, context: &Context) -> Result<Wanted, ApiError> {
        let to_ms = asked.time("end")?.unwrap_or_else(|| context.now_ms());
        let from_ms = asked.time("start")?.unwrap_or(to_ms - DAY_MS);
        if to_ms < from_ms {
            return Err(ApiError::bad("the end timestamp must not be before the start time"));
        }
        Ok(Wanted { selectors: asked.selectors()?, from_ms, to_ms, limit: asked.limit()? })
    }

    /// Gives the labels of each series of each selector (of all, without one) to `each`.
    fn each(
        &self,
        stored: &Stored<'_>,
        mut each: impl FnMut(Labels, Part) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.selectors.is_empty() {
            return stored.each_series(None, self.from_ms, self.to_ms, each);
        }
        for text in &self.selectors {
            let matchers = selector(text)?;
            stored.each_series(Some(&matchers), self.from_ms, self.to_ms, &mut each)?;
        }
        Ok(())
    }

    fn texts(&self, found: &BTreeSet<String>) -> String {
        let most = self.limit.unwrap_or(usize::MAX);
        answer::texts(found.iter().map(String::as_str).take(most))
    }
}

/// Series that match, without the bounds of classic histograms' buckets.
#[utoipa::path(method(get, post), path = "/prometheus/api/v1/series", tag = "prometheus",
    params(
        ("match[]" = Vec<String>, Query, description = "Selectors, at least one"),
        ("start" = Option<String>, Query, description = "Unix seconds or RFC 3339; 24 h before `end` when not given"),
        ("end" = Option<String>, Query, description = "Unix seconds or RFC 3339; now when not given"),
        ("limit" = Option<u32>, Query, description = "At most so many; 0: all"),
    ),
    responses((status = 200, body = api_types::PrometheusAnswer), super::status::PrometheusRefusals))]
pub(crate) async fn series(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Response, ApiError> {
    let wanted = Wanted::of(&asked, &context)?;
    if wanted.selectors.is_empty() {
        return Err(ApiError::bad("no match[] parameter provided"));
    }
    let (body, warnings) = context
        .ask_samples(&caller, move |stored, limits| {
            let mut found = BTreeSet::new();
            wanted.each(stored, |labels, _| insert(&mut found, labels, limits))?;
            Ok(answer::label_sets(found.iter().take(wanted.limit.unwrap_or(usize::MAX))))
        })
        .await?;
    Ok(json(answer::success(&body, &warnings)))
}

fn insert<T: Ord>(found: &mut BTreeSet<T>, one: T, limits: &Limits) -> Result<(), Error> {
    found.insert(one);
    let (what, most) = ("list too many series or values", limits.series);
    let instead = "select fewer by more matchers in match[]";
    if found.len() > most { Err(Error::TooLarge { what, most, instead }) } else { Ok(()) }
}

/// Names of labels.
#[utoipa::path(method(get, post), path = "/prometheus/api/v1/labels", tag = "prometheus",
    params(
        ("match[]" = Option<Vec<String>>, Query, description = "Selectors; all series when not given"),
        ("start" = Option<String>, Query, description = "Unix seconds or RFC 3339; 24 h before `end` when not given"),
        ("end" = Option<String>, Query, description = "Unix seconds or RFC 3339; now when not given"),
        ("limit" = Option<u32>, Query, description = "At most so many; 0: all"),
    ),
    responses((status = 200, body = api_types::PrometheusAnswer), super::status::PrometheusRefusals))]
pub(crate) async fn names(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Response, ApiError> {
    let wanted = Wanted::of(&asked, &context)?;
    let (body, warnings) = context
        .ask_samples(&caller, move |stored, limits| {
            let mut found: BTreeSet<String> = BTreeSet::new();
            wanted.each(stored, |labels, part| {
                let bound = (part == Part::Bucket).then_some(BOUND);
                for name in labels.iter().map(|(name, _)| name).chain(bound) {
                    if !found.contains(name) {
                        insert(&mut found, name.to_owned(), limits)?;
                    }
                }
                Ok(())
            })?;
            Ok(wanted.texts(&found))
        })
        .await?;
    Ok(json(answer::success(&body, &warnings)))
}

/// Values of a label; of `le` there are none, since buckets' bounds stand in samples.
#[utoipa::path(get, path = "/prometheus/api/v1/label/{name}/values", tag = "prometheus",
    params(
        ("name" = String, Path, description = "A label's name"),
        ("match[]" = Option<Vec<String>>, Query, description = "Selectors; all series when not given"),
        ("start" = Option<String>, Query, description = "Unix seconds or RFC 3339; 24 h before `end` when not given"),
        ("end" = Option<String>, Query, description = "Unix seconds or RFC 3339; now when not given"),
        ("limit" = Option<u32>, Query, description = "At most so many; 0: all"),
    ),
    responses((status = 200, body = api_types::PrometheusAnswer), super::status::PrometheusRefusals))]
pub(crate) async fn values(
    State(context): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let wanted = Wanted::of(&asked, &context)?;
    let (body, warnings) = context
        .ask_samples(&caller, move |stored, limits| {
            let mut found: BTreeSet<String> = BTreeSet::new();
            // Names are known without a look at series.
            if name == NAME && wanted.selectors.is_empty() {
                found.extend(stored.names(wanted.from_ms, wanted.to_ms)?.into_keys());
                return Ok(wanted.texts(&found));
            }
            wanted.each(stored, |labels, _| {
                let value = labels.get(&name);
                if value.is_empty() || found.contains(value) {
                    return Ok(());
                }
                insert(&mut found, value.to_owned(), limits)
            })?;
            Ok(wanted.texts(&found))
        })
        .await?;
    Ok(json(answer::success(&body, &warnings)))
}
