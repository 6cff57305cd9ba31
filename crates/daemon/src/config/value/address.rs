//! Settings that name a place on the network.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use http::Uri;
use toml::Value as Toml;

use super::Value;

/// An address to listen on, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Do not listen.
    Off,
    /// Listen here; port 0 takes any free port.
    At(SocketAddr),
}

impl Listen {
    /// The address, unless off.
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Off => None,
            Self::At(address) => Some(address),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => address.fmt(f),
        }
    }
}

impl Value for Listen {
    const ALLOWED: &'static str = "an IP address and port such as 0.0.0.0:443, [::]:443 or 127.0.0.1:4317, or off; of names only localhost, \
         which is 127.0.0.1";

    /// Names other than the one that means the same everywhere are left out: what they mean may change behind a
    /// listener's back.
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("localhost:") {
            Some(port) => Some(Self::At((Ipv4Addr::LOCALHOST, port.parse().ok()?).into())),
            None if text == "off" => Some(Self::Off),
            None => text.parse().ok().map(Self::At),
        }
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.to_string())
    }
}

/// `https://host[:port]` without anything behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    host: String,
    port: Option<u16>,
}

impl PublicUrl {
    /// The host's name or address, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, 443 when not given.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(443)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Value for PublicUrl {
    const ALLOWED: &'static str = "a URL such as https://vedette.example.com or https://10.0.0.5:9443, without a path and with a port above 0";

    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let is_bare =
            uri.scheme_str() == Some("https") && uri.path() == "/" && uri.query().is_none();
        let authority = uri.authority()?;
        if !is_bare || authority.as_str().contains('@') || authority.port_u16() == Some(0) {
            return None;
        }
        let host = authority.host().to_ascii_lowercase();
        let url = Self { host, port: authority.port_u16() };
        // `host:` and `host:99999` have no port that could be parsed, yet are longer than their host.
        let whole_is_used = authority.as_str().len() == url.to_string().len() - "https://".len();
        (whole_is_used && TlsName::parse(url.host()).is_some_and(|name| !name.is_wildcard()))
            .then_some(url)
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.to_string())
    }
}

/// A name or address that a certificate may carry, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TlsName(String);

impl TlsName {
    /// The name, or `None` when no certificate may carry it.
    pub fn new(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self(address.to_string()));
        }
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let labels = name.strip_prefix("*.").unwrap_or(&name);
        let is_name = name.len() <= 253 && labels.split('.').all(is_label);
        // Verifiers take a name that ends in a number for an address that was miswritten.
        let ends_in_number = labels.rsplit('.').next().is_some_and(is_number);
        (is_name && !ends_in_number).then_some(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for all names of a domain, and can therefore be in no URL.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with('*')
    }
}

fn is_number(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit())
}

/// Underscores are not allowed in host names, yet they are met in practice and verifiers take them.
fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for TlsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for TlsName {
    const ALLOWED: &'static str =
        "DNS names (also *.example.com) whose last part is no number, and IP addresses";

    fn parse(text: &str) -> Option<Self> {
        Self::new(text)
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.0.clone())
    }
}

/// Where the metadata store is.
#[derive(Clone, PartialEq, Eq)]
pub enum MetadataUrl {
    /// A file in the data directory.
    Sqlite,
    /// A server that speaks MySQL's protocol; the whole URL, password included.
    Mysql(String),
}

impl MetadataUrl {
    /// The URL with `***` in the place of its password.
    pub fn masked(&self) -> String {
        let Self::Mysql(url) = self else { return "sqlite".to_owned() };
        let place = url.trim_start_matches("mysql://");
        let with_password = place
            .rsplit_once('@')
            .and_then(|(credentials, server)| Some((credentials.split_once(':')?.0, server)));
        with_password
            .map_or_else(|| url.clone(), |(user, server)| format!("mysql://{user}:***@{server}"))
    }
}

/// Masked, since settings are printed with `{:?}` when something is wrong.
impl fmt::Debug for MetadataUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Value for MetadataUrl {
    const ALLOWED: &'static str = "sqlite, or mysql://user:password@host:port/database";
    /// A refused one is not repeated: what is wrong with it may be how the password is written.
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        if text == "sqlite" {
            return Some(Self::Sqlite);
        }
        let place = text.strip_prefix("mysql://")?;
        let (server, database) = place.rsplit_once('/')?;
        let host = server.rsplit('@').next().unwrap_or_default();
        (!host.is_empty() && !database.is_empty()).then(|| Self::Mysql(text.to_owned()))
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.masked())
    }
}
