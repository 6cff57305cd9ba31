//! Single hours of the past, of which baselines are made.

use model::{
    figure::Scope,
    id::{AccountId, EntityId},
    time::Minute,
};
use serde::{Deserialize, Serialize};

/// Figures of which hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureHours {
    pub account: AccountId,
    /// One application, or all of the account ([`EntityId::NONE`]).
    pub application: EntityId,
    /// Only these scopes; all when empty.
    pub scopes: Vec<Scope>,
    /// Only figures with one of these subjects, ascending; any when empty.
    pub subjects: Vec<EntityId>,
    /// Only figures under this business transaction; [`EntityId::NONE`] asks for those over all.
    pub bt: Option<EntityId>,
    /// First minutes of hours, ascending.
    pub hours: Vec<Minute>,
    /// Rows of one day at most; more is an error that says so.
    pub max_rows: usize,
}

/// Metric series in which hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricHours {
    pub account: AccountId,
    /// One application, or all of the account ([`EntityId::NONE`]).
    pub application: EntityId,
    /// Only series of this tier and its nodes.
    pub tier: Option<EntityId>,
    /// Metric paths below a tier or node, whose segments may be `*`; all series when there are none.
    pub paths: Vec<String>,
    /// First minutes of hours, ascending.
    pub hours: Vec<Minute>,
    /// Rows of one day at most; more is an error that says so.
    pub max_rows: usize,
}

/// What a metric series was in the minutes of an hour. A minute's value is the sum of its samples where the unit says so
/// ([`model::metric_table::is_sum`]), else their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricHour<'a> {
    pub application: EntityId,
    pub tier: EntityId,
    /// None for a tier's series.
    pub node: EntityId,
    pub path: &'a str,
    pub unit: &'a str,
    /// First minute of the hour.
    pub at: Minute,
    /// Minutes that have a value, their sum and the sum of their squares.
    pub minutes: f64,
    pub sum: f64,
    pub squares: f64,
}
