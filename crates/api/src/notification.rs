//! Between the bodies of policies, actions and suppressions and the documents that alerting reads: sound ones in, and
//! stored ones with names out.

use std::collections::{BTreeMap, BTreeSet};

use alerting::{
    actions::{self, Hidden, email, http, presets},
    desk::Stored,
    mentions, notifier, policy, suppression,
};
use api_types as body;
use api_types::{NameValue, Ref};
use metadata_store::{
    AlertConfig, AlertConfigKind, AlertConfigs as _, DocumentNeeds, HealthRules as _, MayUse,
    NewAlertConfig,
};
use model::{access::Permission, entity::EntityKind, id::EntityId};

use crate::{
    access_key::sound_name, auth::Caller, context::Context, entities::Entities, error::ApiError,
};

/// Longest of single texts in lists.
const MAX_TEXT: usize = 4_096;

impl From<alerting::notifier::NotifierError> for ApiError {
    fn from(error: alerting::notifier::NotifierError) -> Self {
        match error {
            alerting::notifier::NotifierError::Store(error) => error.into(),
            error => {
                ApiError::Unavailable { what: "configuration of alerting", source: Box::new(error) }
            }
        }
    }
}

/// A name as it is kept.
pub(crate) fn name(text: &str) -> Result<String, ApiError> {
    sound_name(text).map(str::to_owned).map_err(ApiError::bad)
}

/// The application that a document is of, if it is of one, which the caller has a permission over: over all of the account
/// where it is of none.
pub(crate) async fn application(
    context: &Context,
    caller: &Caller,
    permission: Permission,
    id: Option<u32>,
) -> Result<Option<u32>, ApiError> {
    if let Some(id) = id
        && context.entities(caller).application(EntityId(id)).is_err()
    {
        return Err(ApiError::Unprocessable(format!(
            "there is no application {id} in your account"
        )));
    }
    context.require(caller, permission, id.map(EntityId)).await?;
    Ok(id)
}

/// A document ready to be stored: `value` of the kind in the open, and what of it is sealed.
pub(crate) fn to_store(
    context: &Context,
    caller: &Caller,
    application_id: Option<u32>,
    name: String,
    value: &impl serde::Serialize,
    sealed: Vec<u8>,
) -> NewAlertConfig {
    NewAlertConfig {
        account_id: caller.account.0,
        application_id,
        name,
        body: serde_json::to_string(value).expect("texts and numbers are JSON"),
        sealed,
        changed_ms: context.now_ms(),
        needs: DocumentNeeds::default(),
    }
}

/// Whether the caller may see what is of an application, or of the whole account where it is of none: that takes the
/// permission over all of it.
pub(crate) fn sees(caller: &Caller, application: Option<u32>) -> bool {
    caller.rights.over(Permission::View, application.map(EntityId))
}

/// All documents of a kind that the caller may see, of one application and the whole account, or all.
pub(crate) async fn configs(
    context: &Context,
    caller: &Caller,
    kind: AlertConfigKind,
    application: Option<u32>,
) -> Result<Vec<AlertConfig>, ApiError> {
    let mut all = of_application(context, caller, kind, application).await?;
    all.retain(|one| sees(caller, one.application_id));
    Ok(all)
}

/// All documents of a kind that hold for an application, those of the whole account included, or all: for who was let
/// through to the application by the door.
pub(crate) async fn of_application(
    context: &Context,
    caller: &Caller,
    kind: AlertConfigKind,
    application: Option<u32>,
) -> Result<Vec<AlertConfig>, ApiError> {
    let mut all = context.store.alert_configs(kind, Some(caller.account.0)).await?;
    all.retain(|one| {
        application.is_none() || one.application_id.is_none() || one.application_id == application
    });
    Ok(all)
}

/// One document that the caller may see.
pub(crate) async fn config(
    context: &Context,
    caller: &Caller,
    kind: AlertConfigKind,
    id: u32,
) -> Result<AlertConfig, ApiError> {
    let found = context.store.alert_config(kind, caller.account.0, id).await?;
    let seen = found.filter(|one| sees(caller, one.application_id));
    seen.ok_or_else(|| ApiError::missing(kind.what(), id))
}

