//! Health rules as data: what they look at, when they are broken, when they hold. Pure; evaluating them is `alerting`'s.
//!
//! A [`Rule`] names what it [`Affects`], and for each of two levels the [`Criteria`] that break it. Everything is checked
//! by [`Rule::check`], with a sentence that says what to change; what was checked compiles without an error.

mod affects;
mod criteria;
mod evidence;
mod expression;
mod factory;
mod schedule;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use self::{
    affects::{AffectedKind, Affects, CustomEntity, Matcher, NameMatch, NodeRuntime, Scope},
    criteria::{
        BaselineUnit, Combine, Compare, Condition, Criteria, Deviation, Function, Input,
        MAX_CONDITIONS, MAX_PERSISTENCE, NoData, NodeMatch, Operator, Persistence, Variable,
    },
    evidence::{BrokenNodes, Evidence, ExpectedValue, SeenCondition, SeenNode},
    expression::{Formula, Logic},
    factory::{factory_rules, factory_schedules, own_rules},
    schedule::{Schedule, Times, Weekday, WhichDay},
};

/// The longest evaluation window, minutes.
pub const MAX_WINDOW: u16 = 360;
/// The schedule that every application has without its being stored.
pub const ALWAYS: &str = "Always";
const MAX_NAME: usize = 255;

/// A health rule as people configure it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique within the application: 1 to 255 characters, none of them a control character.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 255))]
    pub name: String,
    pub enabled: bool,
    /// Minutes of data that are looked at, 1 to 360.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 360))]
    pub window_minutes: u16,
    /// Minutes between two events that say that a violation goes on, 1 to 1440.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 1440))]
    pub wait_minutes: u16,
    /// When the rule holds: a schedule of the application by name, or `Always`.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 255))]
    pub schedule: String,
    pub affects: Affects,
    /// Looked at first.
    pub critical: Option<Criteria>,
    /// Looked at where the critical criteria do not hold.
    pub warning: Option<Criteria>,
}

/// Why a rule or schedule is not sound, and what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleError(String);

impl RuleError {
    pub(crate) fn new(sentence: impl Into<String>) -> RuleError {
        RuleError(sentence.into())
    }

    /// Says whereabouts it is.
    pub(crate) fn within(self, place: &str) -> RuleError {
        RuleError(format!("{place}: {}", self.0))
    }
}

/// How bad it is when a rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    Warning,
    Critical,
}

impl Rule {
    /// Whether the rule is sound.
    ///
    /// # Errors
    /// A sentence that says what to change.
    pub fn check(&self) -> Result<(), RuleError> {
        sound_name("name", &self.name)?;
        sound_name("schedule", &self.schedule)?;
        if !(1..=MAX_WINDOW).contains(&self.window_minutes) {
            return Err(RuleError::new(format!(
                "window_minutes is {}; it has to be 1 to {MAX_WINDOW}",
                self.window_minutes
            )));
        }
        if !(1..=1440).contains(&self.wait_minutes) {
            return Err(RuleError::new(format!(
                "wait_minutes is {}; it has to be 1 to 1440",
                self.wait_minutes
            )));
        }
        self.affects.check().map_err(|error| error.within("affects"))?;
        if self.critical.is_none() && self.warning.is_none() {
            return Err(RuleError::new("the rule needs critical or warning criteria, or both"));
        }
        for (level, criteria) in [("critical", &self.critical), ("warning", &self.warning)] {
            let Some(criteria) = criteria else { continue };
            criteria.check(self).map_err(|error| error.within(level))?;
        }
        Ok(())
    }

    /// The criteria of both levels, the worse first.
    pub fn levels(&self) -> impl Iterator<Item = (Level, &Criteria)> {
        let critical = self.critical.iter().map(|criteria| (Level::Critical, criteria));
        critical.chain(self.warning.iter().map(|criteria| (Level::Warning, criteria)))
    }

    /// The names of the baselines that its conditions go by; not the application's default one.
    pub fn baselines(&self) -> BTreeSet<&str> {
        let conditions = self.levels().flat_map(|(_, criteria)| &criteria.conditions);
        conditions
            .filter_map(|condition| match &condition.compare {
                Compare::Baseline { baseline, .. } => baseline.as_deref(),
                Compare::Value { .. } => None,
            })
            .collect()
    }
}

/// Refuses a name that is empty, too long or has control characters.
fn sound_name(what: &str, name: &str) -> Result<(), RuleError> {
    let is_sound = !name.trim().is_empty()
        && name.chars().count() <= MAX_NAME
        && !name.chars().any(char::is_control);
    if is_sound {
        return Ok(());
    }
    Err(RuleError::new(format!(
        "{what} has to have 1 to {MAX_NAME} characters, not only spaces and none of them a control character"
    )))
}
