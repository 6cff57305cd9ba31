//! Events, read and posted as the reference documents it: a form, or parameters behind the path as its own examples send
//! them, and a sentence with the id as the answer.

use std::sync::Arc;

use axum::body::Bytes;
use metadata_store::{EntityRef, Event, EventFilter, EventSeverity, Events as _, NewEvent};
use model::{
    entity::{Entity, EntityKind},
    event as types,
    id::EntityId,
};
use serde_json::Value;

use super::{
    asked::Asked,
    document::{Document, Shape},
    time_range::TimeRange,
};
use crate::{
    error::ApiError,
    event,
    v1::event_filter::{reference, severities, severity, types as listed_types},
};

/// Events in an answer, the newest.
const MOST: u32 = 600;

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let range = TimeRange::of(&asked)?;
    let mut kinds = listed_types("event-types", asked.param("event-types"))?;
    if kinds.iter().any(|kind| kind == "ALL") {
        kinds.clear();
    }
    let about = About::of(&asked, app.id, |name| asked.param(name))?;
    let filter = EventFilter {
        account_id: asked.caller.account.0,
        applications: Some(vec![app.id.0]),
        from_ms: range.from_ms,
        // What was posted this millisecond is there.
        until_ms: range.to_ms.saturating_add(1),
        kinds,
        severities: severities("severities", asked.param("severities"))?,
        affecting: about.narrowest().map(|entity| vec![reference(entity)]),
        ..EventFilter::default()
    };
    let found = asked.context().store.events(&filter, None, MOST).await?;
    let url = asked.context().status.certificate().public_url;
    let items = found.iter().map(|event| shape(event, &url)).collect();
    Ok(asked.list("events", "event", items))
}

/// Posts an event. The answer is plain text, and scripts read the number in it.
pub(crate) async fn create(asked: Asked, body: Bytes) -> Result<String, ApiError> {
    let app = asked.application()?;
    let form = Form::of(&asked, &body);
    let kind = form.required("eventtype")?;
    event::may_be_posted(kind)?;
    let entities = asked.entities();
    let mut affected = event::affected(&entities, &app);
    for entity in About::of(&asked, app.id, |name| form.get(name))?.all() {
        for one in event::affected(&entities, &entity) {
            if !affected.contains(&one) {
                affected.push(one);
            }
        }
    }
    let sub_type = form.get("customeventtype").filter(|_| kind == types::CUSTOM);
    let event = NewEvent {
        sub_type: sub_type.unwrap_or_default().to_owned(),
        severity: form
            .get("severity")
            .map_or(Ok(EventSeverity::Info), |text| severity("severity", text))?,
        summary: event::line("summary", form.required("summary")?)?,
        comment: form.get("comment").unwrap_or_default().to_owned(),
        affected,
        properties: form.properties()?,
        ..event::of(&asked.caller, kind, Some(&app), asked.context().now_ms())
    };
    let id = asked.context().post(&event).await?;
    Ok(format!("Successfully created the event id:{id}"))
}

/// Fields of the body, and after them those behind the path.
struct Form(Vec<(String, String)>);

impl Form {
    fn of(asked: &Asked, body: &[u8]) -> Form {
        let sent = form_urlencoded::parse(body).into_owned();
        Form(sent.chain(asked.params().iter().cloned()).collect())
    }

    /// The first field of a name that is not empty.
    fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.0.iter().filter(|(known, _)| known == name);
        all.find_map(|(_, value)| Some(value.trim()).filter(|value| !value.is_empty()))
    }

    fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::bad(format!("{name} is missing")))
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a String> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value)
    }

    /// Names and values in the order in which each was repeated.
    fn properties(&self) -> Result<Vec<(String, String)>, ApiError> {
        let (names, values) = (self.all("propertynames"), self.all("propertyvalues"));
        if self.all("propertynames").count() != self.all("propertyvalues").count() {
            return Err(ApiError::bad(
                "there have to be as many propertynames as propertyvalues; repeat the parameters, do not join by commas",
            ));
        }
        Ok(names.cloned().zip(values.cloned()).collect())
    }
}

/// The tier, node and business transaction that a request names, by id or by name.
struct About {
    tier: Option<Arc<Entity>>,
    node: Option<Arc<Entity>>,
    bt: Option<Arc<Entity>>,
}

impl About {
    fn of<'a>(
        asked: &Asked,
        app: EntityId,
        param: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<About, ApiError> {
        let named = |name: &str, kind, parent: Option<&Arc<Entity>>| {
            let find = |text| asked.named(app, kind, parent.map(|parent| parent.id), text);
            param(name).map(find).transpose()
        };
        let tier = named("tier", EntityKind::Tier, None)?;
        let node = named("node", EntityKind::Node, tier.as_ref())?;
        let bt = named("bt", EntityKind::BusinessTransaction, tier.as_ref())?;
        Ok(About { tier, node, bt })
    }

    fn narrowest(&self) -> Option<&Entity> {
        [&self.bt, &self.node, &self.tier].into_iter().find_map(Option::as_deref)
    }

    fn all(self) -> impl Iterator<Item = Arc<Entity>> {
        [self.tier, self.node, self.bt].into_iter().flatten()
    }
}

fn shape(event: &Event, url: &str) -> Shape {
    let page = event.application_id.map_or_else(
        || format!("{url}/events?event={}", event.id),
        |app| format!("{url}/applications/{app}/events?event={}", event.id),
    );
    let affected = event.affected.iter().map(entity).collect();
    let severity = match event.severity {
        EventSeverity::Info => "INFO",
        EventSeverity::Warn => "WARN",
        EventSeverity::Error => "ERROR",
    };
    let properties = event.properties.iter().map(|(name, value)| {
        Shape::Object(vec![("name", name.as_str().into()), ("value", value.as_str().into())])
    });
    Shape::Object(vec![
        ("id", event.id.into()),
        ("type", event.kind.as_str().into()),
        ("subType", event.sub_type.as_str().into()),
        ("summary", event.summary.as_str().into()),
        ("severity", severity.into()),
        ("eventTime", event.time_ms.into()),
        ("deepLinkUrl", page.into()),
        ("markedAsRead", event.is_read.into()),
        ("markedAsResolved", event.is_resolved.into()),
        ("archived", false.into()),
        ("affectedEntities", Shape::List("entity-definition", affected)),
        ("triggeredEntity", event.triggered.as_ref().map_or(Shape::Scalar(Value::Null), entity)),
        ("properties", Shape::List("name-value", properties.collect())),
    ])
}

fn entity(EntityRef { kind, id, name }: &EntityRef) -> Shape {
    let entity_type = match *kind {
        EntityRef::HEALTH_RULE => "POLICY",
        EntityRef::POLICY => "EVENT_REACTOR",
        EntityRef::ACTION => "ACTION",
        kind => EntityKind::from_number(kind).map_or("OTHER", type_of),
    };
    Shape::Object(vec![
        ("entityType", entity_type.into()),
        ("entityId", (*id).into()),
        ("name", name.as_str().into()),
    ])
}

fn type_of(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Application => "APPLICATION",
        EntityKind::Tier => "APPLICATION_COMPONENT",
        EntityKind::Node => "APPLICATION_COMPONENT_NODE",
        EntityKind::BusinessTransaction => "BUSINESS_TRANSACTION",
        EntityKind::ServiceEndpoint => "SERVICE_END_POINT",
        EntityKind::Backend | EntityKind::Queue => "BACKEND",
        EntityKind::ErrorGroup => "ERROR",
        EntityKind::Address => "OTHER",
    }
}
