//! Settings that choose from a fixed list.

use std::{collections::BTreeSet, fmt};

use toml::Value as Toml;

use super::{Value, items};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Value for LogFormat {
    const ALLOWED: &'static str = "text or json";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn to_toml(&self) -> Toml {
        let name = match self {
            Self::Text => "text",
            Self::Json => "json",
        };
        Toml::String(name.to_owned())
    }
}

/// A part that a process may play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The HTTPS edge.
    Ingress,
    /// Receives what agents report.
    Intake,
    /// Makes figures, traces and snapshots of it.
    Pipeline,
    /// Configuration, REST and UI.
    Controller,
    /// Anomalies and their causes.
    Analysis,
    /// The appliance itself.
    Platform,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Ingress,
        Self::Intake,
        Self::Pipeline,
        Self::Controller,
        Self::Analysis,
        Self::Platform,
    ];

    /// Its name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Intake => "intake",
            Self::Pipeline => "pipeline",
            Self::Controller => "controller",
            Self::Analysis => "analysis",
            Self::Platform => "platform",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The roles of a process, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Whether the process plays it.
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The roles, in the order in which data meets them.
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }
}

impl Value for Roles {
    const ALLOWED: &'static str =
        "all, or some of ingress, intake, pipeline, controller, analysis, platform";
    const LIST: bool = true;

    fn parse(text: &str) -> Option<Self> {
        if text.trim() == "all" {
            return Some(Self(Role::ALL.into()));
        }
        let by_name = |name| Role::ALL.into_iter().find(|role| role.name() == name);
        let roles: BTreeSet<Role> = items(text).map(by_name).collect::<Option<_>>()?;
        (!roles.is_empty()).then_some(Self(roles))
    }

    fn to_toml(&self) -> Toml {
        if self.0.len() == Role::ALL.len() {
            return Toml::String("all".to_owned());
        }
        Toml::Array(self.0.iter().map(|role| Toml::String(role.name().to_owned())).collect())
    }
}
