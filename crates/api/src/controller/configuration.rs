//! Settings by the names that the reference product gives them: those that scripts read to know how far back data go.
//!
//! They are set where Vedette is started, never here.

use super::{
    asked::Asked,
    document::{Document, Shape},
};
use crate::{config::Variable, error::ApiError};

/// All, or the one that `name` names.
pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let all = &asked.context().config.variables;
    let items: Vec<Shape> = match asked.param("name") {
        None => all.iter().map(shape).collect(),
        Some(name) => {
            let known = all.iter().find(|variable| variable.name == name);
            vec![shape(known.ok_or_else(|| ApiError::missing("configuration variable", name))?)]
        }
    };
    Ok(asked.list("configuration-items", "configuration-item", items))
}

fn shape(variable: &Variable) -> Shape {
    Shape::Object(vec![
        ("name", variable.name.into()),
        ("value", variable.value.as_str().into()),
        ("description", variable.description.into()),
        ("scope", "cluster".into()),
        ("updateable", false.into()),
    ])
}
