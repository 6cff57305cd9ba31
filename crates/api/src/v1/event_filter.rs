//! Which events a request means.

use metadata_store::{EventFilter, EventSeverity};
use model::{
    entity::{Entity, EntityKind},
    id::EntityId,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::Caller,
    entities::{Entities, Sight},
    error::ApiError,
    extract::Range,
};

/// Characters of a searched text, and types in one list.
const MAX_TEXT: usize = 1024;
const MAX_TYPES: usize = 50;

/// Which events: those for which all of this is so.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParams {
    /// Id of an application.
    application: Option<u32>,
    /// Id of an entity that is affected: a tier, a node, a business transaction, a backend, ….
    entity: Option<u32>,
    /// Any of these types, joined by commas.
    #[param(example = "APPLICATION_DEPLOYMENT,CUSTOM", pattern = "^[A-Z_,]*$", max_length = 1024)]
    r#type: Option<String>,
    /// Any of these, joined by commas: `INFO`, `WARN`, `ERROR`.
    #[param(pattern = "^((INFO|WARN|ERROR)?,)*(INFO|WARN|ERROR)?$")]
    severity: Option<String>,
    /// Stands in the summary or the comment, in capitals or not.
    #[param(example = "rollback", max_length = 1024)]
    text: Option<String>,
    /// `true`: only those that are not resolved.
    unresolved: Option<bool>,
}

impl EventParams {
    pub(crate) fn filter(
        self,
        caller: &Caller,
        range: &Range,
        entities: &Entities,
    ) -> Result<EventFilter, ApiError> {
        let application =
            entities.filter(self.application, EntityKind::Application, "application")?;
        let entity = self.entity.map(EntityId);
        let entity =
            entity.map(|id| entities.get(id).ok_or_else(|| ApiError::missing("entity", id)));
        let text = self.text.unwrap_or_default();
        if text.chars().count() > MAX_TEXT {
            return Err(ApiError::bad(format!("text is longer than {MAX_TEXT} characters")));
        }
        Ok(EventFilter {
            account_id: caller.account.0,
            applications: match (application, entities.sight()) {
                (Some(id), _) => Some(vec![id.0]),
                (None, Sight::All) => None,
                (None, Sight::Only(some)) => Some(some.iter().map(|id| id.0).collect()),
            },
            from_ms: range.from_ms,
            // What was posted this millisecond is there.
            until_ms: range.to_ms.saturating_add(1),
            kinds: types("type", self.r#type.as_deref())?,
            severities: severities("severity", self.severity.as_deref())?,
            affecting: entity.transpose()?.map(|entity| vec![reference(&entity)]),
            text,
            unread_only: false,
            unresolved_only: self.unresolved.unwrap_or(false),
        })
    }
}

/// How the store knows an entity.
pub(crate) fn reference(entity: &Entity) -> (u8, u32) {
    (entity.key.kind as u8, entity.id.0)
}

fn listed(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// Types joined by commas.
pub(crate) fn types(name: &str, text: Option<&str>) -> Result<Vec<String>, ApiError> {
    let all: Vec<String> = listed(text).map(str::to_owned).collect();
    let is_word = |word: &String| word.bytes().all(|c| c.is_ascii_uppercase() || c == b'_');
    if all.len() > MAX_TYPES || !all.iter().all(is_word) {
        return Err(ApiError::bad(format!(
            "{name} has to be at most {MAX_TYPES} types joined by commas, like APPLICATION_DEPLOYMENT,CUSTOM"
        )));
    }
    Ok(all)
}

/// Severities joined by commas.
pub(crate) fn severities(name: &str, text: Option<&str>) -> Result<Vec<EventSeverity>, ApiError> {
    listed(text).map(|one| severity(name, one)).collect()
}

/// One severity.
pub(crate) fn severity(name: &str, text: &str) -> Result<EventSeverity, ApiError> {
    match text {
        "INFO" => Ok(EventSeverity::Info),
        "WARN" => Ok(EventSeverity::Warn),
        "ERROR" => Ok(EventSeverity::Error),
        other => Err(ApiError::bad(format!("{name} is {other:?}; use INFO, WARN or ERROR"))),
    }
}
