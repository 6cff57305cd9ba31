//! Settings by the names that the reference product gives them: those that scripts read to know how far back data go.
//!
//! They are set on the page of storage or where Vedette is started, never here.

use api_types::Retention;

use super::{
    asked::Asked,
    document::{Document, Shape},
};
use crate::error::ApiError;

/// A setting of another name, in whole units.
struct Variable {
    name: &'static str,
    setting: &'static str,
    unit_ms: i64,
    description: &'static str,
}

const HOUR_MS: i64 = 3_600_000;

const VARIABLES: [Variable; 3] = [
    Variable {
        name: "metrics.min.retention.period",
        setting: "retention-minutes",
        unit_ms: HOUR_MS,
        description: "hours for which figures of single minutes are kept (retention-minutes)",
    },
    Variable {
        name: "metrics.ten.min.retention.period",
        setting: "retention-ten-minutes",
        unit_ms: HOUR_MS,
        description: "hours for which figures of ten minutes are kept (retention-ten-minutes)",
    },
    Variable {
        name: "metrics.retention.period",
        setting: "retention-hours",
        unit_ms: 24 * HOUR_MS,
        description: "days for which figures of hours are kept (retention-hours)",
    },
];

/// All, or the one that `name` names.
pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let kept = asked.context().operations(|operations| Ok(operations.retentions())).await?;
    let wanted = asked.param("name");
    let named = |variable: &&Variable| wanted.is_none_or(|name| variable.name == name);
    let items: Vec<Shape> =
        VARIABLES.iter().filter(named).map(|variable| shape(variable, &kept)).collect();
    if let (Some(name), true) = (wanted, items.is_empty()) {
        return Err(ApiError::missing("configuration variable", name));
    }
    Ok(asked.list("configuration-items", "configuration-item", items))
}

fn shape(variable: &Variable, kept: &[Retention]) -> Shape {
    let retention = kept.iter().find(|retention| retention.setting == variable.setting);
    let value = retention.map_or(0, |retention| retention.ms / variable.unit_ms);
    Shape::Object(vec![
        ("name", variable.name.into()),
        ("value", value.to_string().into()),
        ("description", variable.description.into()),
        ("scope", "cluster".into()),
        ("updateable", false.into()),
    ])
}
