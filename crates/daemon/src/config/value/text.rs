//! Settings that are text of a certain shape.

use std::{fmt, path::PathBuf};

use toml::Value as Toml;

use super::Value;

/// Plain text, not empty.
impl Value for String {
    const ALLOWED: &'static str = "text without commas";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.clone())
    }
}

impl Value for PathBuf {
    const ALLOWED: &'static str = "a path";

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.to_string_lossy().into_owned())
    }
}

/// Text that must not be shown: neither by `config show` nor by `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself. Name the use where this is called.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Value for Secret {
    const ALLOWED: &'static str = "text without blanks at its ends and without control characters";
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        // A line end from `$(cat file)` or an editor would make a password that nobody can type.
        (text.trim() == text && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    fn to_toml(&self) -> Toml {
        Toml::String("***".to_owned())
    }
}

/// What is logged: a level for all, or levels by module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl LogFilter {
    /// The directives, as `tracing_subscriber::EnvFilter` reads them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for LogFilter {
    const ALLOWED: &'static str =
        "off, error, warn, info, debug or trace, also by module as in info,journal=debug";

    fn parse(text: &str) -> Option<Self> {
        let is_module = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
        };
        let is_directive = |directive: &str| match directive.split_once('=') {
            Some((module, level)) => is_module(module) && LEVELS.contains(&level),
            None => LEVELS.contains(&directive),
        };
        text.split(',').all(is_directive).then(|| Self(text.to_owned()))
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.0.clone())
    }
}

/// Text with names of attributes in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(String);

impl Template {
    /// The template as written. Its braces are paired, not nested, and hold at least one attribute name in all.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for Template {
    const ALLOWED: &'static str =
        "text with at least one attribute name in braces, such as {service.namespace}";

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut names = 0;
        while let Some(brace) = rest.find(['{', '}']) {
            let inside = rest[brace..].strip_prefix('{')?;
            let (name, behind) = inside.split_once('}')?;
            if name.is_empty() || name.contains(['{', ' ']) {
                return None;
            }
            names += 1;
            rest = behind;
        }
        (names > 0).then(|| Self(text.to_owned()))
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.0.clone())
    }
}