/// One document that the caller may see and has a permission over.
pub(crate) async fn config_for(
    context: &Context,
    caller: &Caller,
    permission: Permission,
    kind: AlertConfigKind,
    id: u32,
) -> Result<AlertConfig, ApiError> {
    let found = config(context, caller, kind, id).await?;
    context.require(caller, permission, found.application_id.map(EntityId)).await?;
    Ok(found)
}

/// What of documents of a kind are called, by id: of those of the whole account, which an application's may name, and of
/// those that the caller may see.
pub(crate) async fn names(
    context: &Context,
    caller: &Caller,
    kind: AlertConfigKind,
) -> Result<BTreeMap<u32, String>, ApiError> {
    let mut all = context.store.alert_configs(kind, Some(caller.account.0)).await?;
    all.retain(|one| one.application_id.is_none() || sees(caller, one.application_id));
    Ok(all.into_iter().map(|one| (one.id, one.name)).collect())
}

/// The names of the health rules that a document of an application can mean; of all of the account's, where it is of none.
async fn rule_names(
    context: &Context,
    caller: &Caller,
    application: Option<u32>,
) -> Result<BTreeSet<String>, ApiError> {
    let applications = match application {
        Some(id) => vec![id],
        None => {
            let all = context.every_entity(caller.account);
            let all = all.all(EntityId::NONE, EntityKind::Application);
            all.iter().map(|one| one.id.0).collect()
        }
    };
    let mut names = BTreeSet::new();
    for id in applications {
        names.extend(context.store.health_rules(id).await?.into_iter().map(|rule| rule.name));
    }
    Ok(names)
}

/// Those of these names of which there is no health rule that a document of the application could mean.
pub(crate) async fn unknown_rules(
    context: &Context,
    caller: &Caller,
    application: Option<u32>,
    named: &BTreeSet<String>,
) -> Result<Vec<String>, ApiError> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let known = rule_names(context, caller, application).await?;
    Ok(named.difference(&known).cloned().collect())
}

/// Refuses names of health rules that there are not; those that the document had before may stay. Gives the new ones, which
/// have to be there when the document is stored.
pub(crate) async fn known_rules(
    context: &Context,
    caller: &Caller,
    application: Option<u32>,
    named: &BTreeSet<String>,
    before: Option<&BTreeSet<String>>,
) -> Result<BTreeSet<String>, ApiError> {
    let new = before.map_or_else(|| named.clone(), |before| named - before);
    let unknown = unknown_rules(context, caller, application, &new).await?;
    let Some(name) = unknown.first() else { return Ok(new) };
    let of = if application.is_some() { "the application" } else { "any application" };
    Err(ApiError::Unprocessable(format!(
        "there is no health rule {name:?} in {of}; make it first, or name another one"
    )))
}

/// Refuses types of events that are never made; those that the policy had before may stay.
pub(crate) fn known_event_types(
    named: &BTreeSet<String>,
    before: Option<&BTreeSet<String>>,
) -> Result<(), ApiError> {
    let is_known =
        |name: &&String| policy::is_event_type(name) || before.is_some_and(|b| b.contains(*name));
    match named.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(unknown) => Err(ApiError::Unprocessable(format!(
            "there are no events of the type {unknown:?}; GET /api/v1/notice-options lists those that there are"
        ))),
    }
}

/// Refuses a policy that does nothing, and a digest that is to go out otherwise than by email. `known` are the actions that it
/// can do.
pub(crate) fn doable(value: &policy::Policy, known: &[AlertConfig]) -> Result<(), ApiError> {
    let what = if value.every_hours.is_some() { "digest" } else { "policy" };
    if value.actions.is_empty() {
        return Err(ApiError::Unprocessable(format!(
            "a {what} without an action tells nobody: make an action first, and name it"
        )));
    }
    for id in &value.actions {
        let action = known.iter().find(|one| one.id == *id);
        let action =
            action.ok_or_else(|| ApiError::Unprocessable(format!("there is no action {id}")))?;
        // One that cannot be read is not done either.
        let doing = notifier::read::<actions::Action>(action).ok().map(|read| read.value.doing);
        if value.every_hours.is_some() && doing.as_ref().is_some_and(is_no_email) {
            return Err(ApiError::Unprocessable(format!(
                "a digest goes out by email, which the action {:?} does not send; name one that does",
                action.name
            )));
        }
    }
    Ok(())
}

