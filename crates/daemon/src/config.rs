//! The configuration of a Vedette process: defaults, then a TOML file, then `VEDETTE_*` variables, then flags, each
//! overriding the one before; every value remembers where it came from.
//!
//! The settings are listed once, in [`keys`]. This module decides what is allowed and refuses what is not, naming the
//! key, the value, where it stands and what would be right. It neither reads the environment nor acts on anything:
//! the binary hands it variables and flags, and subsystems get their own plain `Config` made from [`Settings`].

mod keys;
mod layers;
mod value;

use std::{
    ffi::OsString,
    fmt,
    io::{self, Write},
    ops::Deref,
    path::{Path, PathBuf},
};

pub use self::{
    keys::{KEYS, Settings},
    value::{
        ByteSize, Listen, LogFilter, LogFormat, MemoryLimit, MetadataUrl, PublicUrl, Role, Roles,
        Secret, Template, TlsName,
    },
};
use self::{
    layers::Layers,
    value::{Row, Value},
};

/// What a setting is called and means; enough to make a command-line flag or a page of documentation of it.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in the TOML file, and with `--` as a flag.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub help: &'static str,
    /// As one would write it in a variable; empty means unset.
    pub default: &'static str,
    /// What a value may be.
    pub allowed: &'static str,
    /// The least that is allowed, with its unit; empty where nothing more than `allowed` is asked.
    pub least: &'static str,
    /// Whether it takes several values: separated by commas, as an array in the file, or by repeating the flag.
    pub list: bool,
    /// Whether it must never be printed.
    pub secret: bool,
}

impl Key {
    /// The environment variable that sets it.
    pub fn env(&self) -> String {
        format!("VEDETTE_{}", self.name.replace('-', "_").to_ascii_uppercase())
    }

    /// What a value may be, its least included: the end of the sentence "allowed is …".
    pub fn all_allowed(&self) -> String {
        match self.least {
            "" => self.allowed.to_owned(),
            least => format!("{}, at least {least}", self.allowed),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The configuration file at this path.
    File(PathBuf),
    /// The environment variable of this name.
    Env(String),
    /// The flag of this name, without its dashes.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// Why a configuration was refused. Secrets do not appear in it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration file {} is not valid TOML", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
    /// Nothing has this name.
    #[error("unknown setting {name} ({origin}){}", suggestion(nearest.as_deref()))]
    Unknown {
        /// As it was written.
        name: String,
        /// Where it was written.
        origin: Source,
        /// The existing name that looks most like it, in the same spelling.
        nearest: Option<String>,
    },
    /// A value that its setting does not take.
    #[error("{key} = {value} ({origin}) is refused: allowed is {allowed}")]
    Invalid {
        /// The setting.
        key: &'static str,
        /// As it was written; `***` for a secret.
        value: String,
        /// Where it was written.
        origin: Source,
        /// What it may be.
        allowed: String,
    },
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"))
}

impl Settings {
    /// Lays flags over environment over file over defaults.
    ///
    /// `flags` are pairs of key and value; a list's key may repeat. Of `env` only `VEDETTE_*` is looked at, where
    /// `VEDETTE_CONFIG` names the file unless `file` does.
    pub fn load(
        flags: &[(String, String)],
        env: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let settings = Self::parse(&Layers::collect(flags, env, file)?)?;
        settings.check_together()?;
        Ok(settings)
    }

    /// The defaults alone.
    pub fn defaults() -> Self {
        Self::parse(&Layers::default()).expect("a test loads every default")
    }

    /// Writes every setting as a line of TOML with its source, and its least where it has one, as a comment; secrets as
    /// `***`.
    pub fn show(&self, out: &mut impl Write) -> io::Result<()> {
        let rows = self.rows();
        let key_width = rows.iter().map(|row| row.key.len()).max().unwrap_or(0);
        let value_width = rows
            .iter()
            .map(|row| row.value.chars().count())
            .filter(|width| *width <= 40)
            .max()
            .unwrap_or(0);
        for (Row { key, value, source }, known) in rows.iter().zip(KEYS) {
            write!(out, "{key:key_width$} = {value:value_width$}  # {source}")?;
            match known.least {
                "" => writeln!(out)?,
                least => writeln!(out, "; at least {least}")?,
            }
        }
        Ok(())
    }

    /// What no single value can tell.
    fn check_together(&self) -> Result<(), ConfigError> {
        match (&*self.tls_cert, &*self.tls_key) {
            (Some(_), None) => {
                return Err(refuse("tls-cert", &self.tls_cert, "given only together with tls-key"));
            }
            (None, Some(_)) => {
                return Err(refuse("tls-key", &self.tls_key, "given only together with tls-cert"));
            }
            _ => {}
        }
        if *self.hsts && self.tls_cert.is_none() {
            return Err(refuse("hsts", &self.hsts, "true only together with tls-cert"));
        }
        if let MemoryLimit::Bytes(size) = *self.memory_limit {
            at_least("memory-limit", size, &self.memory_limit)?;
        }
        at_least("journal-max-bytes", *self.journal_max_bytes, &self.journal_max_bytes)?;
        if *self.max_inflated_bytes < *self.max_body_bytes {
            let allowed = format!("at least max-body-bytes, which is {}", *self.max_body_bytes);
            return Err(refuse("max-inflated-bytes", &self.max_inflated_bytes, allowed));
        }
        Ok(())
    }
}

/// Refuses a size below the least of its setting.
fn at_least<T: Value>(
    key: &'static str,
    size: ByteSize,
    setting: &Sourced<T>,
) -> Result<(), ConfigError> {
    let known = layers::find(key).expect("it is one of the settings");
    let least = ByteSize::parse(known.least).expect("a least is written as a value is");
    if size < least {
        return Err(refuse(key, setting, known.all_allowed()));
    }
    Ok(())
}

fn refuse<T: Value>(
    key: &'static str,
    setting: &Sourced<T>,
    allowed: impl Into<String>,
) -> ConfigError {
    let value = setting.value.to_toml().to_string();
    ConfigError::Invalid { key, value, origin: setting.source.clone(), allowed: allowed.into() }
}

#[cfg(test)]
mod tests;
