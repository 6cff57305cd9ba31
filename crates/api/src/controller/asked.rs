//! What a request asks for: its parameters, whose names have hyphens and whose values vary in case, and entities in its
//! path by id or name.

use std::sync::Arc;

use api_types::Partial;
use axum::extract::{FromRequestParts, Path, RawPathParams};
use http::request::Parts;
use model::{
    entity::{Entity, EntityKind},
    id::EntityId,
};

use super::document::{Document, Format, Shape};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    entities::{Entities, is_historical},
    error::ApiError,
    extract::Params,
};

/// A request under `/controller`.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(super) context: Shared,
    pub(super) caller: Caller,
    params: Vec<(String, String)>,
    path: Vec<(String, String)>,
    format: Format,
}

impl FromRequestParts<Shared> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, context: &Shared) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, context).await?;
        let Params(params) =
            Params::<Vec<(String, String)>>::from_request_parts(parts, context).await?;
        let path = path(parts).await?;
        let format = format(&params)?;
        Ok(Asked { context: Arc::clone(context), caller, params, path, format })
    }
}

async fn path(parts: &mut Parts) -> Result<Vec<(String, String)>, ApiError> {
    // Routes without parameters have no such thing as a path extractor's input.
    if RawPathParams::from_request_parts(parts, &()).await.is_err() {
        return Ok(Vec::new());
    }
    let path = Path::<Vec<(String, String)>>::from_request_parts(parts, &()).await;
    path.map(|Path(path)| path).map_err(|_| ApiError::bad("the path is not UTF-8 once decoded"))
}

/// How the answer is to be written.
pub(super) fn format(params: &[(String, String)]) -> Result<Format, ApiError> {
    let output = params.iter().find(|(name, _)| name == "output").map(|(_, value)| value.as_str());
    match output {
        None | Some("") => Ok(Format::Xml),
        Some(output) if output.eq_ignore_ascii_case("xml") => Ok(Format::Xml),
        Some(output) if output.eq_ignore_ascii_case("json") => Ok(Format::Json),
        Some(output) => Err(ApiError::bad(format!("output is {output:?}; use JSON or XML"))),
    }
}

impl Asked {
    /// A parameter that is not empty.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// All parameters behind the path, in order.
    pub(super) fn params(&self) -> &[(String, String)] {
        &self.params
    }

    /// A parameter that has to be `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.param(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(text) => Err(ApiError::bad(format!("{name} is {text:?}; use true or false"))),
        }
    }

    /// A parameter that has to be a whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.param(name) else { return Ok(None) };
        let number = text.parse().map_err(|_| {
            ApiError::bad(format!("{name} is {text:?}; it has to be a whole number"))
        })?;
        Ok(Some(number))
    }

    /// A parameter that is a list of ids joined by commas; empty when it is not given.
    pub(super) fn ids(&self, name: &str) -> Result<Vec<EntityId>, ApiError> {
        ids(name, self.param(name).unwrap_or_default())
    }

    pub(super) fn entities(&self) -> Entities {
        self.context.entities(&self.caller)
    }

    /// The application in the path.
    pub(super) fn application(&self) -> Result<Arc<Entity>, ApiError> {
        let text = self.path_param("app");
        let found = self.entities().application_named(text);
        found.ok_or_else(|| ApiError::missing("application", text))
    }

    /// The tier in the path.
    pub(super) fn tier(&self, application: EntityId) -> Result<Arc<Entity>, ApiError> {
        self.by_id_or_name("tier", &self.entities().all(application, EntityKind::Tier), "tier")
    }

    /// The node in the path. Nodes of several tiers may have one name; of those the application answers with one that
    /// reports now, and of several such with the oldest.
    pub(super) fn node(&self, application: EntityId) -> Result<Arc<Entity>, ApiError> {
        let mut all = self.entities().all(application, EntityKind::Node);
        let now_ms = self.context.now_ms();
        all.sort_by_key(|node| (is_historical(node, now_ms), node.id));
        self.by_id_or_name("node", &all, "node")
    }

    /// The node in the path, which has to be the tier's.
    pub(super) fn node_of(&self, tier: &Entity) -> Result<Arc<Entity>, ApiError> {
        let mut all = self.entities().all(tier.key.application, EntityKind::Node);
        all.retain(|node| node.key.parent == tier.id);
        self.by_id_or_name("node", &all, "node")
    }

    /// An entity of an application, and of a tier where one is given, by id or by name.
    pub(super) fn named(
        &self,
        application: EntityId,
        kind: EntityKind,
        tier: Option<EntityId>,
        text: &str,
    ) -> Result<Arc<Entity>, ApiError> {
        let mut all = self.entities().all(application, kind);
        all.retain(|entity| tier.is_none_or(|tier| entity.key.parent == tier));
        let what = match kind {
            EntityKind::Tier => "tier",
            EntityKind::Node => "node",
            _ => "business transaction",
        };
        by_id_or_name(text, &all, what)
    }

    /// A text in the path that is not empty.
    pub(super) fn path_text(&self, param: &str) -> Option<&str> {
        Some(self.path_param(param)).filter(|text| !text.is_empty())
    }

    fn path_param(&self, param: &str) -> &str {
        let found = self.path.iter().find(|(name, _)| name == param);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn by_id_or_name(
        &self,
        param: &str,
        all: &[Arc<Entity>],
        what: &str,
    ) -> Result<Arc<Entity>, ApiError> {
        by_id_or_name(self.path_param(param), all, what)
    }

    /// The answer: items of a list.
    pub(super) fn list(
        &self,
        root: &'static str,
        item: &'static str,
        items: Vec<Shape>,
    ) -> Document {
        self.partial_list(root, item, items, None)
    }

    /// The answer: items of a list, and why it may not be whole.
    pub(super) fn partial_list(
        &self,
        root: &'static str,
        item: &'static str,
        items: Vec<Shape>,
        partial: Option<Partial>,
    ) -> Document {
        Document { root, shape: Shape::List(item, items), format: self.format, partial }
    }

    /// An id in the path.
    pub(super) fn path_id(&self, param: &str, what: &str) -> Result<u32, ApiError> {
        let text = self.path.iter().find(|(name, _)| name == param);
        let text = text.map(|(_, value)| value.as_str()).unwrap_or_default();
        text.parse().map_err(|_| ApiError::missing(what, text))
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }
}

/// An id wins over a name that is a number; of several of one name the first.
fn by_id_or_name(text: &str, all: &[Arc<Entity>], what: &str) -> Result<Arc<Entity>, ApiError> {
    let by_id = text.parse().ok().map(EntityId);
    let found = all.iter().find(|entity| Some(entity.id) == by_id);
    let found = found.or_else(|| all.iter().find(|entity| entity.key.name == text));
    found.cloned().ok_or_else(|| ApiError::missing(what, text))
}

/// Ids joined by commas.
pub(super) fn ids(name: &str, text: &str) -> Result<Vec<EntityId>, ApiError> {
    let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
    let read = |id: &str| {
        id.parse().map(EntityId).map_err(|_| {
            ApiError::bad(format!("{name} is {text:?}; it has to be ids joined by commas"))
        })
    };
    ids.map(read).collect()
}