/// Whether something else is done than to send an email; of what is kept and not done nobody knows.
fn is_no_email(doing: &actions::Doing) -> bool {
    matches!(doing, actions::Doing::Http(_) | actions::Doing::Command(_))
}

/// The actions that a policy of the caller's may do: those of the whole account, and of applications that he sees.
pub(crate) async fn known_actions(
    context: &Context,
    caller: &Caller,
) -> Result<Vec<AlertConfig>, ApiError> {
    let kind = AlertConfigKind::Action;
    let mut all = context.store.alert_configs(kind, Some(caller.account.0)).await?;
    all.retain(|one| one.application_id.is_none() || sees(caller, one.application_id));
    Ok(all)
}

/// Refuses a window that will never be on again; one that was stored so may stay.
pub(crate) fn lies_ahead(
    context: &Context,
    window: &suppression::Window,
    before: Option<&suppression::Window>,
) -> Result<(), ApiError> {
    match window {
        suppression::Window::OneTime { until_ms, .. }
            if *until_ms <= context.now_ms() && before != Some(window) =>
        {
            Err(ApiError::Unprocessable(
                "the window is over already, so that nothing would ever be suppressed; choose an end that lies ahead"
                    .to_owned(),
            ))
        }
        _ => Ok(()),
    }
}

/// Why a health rule may not go: policies, digests or suppressions name it.
pub(crate) fn names_rule(caller: &Caller, of: &MayUse) -> Option<String> {
    let naming = |(kind, one): &&(AlertConfigKind, AlertConfig)| {
        mentions::rules(*kind, one).contains(&of.name)
            // What is of the whole account may mean a rule of another application.
            && !(of.is_elsewhere && one.application_id.is_none())
    };
    let users: Vec<_> = of.documents.iter().filter(naming).collect();
    in_use(caller, &users, "names this health rule", "name another rule in it, or delete it, first")
}

/// Why an action may not go: policies or digests do it.
pub(crate) fn tells_by_action(caller: &Caller, id: u32, of: &MayUse) -> Option<String> {
    let doing = |(kind, one): &&(AlertConfigKind, AlertConfig)| {
        mentions::OF_ACTIONS.contains(kind) && mentions::does(one, id)
    };
    let users: Vec<_> = of.documents.iter().filter(doing).collect();
    in_use(caller, &users, "tells by this action", "give it another action, or delete it, first")
}

/// Why an action may not do this instead: digests go out by it, and it would tell otherwise than by email.
pub(crate) fn is_unfit_for_digests(
    caller: &Caller,
    id: u32,
    doing: &actions::Doing,
    of: &MayUse,
) -> Option<String> {
    if !is_no_email(doing) {
        return None;
    }
    let by_it = |(kind, one): &&(AlertConfigKind, AlertConfig)| {
        *kind == AlertConfigKind::Digest && mentions::does(one, id)
    };
    let users: Vec<_> = of.documents.iter().filter(by_it).collect();
    let remedy = "digests are emails; give it another action first";
    in_use(caller, &users, "goes out by this action", remedy)
}

/// What says that something is used by nothing.
pub(crate) fn by_nothing(_: &MayUse) -> Option<String> {
    None
}

/// Says that something uses what is to go; names the first that the caller may see.
fn in_use(
    caller: &Caller,
    users: &[&(AlertConfigKind, AlertConfig)],
    how: &str,
    remedy: &str,
) -> Option<String> {
    let (kind, first) = users.iter().max_by_key(|(_, one)| sees(caller, one.application_id))?;
    let what = kind.what();
    let named = match sees(caller, first.application_id) {
        true => format!("the {what} {:?}", first.name),
        false => format!("a {what} that you may not see"),
    };
    let more = match users.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Some(format!("{named}{more} {how}; {remedy}"))
}

/// A document that may be of an application.
pub(crate) fn mention(entities: &Entities, application: Option<u32>) -> Option<Ref> {
    application.map(|id| entities.mention(EntityId(id)))
}

fn too_long(what: &str) -> ApiError {
    ApiError::bad(format!("{what} has more or longer parts than may be"))
}

