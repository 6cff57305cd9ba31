//! When a rule is broken: conditions, and how they come together.

use serde::{Deserialize, Serialize};

use super::{AffectedKind, Formula, Logic, Rule, RuleError, sound_name};
use crate::{leaf::Leaf, metric_path as names, metric_table};

/// Conditions of one level.
pub const MAX_CONDITIONS: usize = 8;
/// The longest window in which "n of the last m minutes" is counted.
pub const MAX_PERSISTENCE: u16 = 30;
const MAX_VARIABLES: usize = 8;
const MAX_SEGMENTS: usize = 24;
const MAX_PATH: usize = 2000;

/// What has to be so for a level to be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Criteria {
    /// 1 to 8.
    #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 8))]
    pub conditions: Vec<Condition>,
    pub combine: Combine,
    /// Of rules about tiers: whether the tier is judged as one, or by its nodes.
    #[serde(default)]
    pub nodes: NodeMatch,
}

/// How conditions come together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Combine {
    All,
    Any,
    /// By their short names with AND, OR, NOT and parentheses.
    Custom {
        #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 1000))]
        expression: String,
    },
}

/// How a tier is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum NodeMatch {
    /// By the values of all its nodes put together.
    #[default]
    Average,
    /// When one of its nodes breaks the rule.
    AnyNode,
    /// When so many percent of its nodes do.
    PercentageNodes {
        #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 100))]
        value: f64,
    },
    /// When so many of its nodes do.
    NumberOfNodes {
        #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 100_000))]
        value: u32,
    },
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// One capital letter, unique among the level's conditions.
    #[cfg_attr(feature = "schema", schema(pattern = "^[A-Z]$"))]
    pub short_name: String,
    /// What people call it.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 255))]
    pub name: String,
    pub input: Input,
    pub compare: Compare,
    /// What the condition is where nothing was reported in the window.
    #[serde(default)]
    pub no_data: NoData,
    /// Instead of the whole window's value, that of each minute is compared, and has to hold often enough.
    #[serde(default)]
    pub persistence: Option<Persistence>,
}

/// How often a minute's value has to meet a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Persistence {
    /// In so many minutes…
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 30))]
    pub violations: u16,
    /// …of the last so many, at most the window and 30.
    #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 30))]
    pub of_minutes: u16,
}

/// What a condition is where there is nothing to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoData {
    #[default]
    Unknown,
    True,
    False,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Input {
    /// A metric below the entity, or anywhere when its path begins with a folder at the top of the metric tree.
    Metric {
        function: Function,
        #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 2000))]
        path: String,
    },
    /// Several metrics, put together by `+`, `-`, `*`, `/`, numbers and parentheses.
    Expression {
        /// Names of variables stand as they are or in braces.
        #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 1000))]
        expression: String,
        #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 8))]
        variables: Vec<Variable>,
    },
}

/// One metric of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// A letter, then letters, digits and `_`.
    #[cfg_attr(feature = "schema", schema(pattern = "^[A-Za-z][A-Za-z0-9_]{0,62}$"))]
    pub name: String,
    pub function: Function,
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 2000))]
    pub path: String,
}

/// What is made of the window's minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Function {
    /// As a chart shows it in one point: a mean of times and levels, a rate per minute, a count of all.
    Value,
    Min,
    Max,
    Sum,
    /// Values behind it: calls of a time, minutes of a rate, samples of a level.
    Count,
    /// The newest.
    Current,
    /// Series that a path with `*` matched.
    GroupCount,
}

/// What it is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Compare {
    Value {
        operator: Operator,
        value: f64,
    },
    /// What is normal at this hour, widened by so many standard deviations or percent.
    Baseline {
        deviation: Deviation,
        /// By name; the application's default when null.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(max_length = 255))]
        baseline: Option<String>,
        unit: BaselineUnit,
        #[cfg_attr(feature = "schema", schema(minimum = 0))]
        value: f64,
    },
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
}

