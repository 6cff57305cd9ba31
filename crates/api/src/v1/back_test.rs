//! What a health rule would have found, before it is saved.

use std::{sync::Arc, time::Duration};

use alerting::{
    notifier::Breach,
    rules::{self, BackTestError, BackTested, Charted},
};
use api_types::{BackTest, ConditionSeries, Episode, NewBackTest, Partial, Ref, RuleChart};
use axum::{Json, extract::State};
use model::{
    id::EntityId,
    time::{Minute, MinuteRange},
};

use super::{Refusals, health_rules::application};
use crate::{
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Body, PathId},
    health_rules::sound,
};

/// Hours: single minutes are kept for eight days.
const MOST_HOURS: u32 = 192;
/// Of the time that an answer may take, so much is spent on looking back; the rest is for the chart.
const SHARE: f64 = 0.5;

/// Runs a rule over some hours of the past without storing anything: what it would have found, with the minutes that decided. Where
/// there is no time for the whole range the answer says up to where it came.
#[utoipa::path(post, path = "/api/v1/applications/{id}/health-rules/back-test", tag = "health rules",
    params(("id" = u32, Path)), request_body = NewBackTest,
    responses(
        (status = 200, body = BackTest),
        (status = 422, body = api_types::ErrorBody, description = "The rule is not sound; the message says what to change"),
        Refusals))]
pub(crate) async fn run(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(wanted): Body<NewBackTest>,
) -> Result<Json<BackTest>, ApiError> {
    application(&context, &caller, id)?;
    if !(1..=MOST_HOURS).contains(&wanted.hours) {
        return Err(ApiError::bad(format!("hours has to be 1 to {MOST_HOURS}")));
    }
    let schedule = sound(&context, &caller, id, &wanted.rule).await?;
    if wanted.alone && wanted.entity.is_none() {
        return Err(ApiError::bad("alone needs the entity that is to be looked at").unprocessable());
    }
    let now = context.now_minute();
    let end = wanted.until.map_or(now, |until| now.min(Minute::of_millis(until)));
    let range = MinuteRange { start: Minute(end.0.saturating_sub(wanted.hours * 60)), end };
    let account = caller.account;
    let (directory, clock) = (Arc::clone(&context.directory), Arc::clone(&context.clock));
    let expectations = Arc::clone(&context.expectations);
    let until = clock.monotonic() + context.config.query_deadline.mul_f64(SHARE);
    let chart_until = until + Duration::from_secs(5);
    let name = wanted.rule.name.clone();
    let told = context.queries.ask(account, move |asking| {
        let test = rules::BackTest {
            telemetry: asking.reader(),
            directory: &directory,
            expectations: &*expectations,
            account,
            application: id,
            schedule,
            range,
            charted: wanted.entity.map(EntityId),
            alone: wanted.alone,
        };
        let may_go_on = |charting| clock.monotonic() < if charting { chart_until } else { until };
        match test.run(wanted.rule, &may_go_on) {
            Ok(found) => Ok(Ok(found)),
            Err(BackTestError::Telemetry(error)) => Err(error),
            Err(BackTestError::Rule(error)) => Ok(Err(error)),
        }
    });
    let told = told.await?;
    let mut body = body(told.value?, told.partial);
    let rules = context.notifier.rules(Some(account.0)).await?;
    let entities = context.entities(&caller);
    for episode in &mut body.episodes {
        episode.tier = entities.tier_of_node(EntityId(episode.entity.id));
        let breach = Breach {
            application: id,
            rule: &name,
            entity: EntityId(episode.entity.id),
            // What was seen in a minute was known at its end.
            at_ms: episode.from + 60_000,
        };
        let silenced = context.notifier.silencing(&rules, &breach);
        episode.silenced_by = silenced.map(|by| Ref { id: by.id, name: by.name.clone() });
    }
    Ok(Json(body))
}

fn body(found: BackTested, partial: Option<Partial>) -> BackTest {
    let mut reasons: Vec<String> = found.lacks.into_iter().collect();
    reasons.extend(partial.into_iter().flat_map(|partial| partial.reasons));
    let episodes = found.episodes.into_iter().map(|episode| Episode {
        entity: Ref { id: episode.entity.0, name: episode.name.to_string() },
        tier: None,
        from: episode.from.start_millis(),
        to: episode.until.map(Minute::start_millis),
        level: episode.level,
        summary: episode.evidence.sentence(),
        evidence: episode.evidence,
        silenced_by: None,
    });
    BackTest {
        from: found.range.start.start_millis(),
        to: found.range.end.start_millis(),
        entities: u32::try_from(found.entities).unwrap_or(u32::MAX),
        unjudged: u32::try_from(found.unjudged).unwrap_or(u32::MAX),
        episodes: episodes.collect(),
        more: found.more,
        chart: found.chart.map(chart),
        partial: Partial::of(reasons),
    }
}

fn chart(charted: Charted) -> RuleChart {
    let points = &charted.points;
    let series = |(at, short_name): (usize, String)| ConditionSeries {
        short_name,
        values: points.iter().map(|point| point.conditions[at].value).collect(),
        compared: points.iter().map(|point| point.conditions[at].compared).collect(),
        thresholds: points.iter().map(|point| point.conditions[at].threshold).collect(),
    };
    RuleChart {
        entity: Ref { id: charted.entity.0, name: charted.name.to_string() },
        level: charted.level,
        from: points.first().map_or(0, |point| point.at.start_millis()),
        conditions: charted.conditions.into_iter().enumerate().map(series).collect(),
        levels: points.iter().map(|point| point.level).collect(),
    }
}
