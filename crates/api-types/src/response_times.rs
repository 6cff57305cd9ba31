//! How response times spread over a range: the cells of a heat map.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{number::count, page::Partial};

/// How many calls took how long, and when: at most 120 columns of time by 40 rows of response times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "minutes_per_column": 1,
    "columns": [{"at": 1_700_000_000_000_i64, "calls": 12, "p50_ms": 21.0, "p95_ms": 80.5, "p99_ms": 81.0}],
    "bounds_ms": [16.0, 32.0, 64.0, 128.0],
    "cells": [{"column": 0, "row": 0, "calls": 11}, {"column": 0, "row": 2, "calls": 1}],
    "percentiles": {"p50_ms": 21.0, "p75_ms": 24.0, "p90_ms": 28.0, "p95_ms": 80.5, "p99_ms": 81.0},
    "filling_from": null,
    "partial": null
}))]
pub struct ResponseTimes {
    pub minutes_per_column: u32,
    pub columns: Vec<ResponseTimeColumn>,
    /// Ascending; row n holds the calls above bound n and up to bound n + 1. Empty when no call has a response time.
    pub bounds_ms: Vec<f64>,
    /// Cells with calls, by column and row.
    pub cells: Vec<ResponseTimeCell>,
    /// Of the complete minutes of the range.
    pub percentiles: Percentiles,
    /// From here on columns are still filling; null when the range ends before.
    #[schema(required)]
    pub filling_from: Option<i64>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// A column of the heat map.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResponseTimeColumn {
    /// Its first instant.
    pub at: i64,
    /// Calls with a response time.
    #[serde(serialize_with = "count")]
    pub calls: f64,
    #[schema(required)]
    pub p50_ms: Option<f64>,
    #[schema(required)]
    pub p95_ms: Option<f64>,
    #[schema(required)]
    pub p99_ms: Option<f64>,
}

/// A cell of the heat map.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResponseTimeCell {
    /// Place in `columns`.
    pub column: usize,
    /// Place of its lower bound in `bounds_ms`.
    pub row: usize,
    #[serde(serialize_with = "count")]
    pub calls: f64,
}

/// Response times below which a share of the calls lies; null without a timed call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Percentiles {
    #[schema(required)]
    pub p50_ms: Option<f64>,
    #[schema(required)]
    pub p75_ms: Option<f64>,
    #[schema(required)]
    pub p90_ms: Option<f64>,
    #[schema(required)]
    pub p95_ms: Option<f64>,
    #[schema(required)]
    pub p99_ms: Option<f64>,
}
