//! Violations of health rules. There are no health rules yet, so that none is violated: the list is empty, and says so
//! only for an application and a range that are sound.

use super::{asked::Asked, document::Document, time_range::TimeRange};
use crate::error::ApiError;

pub(crate) async fn violations(asked: Asked) -> Result<Document, ApiError> {
    asked.application()?;
    TimeRange::of(&asked)?;
    Ok(asked.list("policy-violations", "policy-violation", Vec::new()))
}
