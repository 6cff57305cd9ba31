//! What a rule looks at: which kind of entities, and which of them.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::{RuleError, sound_name};

/// Names that one scope may list.
const MAX_NAMES: usize = 500;
/// The longest pattern, characters.
const MAX_PATTERN: usize = 1000;
/// Memory of a compiled pattern, bytes.
const MAX_COMPILED: usize = 1 << 20;

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Affects {
    pub kind: AffectedKind,
    pub scope: Scope,
    /// Of nodes: those of this runtime only.
    #[serde(default)]
    pub runtime: NodeRuntime,
    /// Of `CUSTOM`: what the one name of a `SPECIFIC` scope is the name of. Without it the rule is the application's.
    #[serde(default)]
    pub custom_entity: Option<CustomEntity>,
}

/// The kind of entity that a rule judges, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AffectedKind {
    OverallApplication,
    BusinessTransactions,
    /// How tiers serve.
    Tiers,
    /// How nodes serve.
    Nodes,
    /// Hardware and runtimes of tiers.
    TierHardware,
    /// Hardware and runtimes of nodes.
    NodeHardware,
    /// Hosts of the application's nodes.
    Servers,
    Backends,
    Errors,
    ServiceEndpoints,
    /// Any metrics by absolute paths.
    Custom,
}

/// What a custom rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomEntity {
    Tier,
    Node,
    BusinessTransaction,
    Backend,
    ServiceEndpoint,
}

/// What a node runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NodeRuntime {
    #[default]
    Any,
    Java,
    DotNet,
    Php,
    Nodejs,
    Python,
    Go,
}

/// Which entities of the kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Scope {
    All,
    /// Those of these names; with `should_not` all others.
    Specific {
        #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 500))]
        names: Vec<String>,
        #[serde(default)]
        should_not: bool,
    },
    /// Those of tiers of these names; with `should_not` those of all others.
    WithinTiers {
        #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 500))]
        tiers: Vec<String>,
        #[serde(default)]
        should_not: bool,
    },
    /// Those whose names match; with `should_not` all others.
    Matching {
        how: NameMatch,
        #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 1000))]
        value: String,
        #[serde(default)]
        should_not: bool,
    },
}

/// How a name is compared, capitals and small letters told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NameMatch {
    StartsWith,
    EndsWith,
    Contains,
    Equals,
    /// A regular expression that matches somewhere in the name.
    Regex,
}

impl Affects {
    /// All of a kind.
    pub fn all(kind: AffectedKind) -> Affects {
        Affects { kind, scope: Scope::All, runtime: NodeRuntime::Any, custom_entity: None }
    }

    /// Whether it is sound.
    ///
    /// # Errors
    /// A sentence that says what to change.
    pub fn check(&self) -> Result<(), RuleError> {
        let Affects { kind, scope, runtime, custom_entity } = self;
        let is_nodes = matches!(kind, AffectedKind::Nodes | AffectedKind::NodeHardware);
        if *runtime != NodeRuntime::Any && !is_nodes {
            return Err(RuleError::new("runtime is for rules about nodes; use ANY"));
        }
        if custom_entity.is_some() && *kind != AffectedKind::Custom {
            return Err(RuleError::new("custom_entity is for rules of kind CUSTOM; leave it out"));
        }
        let is_one = match scope {
            Scope::Specific { names, should_not } => names.len() == 1 && !should_not,
            _ => false,
        };
        if custom_entity.is_some() && !is_one {
            return Err(RuleError::new(
                "a custom_entity is named by a SPECIFIC scope with one name",
            ));
        }
        let scoped = !matches!(scope, Scope::All);
        if scoped && *kind == AffectedKind::OverallApplication {
            return Err(RuleError::new("an OVERALL_APPLICATION rule has the scope ALL"));
        }
        if scoped && *kind == AffectedKind::Custom && custom_entity.is_none() {
            return Err(RuleError::new("a CUSTOM rule with a scope needs a custom_entity"));
        }
        let of_tiers = is_nodes
            || matches!(
                kind,
                AffectedKind::BusinessTransactions
                    | AffectedKind::Errors
                    | AffectedKind::ServiceEndpoints
                    | AffectedKind::Servers
            );
        if matches!(scope, Scope::WithinTiers { .. }) && !of_tiers {
            return Err(RuleError::new(
                "WITHIN_TIERS is for business transactions, nodes, servers, errors and service endpoints",
            ));
        }
        scope.check()
    }
}

