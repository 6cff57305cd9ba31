//! One level of the metric tree.

use super::{
    asked::Asked,
    document::{Document, Shape},
};
use crate::{
    error::ApiError,
    metric_tree::{self, Level, Pattern},
};

pub(crate) async fn level(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?.id;
    let pattern = Pattern::read(asked.param("metric-path").unwrap_or_default())?;
    let entities = asked.entities();
    let context = asked.context();
    let range = metric_tree::last_day(context.now_minute());
    let told = context.queries.ask(asked.caller.account, move |asking| {
        let tree = metric_tree::load(asking, entities, app, &pattern, Level::Below, range)?;
        Ok(tree.level(&pattern))
    });
    let told = told.await?;
    let item = |(name, leaf): (String, bool)| {
        let kind = if leaf { "leaf" } else { "folder" };
        Shape::Object(vec![("name", name.into()), ("type", kind.into())])
    };
    let items = told.value.into_iter().map(item).collect();
    Ok(asked.partial_list("metric-items", "metric-item", items, told.partial))
}