/// On which side of the baseline's band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = BandSide))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Deviation {
    Above,
    Below,
    Outside,
    Within,
}

/// In what the width of the band is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BaselineUnit {
    StandardDeviations,
    Percent,
}

impl Operator {
    pub fn holds(self, value: f64, other: f64) -> bool {
        match self {
            Operator::Greater => value > other,
            Operator::GreaterOrEqual => value >= other,
            Operator::Less => value < other,
            Operator::LessOrEqual => value <= other,
            Operator::Equal => value == other,
            Operator::NotEqual => value != other,
        }
    }
}

impl Criteria {
    pub(super) fn check(&self, rule: &Rule) -> Result<(), RuleError> {
        if self.conditions.is_empty() || self.conditions.len() > MAX_CONDITIONS {
            return Err(RuleError::new(format!(
                "there have to be 1 to {MAX_CONDITIONS} conditions; there are {}",
                self.conditions.len()
            )));
        }
        for (at, condition) in self.conditions.iter().enumerate() {
            let place = format!("condition {:?}", condition.short_name);
            let named = condition.short_name.as_str();
            if !matches!(named.as_bytes(), [b'A'..=b'Z']) {
                return Err(
                    RuleError::new("short_name has to be one capital letter").within(&place)
                );
            }
            if self.conditions[..at].iter().any(|other| other.short_name == named) {
                return Err(RuleError::new("the short_name is another condition's").within(&place));
            }
            condition.check(rule.window_minutes).map_err(|error| error.within(&place))?;
        }
        self.logic()?;
        let is_tiers =
            matches!(rule.affects.kind, AffectedKind::Tiers | AffectedKind::TierHardware);
        match self.nodes {
            NodeMatch::Average => {}
            _ if !is_tiers => {
                return Err(RuleError::new("nodes is for rules about tiers; use AVERAGE"));
            }
            NodeMatch::PercentageNodes { value } if !(1.0..=100.0).contains(&value) => {
                return Err(RuleError::new("the percentage of nodes has to be 1 to 100"));
            }
            NodeMatch::NumberOfNodes { value } if !(1..=100_000).contains(&value) => {
                return Err(RuleError::new("the number of nodes has to be 1 to 100000"));
            }
            _ => {}
        }
        Ok(())
    }

    /// How the conditions come together, by their places.
    ///
    /// # Errors
    /// When a custom expression is none, or names a condition that there is not.
    pub fn logic(&self) -> Result<Logic, RuleError> {
        let names: Vec<&str> =
            self.conditions.iter().map(|condition| condition.short_name.as_str()).collect();
        let each = (0..names.len()).map(Logic::Condition).collect();
        match &self.combine {
            Combine::All => Ok(Logic::All(each)),
            Combine::Any => Ok(Logic::Any(each)),
            Combine::Custom { expression } => Logic::parse(expression, &names)
                .map_err(|error| error.within("the expression of the conditions")),
        }
    }
}

