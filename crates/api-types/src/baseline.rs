//! Baselines: which there are, what they expect, and how figures lie to them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reference::Ref;

/// A baseline of an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Baseline {
    pub id: u32,
    pub name: String,
    pub season: BaselineSeason,
    pub window: BaselineWindow,
    /// Every application has it; it cannot be deleted.
    pub factory: bool,
    /// What states and rules go by that name no other. Each application has one.
    pub default: bool,
}

/// Which hours are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BaselineSeason {
    /// All.
    None,
    /// The same hour of the day.
    Day,
    /// The same hour of the same weekday.
    Week,
    /// The same hour of the same day of the month.
    Month,
}

/// What a baseline is learnt from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum BaselineWindow {
    /// The days before each hour.
    Rolling {
        #[schema(minimum = 1, maximum = 400)]
        days: u32,
    },
    /// A range of the past, Unix milliseconds; whole hours count.
    Fixed {
        #[schema(minimum = 0, maximum = 4_102_444_800_000_i64)]
        from: i64,
        #[schema(minimum = 0, maximum = 4_102_444_800_000_i64)]
        to: i64,
    },
}

/// A baseline to be added to an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Ten days", "season": "day", "window": {"kind": "rolling", "days": 10},
}))]
pub struct NewBaseline {
    /// Unique in its application; at most 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    pub season: BaselineSeason,
    pub window: BaselineWindow,
}

/// Which baseline of an application is its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineChoice {
    #[schema(example = 2)]
    pub id: u32,
}

/// How something lies to its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaselineState {
    /// Too little is known of it yet, or there is no value.
    NoBaseline,
    Normal,
    /// At least 2 deviations above what is expected.
    Warning,
    /// At least 3.
    Critical,
}

/// How figures of a range lie to what was expected in it: its hours, or six of them spread over its last day where it is
/// longer than six hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deviation {
    /// The worse of response time and errors; few errors and short times are no fault.
    pub state: BaselineState,
    /// Mean response time, milliseconds; null without a timed call or baseline.
    #[schema(required)]
    pub response_time: Option<MetricDeviation>,
    /// Errors a minute.
    #[schema(required)]
    pub errors: Option<MetricDeviation>,
    /// Calls a minute; not part of the state.
    #[schema(required)]
    pub calls: Option<MetricDeviation>,
}

/// How one value lies to what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricDeviation {
    pub state: BaselineState,
    pub value: f64,
    /// What is expected.
    pub expected: f64,
    /// By how much a value with as few calls behind it usually lies off that.
    pub deviation: f64,
    /// How many deviations the value lies above what is expected; negative below. At most 999.
    pub sigmas: f64,
    pub from: ExpectedFrom,
}

/// What is expected is made of which hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedFrom {
    /// Of hours that are alike in its season.
    Season,
    /// Of all hours of the day before, since there are too few alike yet.
    LastDay,
}

/// What was expected over a range, hour by hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bands {
    pub baseline: Ref,
    /// By whose hours it goes.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// Ascending; all hours that the range touches.
    pub hours: Vec<BandHour>,
}

/// What is expected in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BandHour {
    /// Its first instant, Unix milliseconds.
    pub at: i64,
    /// Mean response time, milliseconds; null where there is no baseline yet, as below.
    #[schema(required)]
    pub average_ms: Option<Band>,
    /// A minute.
    #[schema(required)]
    pub calls: Option<Band>,
    /// A minute.
    #[schema(required)]
    pub errors: Option<Band>,
}

/// What is expected of one metric in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HourBand {
    /// Its first instant, Unix milliseconds.
    pub at: i64,
    /// Null where there is no baseline yet.
    #[schema(required)]
    pub band: Option<Band>,
}

/// What is expected, and by how much a point usually lies off it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Band {
    pub mean: f64,
    /// Of a point of the series with as many calls as are expected: wider where these are below 30 a minute.
    pub deviation: f64,
    /// How many minutes' values, of how many hours, it is made of.
    pub minutes: u32,
    pub hours: u32,
    pub from: ExpectedFrom,
}
