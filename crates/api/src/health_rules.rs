//! Health rules and schedules as handlers of either API change them.

use std::collections::BTreeSet;

use alerting::{
    baselines::{Definition, Definitions},
    mentions,
};
use metadata_store::{
    HealthRule, HealthRules as _, MayUse, NameTaken, NewHealthRule, NewSchedule, RuleNeeds,
    StoreError, StoredSchedule,
};
use model::{
    id::EntityId,
    rule::{ALWAYS, Rule, RuleError, Schedule},
};

use crate::{auth::Caller, context::Context, error::ApiError, notification};

/// Rules that a refusal names.
const MOST_NAMED: usize = 10;

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> ApiError {
        ApiError::Unprocessable(error.to_string())
    }
}

/// A stored rule, read; one that a newer version wrote cannot be.
pub(crate) fn rule_of(stored: &HealthRule) -> Result<Rule, ApiError> {
    serde_json::from_str(&stored.body)
        .map_err(|source| ApiError::Unavailable { what: "health rule", source: Box::new(source) })
}

/// A stored schedule, read.
pub(crate) fn schedule_of(stored: &StoredSchedule) -> Result<Schedule, ApiError> {
    serde_json::from_str(&stored.body)
        .map_err(|source| ApiError::Unavailable { what: "schedule", source: Box::new(source) })
}

/// One rule of an application.
pub(crate) async fn rule(
    context: &Context,
    application: EntityId,
    id: u32,
) -> Result<HealthRule, ApiError> {
    let found = context.store.health_rule(application.0, id).await?;
    found.ok_or_else(|| ApiError::missing("health rule", id))
}

/// Checks a rule and stores it; `id` is that of the rule it takes the place of.
pub(crate) async fn put_rule(
    context: &Context,
    caller: &Caller,
    application: EntityId,
    id: Option<u32>,
    rule: &Rule,
) -> Result<HealthRule, ApiError> {
    let known = Known::load(context, caller, application).await?;
    let was = match id {
        None => None,
        // One that cannot be read any more can be replaced.
        Some(id) => rule_of(&self::rule(context, application, id).await?).ok(),
    };
    known.check(rule, was.as_ref())?;
    let needs = known.needs(rule, was.as_ref());
    let new = NewHealthRule { needs, ..to_store(context, application, rule) };
    let put = match id {
        None => context.store.create_health_rule(&new).await,
        Some(id) => context
            .store
            .replace_health_rule(caller.account.0, id, &new, &mentions::following)
            .await
            .map(|()| id),
    };
    let id = put.map_err(of_store)?;
    tracing::info!(
        id,
        application = application.0,
        name = rule.name,
        user = caller.name,
        "health rule"
    );
    self::rule(context, application, id).await
}

fn to_store(context: &Context, application: EntityId, rule: &Rule) -> NewHealthRule {
    NewHealthRule {
        application_id: application.0,
        name: rule.name.clone(),
        enabled: rule.enabled,
        body: serde_json::to_string(rule).expect("a rule is plain data with finite numbers"),
        changed_ms: context.now_ms(),
        needs: RuleNeeds::default(),
    }
}

/// Stores rules that come in together and were checked by [`Known::check`], all of them or none.
pub(crate) async fn import_rules(
    context: &Context,
    caller: &Caller,
    (application, known): (EntityId, &Known),
    all: &[Rule],
    taken: NameTaken,
) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    let mut new = Vec::with_capacity(all.len());
    for rule in all {
        let of_rule = |error: ApiError| {
            let sentence =
                format!("nothing was imported. The health rule {:?}: {error}", rule.name);
            ApiError::Unprocessable(sentence)
        };
        if !names.insert(rule.name.as_str()) {
            return Err(of_rule(ApiError::bad("the file has several of this name")));
        }
        let needs = known.needs(rule, None);
        new.push(NewHealthRule { needs, ..to_store(context, application, rule) });
    }
    context.store.import_health_rules(&new, taken).await.map_err(|error| match error {
        StoreError::AlreadyExists { .. } => ApiError::Conflict(format!(
            "nothing was imported: {error}. Overwrite what there is by overwrite=true"
        )),
        error => of_store(error),
    })?;
    tracing::info!(
        rules = all.len(),
        application = application.0,
        user = caller.name,
        "health rules imported"
    );
    Ok(())
}

/// What the rules of an application can name.
pub(crate) struct Known {
    schedules: Vec<StoredSchedule>,
    baselines: Vec<Definition>,
}

impl Known {
    pub(crate) async fn load(
        context: &Context,
        caller: &Caller,
        application: EntityId,
    ) -> Result<Known, ApiError> {
        let baselines = Definitions::load(&context.store, caller.account).await?;
        Ok(Known {
            schedules: context.store.schedules(application.0).await?,
            baselines: baselines.of_application(application),
        })
    }

    /// Whether a rule is sound, and what it names is there; what the rule in whose place it comes named already may stay.
    pub(crate) fn check(&self, rule: &Rule, was: Option<&Rule>) -> Result<(), ApiError> {
        rule.check()?;
        self.schedule(&rule.schedule)?;
        let before = was.map(Rule::baselines).unwrap_or_default();
        let is_known = |name: &str| self.baselines.iter().any(|known| known.name == name);
        match rule.baselines().difference(&before).find(|name| !is_known(name)) {
            None => Ok(()),
            Some(unknown) => {
                let names: Vec<&str> =
                    self.baselines.iter().map(|known| known.name.as_str()).collect();
                Err(ApiError::Unprocessable(format!(
                    "there is no baseline {unknown:?}; use null for the application's default, or one of {}",
                    names.join(", ")
                )))
            }
        }
    }

