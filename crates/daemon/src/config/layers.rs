//! Collects what file, environment and flags say, as text, the last one winning; refuses names that do not exist.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use super::{ConfigError, KEYS, Key, Source, Sourced, value::Value};

const ENV_PREFIX: &str = "VEDETTE_";
const ENV_FILE: &str = "VEDETTE_CONFIG";

/// The winning text of each setting that somebody set.
#[derive(Debug, Default)]
pub(super) struct Layers {
    texts: BTreeMap<&'static str, Sourced<String>>,
}

impl Layers {
    pub(super) fn collect(
        flags: &[(String, String)],
        env: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let env: Vec<_> = env
            .into_iter()
            .filter(|(name, _)| name.as_encoded_bytes().starts_with(ENV_PREFIX.as_bytes()))
            .collect();
        let named_by_env =
            env.iter().find(|(name, _)| name == ENV_FILE).map(|(_, path)| PathBuf::from(path));
        let mut layers = Self::default();
        if let Some(path) = file.map(Path::to_owned).or(named_by_env) {
            layers.add_file(&path)?;
        }
        for (name, value) in &env {
            layers.add_variable(name, value)?;
        }
        layers.add_flags(flags)?;
        Ok(layers)
    }

    /// The typed value of a setting, or its default.
    pub(super) fn get<T: Value>(
        &self,
        key: &'static str,
        default: &str,
    ) -> Result<Sourced<T>, ConfigError> {
        let (text, source) = match self.texts.get(key) {
            Some(set) => (set.value.as_str(), set.source.clone()),
            None => (default, Source::Default),
        };
        match T::parse(text) {
            Some(value) => Ok(Sourced { value, source }),
            None => Err(refused::<T>(key, text, source)),
        }
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let table: toml::Table =
            text.parse().map_err(|source| ConfigError::Syntax { path: path.to_owned(), source })?;
        let origin = Source::File(path.to_owned());
        for (name, value) in table {
            let key =
                find(&name).ok_or_else(|| unknown(&name, &origin, |key| key.name.to_owned()))?;
            let text =
                text_of(key, &value).ok_or_else(|| invalid(key, &value.to_string(), &origin))?;
            self.set(key, text, origin.clone());
        }
        Ok(())
    }

    fn add_variable(&mut self, name: &OsStr, value: &OsStr) -> Result<(), ConfigError> {
        let written = name.to_string_lossy().into_owned();
        let origin = Source::Env(written.clone());
        let text = value.to_string_lossy();
        if written == ENV_FILE || is_service_link(&written, &text) {
            return Ok(());
        }
        let key = KEYS.iter().find(|key| key.env() == written);
        let key = key.ok_or_else(|| unknown(&written, &origin, Key::env))?;
        if value.to_str().is_none() {
            return Err(invalid(key, &text, &origin));
        }
        self.set(key, text.into_owned(), origin);
        Ok(())
    }

    /// A flag that repeats extends a list; of anything else the last one counts.
    fn add_flags(&mut self, flags: &[(String, String)]) -> Result<(), ConfigError> {
        for (name, value) in flags {
            let origin = Source::Flag(name.clone());
            let key = find(name)
                .ok_or_else(|| unknown(name, &origin, |key| format!("--{}", key.name)))?;
            let before = self.texts.get(key.name).filter(|set| key.list && set.source == origin);
            let text =
                before.map_or_else(|| value.clone(), |before| format!("{},{value}", before.value));
            self.set(key, text, origin);
        }
        Ok(())
    }

    fn set(&mut self, key: &Key, value: String, source: Source) {
        self.texts.insert(key.name, Sourced { value, source });
    }
}

/// The setting of a name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// A TOML value as one would write it in a variable; `None` when its shape fits no setting of this kind.
fn text_of(key: &Key, value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(on) => Some(on.to_string()),
        toml::Value::Array(items) if key.list => {
            let items: Option<Vec<&str>> =
                items.iter().map(|item| item.as_str().filter(|item| !item.contains(','))).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

/// Kubernetes tells each pod the address of every service in its namespace by variables that start with the service's
/// name. A service called `vedette` would keep every Vedette in its namespace from starting.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_url =
        value.starts_with("tcp://") || value.starts_with("udp://") || value.starts_with("sctp://");
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && is_url)
        || name
            .split_once("_PORT_")
            .is_some_and(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn unknown(name: &str, origin: &Source, spell: impl Fn(&Key) -> String) -> ConfigError {
    let written = name.trim_start_matches(ENV_PREFIX).replace('_', "-").to_ascii_lowercase();
    let nearest = KEYS
        .iter()
        .map(|key| (strsim::jaro_winkler(key.name, &written), key))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(likeness, _)| *likeness > 0.75)
        .map(|(_, key)| spell(key));
    ConfigError::Unknown { name: name.to_owned(), origin: origin.clone(), nearest }
}

fn invalid(key: &'static Key, value: &str, origin: &Source) -> ConfigError {
    let value = if key.secret { "***" } else { value };
    ConfigError::Invalid {
        key: key.name,
        value: value.to_owned(),
        origin: origin.clone(),
        allowed: key.all_allowed(),
    }
}

fn refused<T: Value>(key: &'static str, text: &str, origin: Source) -> ConfigError {
    let value = if T::SECRET { "***" } else { text };
    ConfigError::Invalid {
        key,
        value: format!("{value:?}"),
        origin,
        allowed: find(key).map_or_else(|| T::ALLOWED.to_owned(), Key::all_allowed),
    }
}