impl Scope {
    fn check(&self) -> Result<(), RuleError> {
        match self {
            Scope::All => Ok(()),
            Scope::Specific { names, .. } => sound_names("names", names),
            Scope::WithinTiers { tiers, .. } => sound_names("tiers", tiers),
            Scope::Matching { .. } => self.matcher().map(drop),
        }
    }

    /// The scope, ready to be asked.
    ///
    /// # Errors
    /// When a regular expression is none, or too large.
    pub fn matcher(&self) -> Result<Matcher, RuleError> {
        let (how, negated) = match self {
            Scope::All => (How::Any, false),
            Scope::Specific { names, should_not } => (How::OneOf(names.clone()), *should_not),
            Scope::WithinTiers { tiers, should_not } => {
                (How::WithinTiers(tiers.clone()), *should_not)
            }
            Scope::Matching { how, value, should_not } => (named(*how, value)?, *should_not),
        };
        Ok(Matcher { how, negated })
    }
}

fn named(how: NameMatch, value: &str) -> Result<How, RuleError> {
    if value.is_empty() || value.chars().count() > MAX_PATTERN {
        return Err(RuleError::new(format!("value has to have 1 to {MAX_PATTERN} characters")));
    }
    if how != NameMatch::Regex {
        return Ok(How::Text(how, value.to_owned()));
    }
    let compiled = RegexBuilder::new(value).size_limit(MAX_COMPILED).build();
    compiled.map(How::Regex).map_err(|error| {
        let last = error.to_string();
        let why = last.lines().last().unwrap_or_default().trim_start_matches("error: ");
        RuleError::new(format!("value is no regular expression that can be used: {why}"))
    })
}

fn sound_names(what: &str, names: &[String]) -> Result<(), RuleError> {
    if names.is_empty() || names.len() > MAX_NAMES {
        return Err(RuleError::new(format!("{what} has to list 1 to {MAX_NAMES} names")));
    }
    names.iter().try_for_each(|name| sound_name("each of the names", name))
}

/// A [`Scope`] that can be asked quickly.
#[derive(Clone, Debug)]
pub struct Matcher {
    how: How,
    negated: bool,
}

#[derive(Clone, Debug)]
enum How {
    Any,
    OneOf(Vec<String>),
    WithinTiers(Vec<String>),
    Text(NameMatch, String),
    Regex(Regex),
}

impl Matcher {
    /// Whether an entity of this name, of a tier of that name (empty: of none), is in the scope.
    pub fn takes(&self, name: &str, tier: &str) -> bool {
        let found = match &self.how {
            How::Any => true,
            How::OneOf(names) => names.iter().any(|one| one == name),
            How::WithinTiers(tiers) => tiers.iter().any(|one| one == tier),
            How::Text(NameMatch::StartsWith, value) => name.starts_with(value),
            How::Text(NameMatch::EndsWith, value) => name.ends_with(value),
            How::Text(NameMatch::Contains, value) => name.contains(value),
            How::Text(_, value) => name == value,
            How::Regex(regex) => regex.is_match(name),
        };
        found != self.negated
    }
}

impl NodeRuntime {
    /// Whether a node whose agent says this language (`telemetry.sdk.language`) runs on it.
    pub fn takes(self, language: &str) -> bool {
        match self {
            NodeRuntime::Any => true,
            NodeRuntime::Java => language == "java",
            NodeRuntime::DotNet => language == "dotnet",
            NodeRuntime::Php => language == "php",
            NodeRuntime::Nodejs => language == "nodejs",
            NodeRuntime::Python => language == "python",
            NodeRuntime::Go => language == "go",
        }
    }
}
