//! Events as both APIs make them: whom they affect, what people may post, what is noted of changes that people make here.

use metadata_store::{Added, EntityRef, EventSeverity, Events as _, NewEvent};
use model::{
    entity::{Entity, EntityKind},
    event,
    id::EntityId,
};

use crate::{auth::Caller, context::Context, entities::Entities, error::ApiError};

/// An entity and what it is part of, the widest first: an event of a node affects its tier and application too.
pub(crate) fn affected(entities: &Entities, entity: &Entity) -> Vec<EntityRef> {
    let parents = [entity.key.application, entity.key.parent];
    let parents = parents.into_iter().filter_map(|id| entities.get(id));
    let mut all: Vec<EntityRef> = parents.map(|parent| mention(&parent)).collect();
    all.push(mention(entity));
    all
}

fn mention(entity: &Entity) -> EntityRef {
    EntityRef { kind: entity.key.kind as u8, id: entity.id.0, name: entity.key.name.clone() }
}

/// Refuses the types of events that Vedette finds itself: what policies act on cannot be made up.
pub(crate) fn may_be_posted(kind: &str) -> Result<(), ApiError> {
    if event::POSTED.contains(&kind) {
        return Ok(());
    }
    let all = event::POSTED.join(", ");
    Err(ApiError::bad(format!("the type of an event that is posted has to be one of {all}")))
}

/// One line: control characters become spaces, and there is something else.
pub(crate) fn line(what: &str, text: &str) -> Result<String, ApiError> {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.trim() {
        "" => Err(ApiError::bad(format!("{what} has to say something"))),
        line => Ok(line.to_owned()),
    }
}

/// An event of now, about an entity of an application or about the whole account.
pub(crate) fn of(caller: &Caller, kind: &str, about: Option<&Entity>, now_ms: i64) -> NewEvent {
    let application = about.map(|entity| match entity.key.kind {
        EntityKind::Application => entity.id,
        _ => entity.key.application,
    });
    NewEvent {
        account_id: caller.account.0,
        application_id: application.map(|id| id.0),
        kind: kind.to_owned(),
        sub_type: String::new(),
        severity: EventSeverity::Info,
        time_ms: now_ms,
        summary: String::new(),
        comment: String::new(),
        affected: Vec::new(),
        triggered: None,
        properties: Vec::new(),
        key: None,
        repeats: 1,
        detail: String::new(),
    }
}

impl Context {
    /// Stores an event that somebody posts, and returns its id.
    pub(crate) async fn post(&self, event: &NewEvent) -> Result<u32, ApiError> {
        match self.store.add_event(event).await? {
            Added::New(id) | Added::Known(id) => Ok(id),
            Added::Refused => unreachable!("one event that is refused is an error"),
        }
    }

    /// Notes that somebody changed how something is watched. The change has happened: that it cannot be noted is logged.
    pub(crate) async fn note_change(
        &self,
        caller: &Caller,
        about: Option<EntityId>,
        summary: String,
    ) {
        let entities = self.every_entity(caller.account);
        let entity = about.and_then(|id| entities.get(id));
        let affected = entity.as_deref().map(|entity| affected(&entities, entity));
        let event = NewEvent {
            summary,
            affected: affected.unwrap_or_default(),
            properties: vec![("user".to_owned(), caller.name.clone())],
            ..of(caller, event::CONFIG_CHANGE, entity.as_deref(), self.now_ms())
        };
        if let Err(error) = self.store.add_event(&event).await {
            tracing::warn!(%error, summary = event.summary, "a change could not be noted as an event");
        }
    }
}