impl Condition {
    fn check(&self, window: u16) -> Result<(), RuleError> {
        sound_name("name", &self.name)?;
        match &self.input {
            Input::Metric { path, .. } => sound_path(path)?,
            Input::Expression { variables, .. } => {
                if variables.is_empty() || variables.len() > MAX_VARIABLES {
                    return Err(RuleError::new(format!(
                        "an expression has 1 to {MAX_VARIABLES} variables"
                    )));
                }
                variables.iter().try_for_each(|variable| sound_path(&variable.path))?;
            }
        }
        self.input.formula()?;
        let has_baseline = match &self.input {
            Input::Metric { function, .. } => {
                !matches!(function, Function::Count | Function::GroupCount)
            }
            Input::Expression { .. } => false,
        };
        match &self.compare {
            Compare::Baseline { .. } if !has_baseline => {
                return Err(RuleError::new(
                    "baselines are of single metrics by VALUE, MIN, MAX, SUM or CURRENT; compare with a value",
                ));
            }
            Compare::Value { value, .. } if !value.is_finite() => {
                return Err(RuleError::new("the value to compare with has to be a number"));
            }
            Compare::Baseline { value, .. } if !(0.0..=1e6).contains(value) => {
                return Err(RuleError::new(
                    "the width of a baseline's band has to be 0 to 1000000",
                ));
            }
            Compare::Baseline { baseline: Some(name), .. } => sound_name("baseline", name)?,
            _ => {}
        }
        let Some(Persistence { violations, of_minutes }) = self.persistence else { return Ok(()) };
        let most = window.min(MAX_PERSISTENCE);
        if window > MAX_PERSISTENCE {
            return Err(RuleError::new(format!(
                "persistence counts minutes of a window of at most {MAX_PERSISTENCE}; this one has {window}"
            )));
        }
        if violations == 0 || violations > of_minutes || of_minutes > most {
            return Err(RuleError::new(format!(
                "persistence is {violations} of {of_minutes} minutes; it has to be 1 to m of m minutes, where m is at \
                 most the window ({window})"
            )));
        }
        Ok(())
    }
}

impl Input {
    /// The metrics behind it, in the order of its variables.
    pub fn metrics(&self) -> Vec<(Function, &str)> {
        match self {
            Input::Metric { function, path } => vec![(*function, path)],
            Input::Expression { variables, .. } => {
                variables.iter().map(|one| (one.function, one.path.as_str())).collect()
            }
        }
    }

    /// The unit of what is compared, as charts say it; empty where there is none, or where nobody can tell: of expressions
    /// and of an application's own metrics.
    pub fn unit(&self) -> &'static str {
        let Input::Metric { function, path } = self else { return "" };
        if matches!(function, Function::Count | Function::GroupCount) {
            return "";
        }
        let last = path.rsplit('|').next().unwrap_or(path);
        let rate = "per minute";
        match Leaf::named(last).map(Leaf::unit) {
            Some(unit) if unit == rate && *function == Function::Sum => "",
            Some(unit) => unit,
            None if [names::SILENCE, names::SILENCE_OF_ALL].contains(&last) => "min",
            None => metric_table::unit_of(below_node(path)).map_or("", |unit| match unit.text() {
                "1" => "",
                "1/min" => rate,
                text => text,
            }),
        }
    }

    /// How they come together.
    ///
    /// # Errors
    /// When the expression is none, or names a variable that there is not.
    pub fn formula(&self) -> Result<Formula, RuleError> {
        let Input::Expression { expression, variables } = self else {
            return Ok(Formula::Variable(0));
        };
        let names: Vec<&str> = variables.iter().map(|one| one.name.as_str()).collect();
        Formula::parse(expression, &names).map_err(|error| error.within("the metric expression"))
    }
}

/// What a path says of a node, without the way to it.
fn below_node(path: &str) -> &str {
    let under = |path: &str| {
        let (_, rest) =
            path.strip_prefix(names::INFRASTRUCTURE)?.strip_prefix('|')?.split_once('|')?;
        Some(path.len() - rest.len())
    };
    let Some(rest) = under(path).map(|at| &path[at..]) else { return path };
    let node =
        rest.strip_prefix(names::NODES).and_then(|node| node.strip_prefix('|')?.split_once('|'));
    node.map_or(rest, |(_, rest)| rest)
}

fn sound_path(path: &str) -> Result<(), RuleError> {
    let segments = path.split('|').count();
    let is_sound = path.len() <= MAX_PATH
        && segments <= MAX_SEGMENTS
        && path.split('|').all(|segment| !segment.trim().is_empty())
        && !path.chars().any(char::is_control);
    if is_sound {
        return Ok(());
    }
    Err(RuleError::new(format!(
        "a metric path has 1 to {MAX_SEGMENTS} segments joined by |, none of them empty, and at most {MAX_PATH} bytes"
    )))
}