    /// What has to be there when a rule that was checked is stored.
    fn needs(&self, rule: &Rule, was: Option<&Rule>) -> RuleNeeds {
        let before = was.map(Rule::baselines).unwrap_or_default();
        let is_own = |name: &str| self.baselines.iter().any(|b| b.name == name && !b.is_factory);
        let baselines = rule.baselines();
        let new = baselines.difference(&before).filter(|name| is_own(name));
        RuleNeeds {
            schedules: (rule.schedule != ALWAYS)
                .then(|| rule.schedule.clone())
                .into_iter()
                .collect(),
            baselines: new.map(|name| (*name).to_owned()).collect(),
        }
    }

    /// The schedule of this name; none where it is the one that is not stored.
    fn schedule(&self, name: &str) -> Result<Option<&StoredSchedule>, ApiError> {
        if name == ALWAYS {
            return Ok(None);
        }
        let known = self.schedules.iter().find(|schedule| schedule.name == name);
        known.map(Some).ok_or_else(|| {
            let names: Vec<&str> =
                self.schedules.iter().map(|schedule| schedule.name.as_str()).collect();
            ApiError::Unprocessable(format!(
                "there is no schedule {name:?}; use {ALWAYS} or one of {}",
                names.join(", ")
            ))
        })
    }
}

/// Whether a rule is sound; gives its schedule.
pub(crate) async fn sound(
    context: &Context,
    caller: &Caller,
    application: EntityId,
    rule: &Rule,
) -> Result<Option<Schedule>, ApiError> {
    let known = Known::load(context, caller, application).await?;
    known.check(rule, None)?;
    known.schedule(&rule.schedule)?.map(schedule_of).transpose()
}

/// Forgets a rule that no policy or suppression names. What it found stays; what is open is canceled within a minute.
pub(crate) async fn delete_rule(
    context: &Context,
    caller: &Caller,
    application: EntityId,
    id: u32,
) -> Result<(), ApiError> {
    let unused = |of: &MayUse| notification::names_rule(caller, of);
    let delete = context.store.delete_health_rule(caller.account.0, application.0, id, &unused);
    delete.await.map_err(of_store)?;
    tracing::info!(id, application = application.0, user = caller.name, "health rule deleted");
    Ok(())
}

/// One schedule of an application.
pub(crate) async fn schedule(
    context: &Context,
    application: EntityId,
    id: u32,
) -> Result<StoredSchedule, ApiError> {
    let all = context.store.schedules(application.0).await?;
    let found = all.into_iter().find(|schedule| schedule.id == id);
    found.ok_or_else(|| ApiError::missing("schedule", id))
}

/// Checks a schedule and stores it; `id` is that of the schedule it takes the place of.
pub(crate) async fn put_schedule(
    context: &Context,
    caller: &Caller,
    application: EntityId,
    id: Option<u32>,
    new: &Schedule,
) -> Result<StoredSchedule, ApiError> {
    new.check()?;
    let stored = NewSchedule {
        application_id: application.0,
        name: new.name.clone(),
        body: serde_json::to_string(new).expect("a schedule is plain data"),
    };
    let put = match id {
        None => context.store.create_schedule(&stored).await,
        Some(id) => {
            let unused = |of: &MayUse| schedule_in_use(of, "renamed");
            context.store.replace_schedule(id, &stored, &unused).await.map(|()| id)
        }
    };
    let id = put.map_err(of_store)?;
    tracing::info!(
        id,
        application = application.0,
        name = new.name,
        user = caller.name,
        "schedule"
    );
    schedule(context, application, id).await
}

/// Forgets a schedule that no rule goes by.
pub(crate) async fn delete_schedule(
    context: &Context,
    caller: &Caller,
    application: EntityId,
    id: u32,
) -> Result<(), ApiError> {
    let unused = |of: &MayUse| schedule_in_use(of, "deleted");
    context.store.delete_schedule(application.0, id, &unused).await.map_err(of_store)?;
    tracing::info!(id, application = application.0, user = caller.name, "schedule deleted");
    Ok(())
}

fn schedule_in_use(of: &MayUse, to_be: &str) -> Option<String> {
    let what = format!("this schedule, which cannot be {to_be}; give them another one first");
    rules_go_by(of, &what, |rule| rule.schedule == of.name)
}

/// Why something may not go: rules of the application go by it. `what` says what it is, and what to do.
pub(crate) fn rules_go_by(of: &MayUse, what: &str, goes: impl Fn(&Rule) -> bool) -> Option<String> {
    let users: Vec<&HealthRule> =
        of.rules.iter().filter(|stored| rule_of(stored).is_ok_and(|rule| goes(&rule))).collect();
    if users.is_empty() {
        return None;
    }
    let names: Vec<String> =
        users.iter().take(MOST_NAMED).map(|rule| format!("{:?}", rule.name)).collect();
    let more = users.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let rules = if users.len() == 1 { "the rule" } else { "the rules" };
    let go = if users.len() == 1 { "goes" } else { "go" };
    Some(format!("{rules} {}{more} {go} by {what}", names.join(", ")))
}

fn of_store(error: StoreError) -> ApiError {
    match error {
        StoreError::TooMany { .. } => ApiError::Conflict(error.to_string()),
        StoreError::TooLong { .. } => ApiError::Unprocessable(error.to_string()),
        StoreError::NotFound { what, id } => ApiError::missing(what, id),
        other => other.into(),
    }
}
