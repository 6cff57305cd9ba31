//! The types of settings: how each is read from text, what it allows, and how it is shown.

mod address;
mod amount;
mod choice;
mod text;

use std::num::NonZeroU32;

use toml::Value as Toml;

pub use self::{
    address::{Listen, MetadataUrl, PublicUrl, TlsName},
    amount::{ByteSize, MemoryLimit},
    choice::{LogFormat, Role, Roles},
    text::{LogFilter, Secret, Template},
};
use super::{Source, Sourced};

/// A type that a setting may have. What `to_toml` gives is read back as the same value, except for secrets.
pub(super) trait Value: Sized {
    /// What is allowed, as the end of the sentence "allowed is …".
    const ALLOWED: &'static str;
    /// Whether several values are separated by commas.
    const LIST: bool = false;
    /// Whether it must not be shown.
    const SECRET: bool = false;

    fn parse(text: &str) -> Option<Self>;

    fn to_toml(&self) -> Toml;
}

/// A setting, ready to be shown.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: &'static str,
    pub(super) value: String,
    pub(super) source: Source,
}

impl Row {
    pub(super) fn new<T: Value>(key: &'static str, setting: &Sourced<T>) -> Self {
        Self { key, value: setting.value.to_toml().to_string(), source: setting.source.clone() }
    }
}

/// Empty text is "unset".
impl<T: Value> Value for Option<T> {
    const ALLOWED: &'static str = T::ALLOWED;
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { T::parse(text).map(Some) }
    }

    fn to_toml(&self) -> Toml {
        self.as_ref().map_or_else(|| Toml::String(String::new()), T::to_toml)
    }
}

/// Items separated by commas; blanks around them and empty ones do not count.
impl<T: Value> Value for Vec<T> {
    const ALLOWED: &'static str = T::ALLOWED;
    const LIST: bool = true;
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Option<Self> {
        items(text).map(T::parse).collect()
    }

    fn to_toml(&self) -> Toml {
        Toml::Array(self.iter().map(T::to_toml).collect())
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

impl Value for bool {
    const ALLOWED: &'static str = "true or false";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn to_toml(&self) -> Toml {
        Toml::Boolean(*self)
    }
}

impl Value for NonZeroU32 {
    const ALLOWED: &'static str = "a whole number from 1 to 4294967295";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn to_toml(&self) -> Toml {
        Toml::Integer(self.get().into())
    }
}