fn texts(what: &str, all: &[String], most: usize) -> Result<BTreeSet<String>, ApiError> {
    if all.len() > most || all.iter().any(|one| one.len() > 4 * 255) {
        return Err(too_long(what));
    }
    Ok(all.iter().filter(|one| !one.trim().is_empty()).cloned().collect())
}

fn pairs(what: &str, all: &[NameValue], most: usize) -> Result<Vec<(String, String)>, ApiError> {
    if all.len() > most || all.iter().any(|one| one.name.len() + one.value.len() > 4 * MAX_TEXT) {
        return Err(too_long(what));
    }
    Ok(all.iter().map(|one| (one.name.clone(), one.value.clone())).collect())
}

fn named(all: &[(String, String)]) -> Vec<NameValue> {
    let of =
        |(name, value): &(String, String)| NameValue { name: name.clone(), value: value.clone() };
    all.iter().map(of).collect()
}

macro_rules! kinds {
    ($($kind:ident),*) => {
        fn selected(kind: body::SelectedKind) -> policy::SelectedKind {
            match kind { $(body::SelectedKind::$kind => policy::SelectedKind::$kind),* }
        }

        fn shown_kind(kind: policy::SelectedKind) -> body::SelectedKind {
            match kind { $(policy::SelectedKind::$kind => body::SelectedKind::$kind),* }
        }
    };
}
kinds!(Application, Tier, Node, BusinessTransaction, Backend, ServiceEndpoint, Error);

fn selectors(all: &[body::EntitySelection]) -> Result<Vec<policy::EntitySelector>, ApiError> {
    if all.len() > 50 || all.iter().any(|one| one.ids.len() > policy::MAX_NAMED) {
        return Err(too_long("entities"));
    }
    let of = |one: &body::EntitySelection| policy::EntitySelector {
        kind: selected(one.kind),
        ids: one.ids.iter().copied().collect(),
    };
    Ok(all.iter().map(of).collect())
}

fn selections(all: &[policy::EntitySelector]) -> Vec<body::EntitySelection> {
    let of = |one: &policy::EntitySelector| body::EntitySelection {
        kind: shown_kind(one.kind),
        ids: one.ids.iter().copied().collect(),
    };
    all.iter().map(of).collect()
}

/// A sound policy.
pub(crate) fn policy(wanted: &body::NewPolicy) -> Result<policy::Policy, ApiError> {
    if wanted.gather_seconds > policy::MAX_GATHER_SECONDS {
        return Err(ApiError::bad("gather_seconds has to be at most 3600"));
    }
    if wanted.every_hours.is_some_and(|hours| !(1..=policy::MAX_DIGEST_HOURS).contains(&hours)) {
        return Err(ApiError::bad("every_hours has to be between 1 and 168"));
    }
    if wanted.actions.len() > policy::MAX_ACTIONS {
        return Err(ApiError::bad("a policy takes at most 20 actions"));
    }
    if wanted.custom_events.len() > 50 {
        return Err(too_long("custom_events"));
    }
    let custom = |one: &body::CustomEventMatch| {
        Ok(policy::CustomMatch {
            event_type: one.event_type.clone(),
            properties: pairs("custom_events", &one.properties, 20)?,
            any_property: one.any_property,
        })
    };
    let custom: Vec<_> =
        wanted.custom_events.iter().map(custom).collect::<Result<_, ApiError>>()?;
    Ok(policy::Policy {
        enabled: wanted.enabled,
        event_types: texts("event_types", &wanted.event_types, 200)?,
        rules: texts("rules", &wanted.rules, policy::MAX_NAMED)?,
        custom,
        entities: selectors(&wanted.entities)?,
        actions: wanted.actions.clone(),
        gather_seconds: wanted.gather_seconds,
        every_hours: wanted.every_hours,
        reference: None,
        exported: None,
    })
}

