//! How a single series is judged and why, and what it would have found with other settings.

use alerting::anomalies::{
    Config, Explanation, Past, PastSeries, Seasonality as Known, SeriesKey, What, replay,
    sensitivity, state_of, unit_of,
};
use api_types::{
    AnomalyBackTested, AnomalyEpisode, AnomalyModel, ModelPoint, NewAnomalyBackTest, SeasonHour,
    Seasonality,
};
use axum::{Json, extract::State};
use model::{
    anomaly::{AnomalousKind, AnomalyMeasure, AnomalySensitivity, AnomalySettings, AnomalyState},
    entity::Entity,
    id::EntityId,
    time::{Minute, MinuteRange},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Refusals,
    anomalies::{kinds_of, point, wanted_of},
    anomaly_settings::{calendar, settings},
    health_rules::application,
};
use crate::{
    ask::Told,
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, Params, PathId, Range, RangeParams},
};

/// Minutes before a range that a series is learnt from.
const LEARNT_FROM: u32 = 2 * 24 * 60;
/// Minutes of one answer: single minutes are kept for eight days.
const MOST_MINUTES: u32 = 8 * 24 * 60;
/// Minutes of the model's points.
const MOST_POINTS: u32 = 24 * 60;
const MOST_EPISODES: usize = 500;

/// Which series.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModelParams {
    entity_kind: AnomalousKind,
    entity: u32,
    measure: AnomalyMeasure,
    /// The path of a metric below its node, of `METRIC` alone.
    #[param(max_length = 1000)]
    metric: Option<String>,
}

/// How a watched series is judged: its season and band, and of each minute of the range, at most a day, why it is or is not anomalous.
#[utoipa::path(get, path = "/api/v1/applications/{id}/anomaly-model", tag = "anomalies",
    params(("id" = u32, Path), ModelParams, RangeParams),
    responses(
        (status = 200, body = AnomalyModel),
        (status = 422, body = api_types::ErrorBody, description = "Such a series is not watched, or the range is too long"),
        Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Params(wanted): Params<ModelParams>,
    range: Range,
) -> Result<Json<AnomalyModel>, ApiError> {
    application(&context, &caller, id)?;
    let series = Wanted::of(&context, &caller, id, &wanted)?;
    let minutes = minutes(range.from_ms, range.to_ms, MOST_POINTS, &context)?;
    let settings = settings(&context, id.0).await?;
    let sensitivity = wanted_of(&settings, series.entity.key.kind, series.entity.id.0);
    let told = run(&context, &caller, &series, minutes, settings.clone(), sensitivity).await?;
    let PastSeries { points, first, series: past, .. } = told.value;
    // The one that the job feeds, where it does: it has seen more than is stored.
    let live = context.watch.series(series.key()).unwrap_or(past);
    let explain = |minute: Minute, hour_of_week| {
        explain(&live, &settings, sensitivity, series.what, minute, hour_of_week)
    };
    let now = context.now_minute();
    let known = explain(now, 0);
    let hours: u16 = if known.seasonality == Known::DayAndWeekend { 168 } else { 24 };
    let scale = series.what.shown();
    let is_learning = state_of(&live, live.last().map_or(now, Minute)) == AnomalyState::Learning;
    let season = (0..hours).filter(|_| !is_learning).map(|hour| {
        // The middle of each hour.
        let of_hour = explain(Minute(now.0 - now.0 % 60 + 30), hour);
        let low = f64::from(of_hour.band.low);
        SeasonHour {
            hour: hour.into(),
            expected: f64::from(of_hour.expected).max(0.0) * scale,
            low: low.is_finite().then(|| low.max(0.0) * scale),
            high: f64::from(of_hour.band.high) * scale,
        }
    });
    Ok(Json(AnomalyModel {
        entity: api_types::Ref { id: series.entity.id.0, name: series.entity.key.name.clone() },
        entity_kind: wanted.entity_kind,
        tier: context.entities(&caller).tier_of_node(series.entity.id),
        measure: wanted.measure,
        metric: series.what.metric().map(str::to_owned),
        unit: unit_of(series.what),
        state: state_of(&live, now),
        seasonality: match known.seasonality {
            Known::None => Seasonality::None,
            Known::Day => Seasonality::Day,
            Known::DayAndWeekend => Seasonality::DayAndWeekend,
        },
        readings: known.readings,
        learning_since: first.filter(|_| is_learning).map(Minute::start_millis),
        episodes_a_week: f64::from(known.episodes_a_week),
        warning_rarity: f64::from(known.warning),
        critical_rarity: f64::from(
            known.warning + Config::default().critical - Config::default().warning,
        ),
        season: season.collect(),
        points: points
            .into_iter()
            .map(|point| ModelPoint {
                at: point.at.start_millis(),
                value: point.value,
                expected: point.expected,
                low: point.low,
                high: point.high,
                state: point.state,
                rarity: point.rarity,
                usual: point.usual,
                by_load: point.by_load,
                why: point.why,
            })
            .collect(),
        partial: told.partial,
    }))
}

/// What would have been found in some time of the past with a sensitivity, before it is set. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/applications/{id}/anomaly-back-test", tag = "anomalies",
    params(("id" = u32, Path)), request_body = NewAnomalyBackTest,
    responses(
        (status = 200, body = AnomalyBackTested),
        (status = 422, body = api_types::ErrorBody, description = "Such a series is not watched, or the range is too long"),
        Refusals))]
