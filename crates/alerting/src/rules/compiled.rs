//! A rule, ready to be asked for many entities.

use std::sync::Arc;

use model::rule::{
    ALWAYS, AffectedKind, Affects, Condition, CustomEntity, Formula, Function, Level, Logic,
    Matcher, NodeMatch, Rule, RuleError,
};

/// A rule whose expressions and patterns are read.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub rule: Rule,
    /// The worse first.
    pub(super) levels: Vec<CompiledLevel>,
    scope: Matcher,
}

#[derive(Clone, Debug)]
pub(super) struct CompiledLevel {
    pub(super) level: Level,
    pub(super) logic: Logic,
    pub(super) conditions: Vec<CompiledCondition>,
    pub(super) nodes: NodeMatch,
}

#[derive(Clone, Debug)]
pub(super) struct CompiledCondition {
    pub(super) condition: Condition,
    pub(super) formula: Formula,
    /// Functions and paths, in the order of the formula's variables.
    pub(super) metrics: Vec<(Function, Arc<str>)>,
}

impl Compiled {
    /// Reads what is in a rule.
    ///
    /// # Errors
    /// When the rule is not sound.
    pub fn of(rule: Rule) -> Result<Compiled, RuleError> {
        rule.check()?;
        let mut levels = Vec::new();
        for (level, criteria) in rule.levels() {
            let conditions = criteria.conditions.iter().map(|condition| {
                let metrics = condition.input.metrics().into_iter();
                Ok(CompiledCondition {
                    formula: condition.input.formula()?,
                    metrics: metrics.map(|(function, path)| (function, path.into())).collect(),
                    condition: condition.clone(),
                })
            });
            let conditions = conditions.collect::<Result<_, RuleError>>()?;
            let logic = criteria.logic()?;
            levels.push(CompiledLevel { level, logic, conditions, nodes: criteria.nodes });
        }
        let scope = rule.affects.scope.matcher()?;
        Ok(Compiled { rule, levels, scope })
    }

    /// Without criteria: only for asking whom it would affect.
    pub(super) fn affecting(affects: Affects) -> Result<Compiled, RuleError> {
        affects.check()?;
        let scope = affects.scope.matcher()?;
        let rule = Rule {
            name: String::new(),
            enabled: true,
            window_minutes: 1,
            wait_minutes: 1,
            schedule: ALWAYS.to_owned(),
            affects,
            critical: None,
            warning: None,
        };
        Ok(Compiled { rule, levels: Vec::new(), scope })
    }

    pub(super) fn kind(&self) -> AffectedKind {
        self.rule.affects.kind
    }

    pub(super) fn custom_entity(&self) -> Option<CustomEntity> {
        self.rule.affects.custom_entity
    }

    pub(super) fn takes(&self, name: &str, tier: &str) -> bool {
        self.scope.takes(name, tier)
    }

    pub(super) fn takes_runtime(&self, language: &str) -> bool {
        self.rule.affects.runtime.takes(language)
    }

    /// Whether a level looks at a tier's nodes one by one.
    pub(super) fn looks_at_nodes(&self) -> bool {
        self.levels.iter().any(|level| level.nodes != NodeMatch::Average)
    }
}