/// A policy as people see it.
pub(crate) fn shown_policy(
    stored: Stored<policy::Policy>,
    changed_at: i64,
    actions: &BTreeMap<u32, String>,
    entities: &Entities,
) -> body::Policy {
    let value = stored.value;
    let custom = |one: &policy::CustomMatch| body::CustomEventMatch {
        event_type: one.event_type.clone(),
        properties: named(&one.properties),
        any_property: one.any_property,
    };
    let action = |id: &u32| Ref { id: *id, name: actions.get(id).cloned().unwrap_or_default() };
    body::Policy {
        id: stored.id,
        name: stored.name,
        application: mention(entities, stored.application),
        enabled: value.enabled,
        event_types: value.event_types.into_iter().collect(),
        rules: value.rules.into_iter().collect(),
        custom_events: value.custom.iter().map(custom).collect(),
        entities: selections(&value.entities),
        actions: value.actions.iter().map(action).collect(),
        gather_seconds: value.gather_seconds,
        every_hours: value.every_hours,
        changed_at,
    }
}

/// Days by their numbers; which there are is for the window to say.
fn small(what: &str, all: Vec<u32>) -> Result<BTreeSet<u8>, ApiError> {
    let one = |number: u32| {
        u8::try_from(number)
            .map_err(|_| ApiError::Unprocessable(format!("{what} has {number}, which is no day")))
    };
    all.into_iter().map(one).collect()
}

/// A sound suppression.
pub(crate) fn suppression(
    wanted: &body::NewSuppression,
) -> Result<suppression::Suppression, ApiError> {
    let window = match wanted.window.clone() {
        body::SuppressionWindow::OneTime { from, to } => {
            suppression::Window::OneTime { from_ms: from, until_ms: to }
        }
        body::SuppressionWindow::Recurring {
            days,
            month_days,
            from_minute,
            until_minute,
            zone,
        } => suppression::Window::Recurring {
            days: small("days", days)?,
            month_days: small("month_days", month_days)?,
            from_minute,
            until_minute,
            zone,
        },
    };
    window.check().map_err(ApiError::Unprocessable)?;
    Ok(suppression::Suppression {
        enabled: wanted.enabled,
        window,
        rules: texts("rules", &wanted.rules, policy::MAX_NAMED)?,
        entities: selectors(&wanted.entities)?,
        reference: None,
    })
}

/// A suppression as people see it, with when it is on between two moments.
pub(crate) fn shown_suppression(
    stored: Stored<suppression::Suppression>,
    changed_at: i64,
    entities: &Entities,
    (now_ms, from_ms, to_ms): (i64, i64, i64),
) -> body::Suppression {
    let value = stored.value;
    let stretches = value.window.stretches(from_ms, to_ms);
    let on = value.enabled && value.window.is_on(now_ms);
    let window = match value.window {
        suppression::Window::OneTime { from_ms, until_ms } => {
            body::SuppressionWindow::OneTime { from: from_ms, to: until_ms }
        }
        suppression::Window::Recurring { days, month_days, from_minute, until_minute, zone } => {
            body::SuppressionWindow::Recurring {
                days: days.into_iter().map(u32::from).collect(),
                month_days: month_days.into_iter().map(u32::from).collect(),
                from_minute,
                until_minute,
                zone,
            }
        }
    };
    body::Suppression {
        id: stored.id,
        name: stored.name,
        application: mention(entities, stored.application),
        enabled: value.enabled,
        window,
        rules: value.rules.into_iter().collect(),
        entities: selections(&value.entities),
        changed_at,
        on,
        stretches: stretches.into_iter().map(|(from, to)| body::Stretch { from, to }).collect(),
    }
}