pub(crate) async fn back_test(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(wanted): Body<NewAnomalyBackTest>,
) -> Result<Json<AnomalyBackTested>, ApiError> {
    application(&context, &caller, id)?;
    let which = ModelParams {
        entity_kind: wanted.entity_kind,
        entity: wanted.entity,
        measure: wanted.measure,
        metric: wanted.metric,
    };
    let series = Wanted::of(&context, &caller, id, &which)?;
    let range = minutes(wanted.from, wanted.to, MOST_MINUTES, &context)?;
    let mut settings = settings(&context, id.0).await?;
    settings.transactions.clear();
    settings.min_deviation_percent = wanted.min_deviation.unwrap_or(settings.min_deviation_percent);
    settings.min_calls = wanted.min_calls.unwrap_or(settings.min_calls);
    settings.check().map_err(|error| ApiError::bad(error.to_string()).unprocessable())?;
    let told = run(&context, &caller, &series, range, settings, wanted.sensitivity).await?;
    let PastSeries { points, episodes, .. } = told.value;
    let days = f64::from(range.len().max(1)) / 1440.0;
    let per_day = episodes.len() as f64 / days;
    let measured = points.iter().filter(|point| point.value.is_some()).count();
    let episodes = episodes.into_iter().take(MOST_EPISODES).map(|episode| AnomalyEpisode {
        level: episode.level,
        onset_at: episode.onset.start_millis(),
        opened_at: Minute(episode.opened.0 + 1).start_millis(),
        closed_at: episode.closed.map(|closed| Minute(closed.0 + 1).start_millis()),
        observed: episode.observed,
        expected: episode.expected,
        deviation: episode.deviation,
        shift: episode.shift,
    });
    Ok(Json(AnomalyBackTested {
        unit: unit_of(series.what),
        episodes: episodes.collect(),
        points: points.iter().map(point).collect(),
        minutes: u32::try_from(measured).unwrap_or(u32::MAX),
        per_day,
        partial: told.partial,
    }))
}

/// A series that is asked for.
struct Wanted {
    entity: std::sync::Arc<Entity>,
    what: What,
}

impl Wanted {
    fn of(
        context: &Context,
        caller: &Caller,
        application: EntityId,
        &ModelParams { entity_kind: kind, entity, measure, ref metric }: &ModelParams,
    ) -> Result<Wanted, ApiError> {
        let known = context.entities(caller).get(EntityId(entity)).filter(|known| {
            known.key.application == application && kinds_of(kind).contains(&known.key.kind)
        });
        let entity = known.ok_or_else(|| ApiError::missing(kind.name(), entity))?;
        let refuse = |why: &str| Err(ApiError::bad(why).unprocessable());
        let is_metric = measure == AnomalyMeasure::Metric;
        if is_metric && kind != AnomalousKind::Node {
            return refuse("only nodes have metrics: entity_kind has to be NODE");
        }
        if !is_metric && metric.is_some() {
            return refuse("metric goes with the measure METRIC alone");
        }
        match What::of(measure, metric.as_deref()) {
            Some(what) => Ok(Wanted { entity, what }),
            None => refuse(
                "metric has to be the path of a metric that is watched, such as Hardware Resources|CPU|%Busy",
            ),
        }
    }

    fn key(&self) -> SeriesKey {
        SeriesKey { entity: self.entity.id, what: self.what }
    }
}

/// The whole minutes between two times, up to now.
fn minutes(
    from_ms: i64,
    to_ms: i64,
    most: u32,
    context: &Context,
) -> Result<MinuteRange, ApiError> {
    let range = MinuteRange {
        start: Minute::of_millis(from_ms),
        end: Minute::of_millis(to_ms).min(context.now_minute()),
    };
    if range.len() > most {
        let hours = most / 60;
        return Err(
            ApiError::bad(format!("from and to lie more than {hours} hours apart")).unprocessable()
        );
    }
    if from_ms >= to_ms {
        return Err(ApiError::bad("from has to lie before to").unprocessable());
    }
    Ok(range)
}

async fn run(
    context: &Context,
    caller: &Caller,
    series: &Wanted,
    range: MinuteRange,
    settings: AnomalySettings,
    wanted: AnomalySensitivity,
) -> Result<Told<PastSeries>, ApiError> {
    let calendar = calendar(context, caller).await?;
    let account = caller.account;
    let (application, kind, key) =
        (series.entity.key.application, series.entity.key.kind, series.key());
    let learnt_from = Minute(range.start.0.saturating_sub(LEARNT_FROM));
    let asked = context.queries.ask(account, move |asking| {
        let settings = &settings;
        let calendar = &calendar;
        let past = Past {
            account,
            application,
            key,
            kind,
            learnt_from,
            range,
            settings,
            wanted,
            calendar,
        };
        let answer = replay(asking.reader(), &past)?;
        answer.partial.iter().for_each(|reason| asking.lacks(reason));
        Ok(answer.value)
    });
    asked.await
}

/// What a series expects in an hour.
fn explain(
    series: &alerting::anomalies::Series,
    settings: &AnomalySettings,
    wanted: AnomalySensitivity,
    what: What,
    minute: Minute,
    hour_of_week: u16,
) -> Explanation {
    let config = Config::default();
    let moment = alerting::anomalies::Moment { minute: minute.0, hour_of_week };
    let plain = sensitivity(settings, wanted, what, 0.0);
    let expected = series.explain(&config, &plain, moment, None).expected;
    series.explain(&config, &sensitivity(settings, wanted, what, expected), moment, None)
}