/// What a sound action does, its templates tried on a made-up notice.
pub(crate) fn doing(wanted: &body::Doing, secrets: &Hidden) -> Result<actions::Doing, ApiError> {
    Ok(match wanted {
        body::Doing::Email { to, subject } => {
            if to.is_empty() || to.len() > actions::MAX_RECIPIENTS {
                return Err(ApiError::Unprocessable(format!(
                    "an email needs 1 to {} addresses",
                    actions::MAX_RECIPIENTS
                )));
            }
            for address in to {
                email::mailbox(address).map_err(ApiError::Unprocessable)?;
            }
            let email = actions::Email { to: to.clone(), subject: subject.clone() };
            email::write(&email, &alerting::notice::sample()).map_err(ApiError::Unprocessable)?;
            actions::Doing::Email(email)
        }
        body::Doing::Http { preset, method, url, headers, body } => {
            if body.len() > actions::MAX_TEMPLATE || url.len() > MAX_TEXT || preset.len() > 200 {
                return Err(too_long("doing"));
            }
            let http = actions::Http {
                preset: preset.clone(),
                method: method.clone(),
                url: url.clone(),
                headers: pairs("headers", headers, actions::MAX_PARTS)?,
                body: body.clone(),
            };
            http::make(&http, &alerting::notice::sample(), secrets)
                .map_err(ApiError::Unprocessable)?;
            actions::Doing::Http(http)
        }
        body::Doing::Command { command, arguments } => {
            if arguments.len() > actions::MAX_PARTS
                || arguments.iter().any(|one| one.len() > MAX_TEXT)
                || command.len() > 1_000
            {
                return Err(too_long("arguments"));
            }
            actions::Doing::Command(actions::Command {
                command: command.clone(),
                arguments: arguments.clone(),
            })
        }
        body::Doing::Unsupported { what } => {
            return Err(ApiError::Unprocessable(format!(
                "actions of the kind {what:?} are not done here; make an email, an HTTP request or a command"
            )));
        }
    })
}

/// What an action does as people see it.
pub(crate) fn shown_doing(doing: &actions::Doing) -> body::Doing {
    match doing {
        actions::Doing::Email(email) => {
            body::Doing::Email { to: email.to.clone(), subject: email.subject.clone() }
        }
        actions::Doing::Http(http) => shown_http(http),
        actions::Doing::Command(command) => body::Doing::Command {
            command: command.command.clone(),
            arguments: command.arguments.clone(),
        },
        actions::Doing::Unsupported { what } => body::Doing::Unsupported { what: what.clone() },
    }
}

fn shown_http(http: &actions::Http) -> body::Doing {
    body::Doing::Http {
        preset: http.preset.clone(),
        method: http.method.clone(),
        url: http.url.clone(),
        headers: named(&http.headers),
        body: http.body.clone(),
    }
}

/// The secrets that an action is to have: those that were sent, and of those stored the ones that are to stay.
pub(crate) fn secrets(
    wanted: &BTreeMap<String, Option<String>>,
    before: &Hidden,
) -> Result<Hidden, ApiError> {
    let sound = |name: &String| {
        name.len() <= 64
            && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
            && !name.is_empty()
    };
    if wanted.len() > actions::MAX_SECRETS
        || wanted.values().flatten().any(|secret| secret.len() > MAX_TEXT)
    {
        return Err(too_long("secrets"));
    }
    if let Some(wrong) = wanted.keys().find(|name| !sound(name)) {
        return Err(ApiError::Unprocessable(format!(
            "a secret's name is made of letters, digits and underscores; {wrong:?} is not"
        )));
    }
    let kept = wanted.iter().filter_map(|(name, value)| {
        let value = value.clone().or_else(|| before.0.get(name).cloned())?;
        Some((name.clone(), value))
    });
    Ok(Hidden(kept.collect()))
}

/// A notice as people read it.
pub(crate) fn rendered(
    notice: &alerting::notice::Notice,
) -> Result<body::RenderedNotice, ApiError> {
    let written =
        email::write(&actions::Email::default(), notice).map_err(ApiError::Unprocessable)?;
    Ok(body::RenderedNotice { title: written.subject, text: written.text, html: written.html })
}

/// An attempt as people see it.
pub(crate) fn shown_attempt(attempt: &actions::Attempt) -> body::DeliveryAttempt {
    body::DeliveryAttempt {
        at: attempt.at_ms,
        took: attempt.took_ms,
        ok: attempt.outcome.ok,
        target: attempt.outcome.target.clone(),
        status: attempt.outcome.status.clone(),
        answer: attempt.outcome.answer.clone(),
    }
}

/// Ready requests.
pub(crate) fn shown_presets() -> Vec<body::ActionPreset> {
    let of = |preset: &presets::Preset| body::ActionPreset {
        id: preset.id.to_owned(),
        name: preset.name.to_owned(),
        help: preset.help.to_owned(),
        secrets: preset
            .secrets
            .iter()
            .map(|(name, value)| NameValue { name: (*name).to_owned(), value: (*value).to_owned() })
            .collect(),
        doing: shown_http(&(preset.request)()),
    };
    presets::PRESETS.iter().map(of).collect()
}
