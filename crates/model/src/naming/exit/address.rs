//! The address of a backend, the same however an agent wrote it.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::category;
use crate::conventions::Facts;

/// The one name of all loopback addresses.
const LOOPBACK: &str = "localhost";

/// A host in lower case, loopback names and addresses as `localhost`, and its port with the default filled in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address<'a> {
    pub host: Cow<'a, str>,
    /// Nothing where none was sent and the system has no default one.
    pub port: Option<u16>,
}

impl<'a> Address<'a> {
    /// Normalises a host and what is known of its port.
    pub fn new(host: &'a str, port: Option<u16>) -> Address<'a> {
        Address { host: normal(host), port }
    }

    /// The address that a span's facts give, with the system's default port.
    pub(super) fn of(facts: &Facts<'a>, category: &str, system: &str) -> Option<Address<'a>> {
        let host = facts.server_address?;
        // A socket's path.
        if host.starts_with('/') {
            return Some(Address { host: Cow::Borrowed(host), port: None });
        }
        let port = facts.server_port.or_else(|| default_port(facts, category, system));
        Some(Address::new(host, port))
    }

    /// Whether it is the machine (or pod) of whoever says it.
    pub fn is_loopback(&self) -> bool {
        self.host == LOOPBACK || self.host.starts_with('/')
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

fn normal(host: &str) -> Cow<'_, str> {
    let host = host.trim_end_matches('.');
    if looks_like_address(host)
        && let Ok(address) = host.parse::<IpAddr>()
    {
        return normal_ip(host, address);
    }
    if host.eq_ignore_ascii_case(LOOPBACK) || host.eq_ignore_ascii_case("localhost.localdomain") {
        return Cow::Borrowed(LOOPBACK);
    }
    match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(host.to_ascii_lowercase()),
        false => Cow::Borrowed(host),
    }
}

/// Parsing is only tried where it may succeed.
fn looks_like_address(host: &str) -> bool {
    host.contains(':') || host.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

fn normal_ip(written: &str, address: IpAddr) -> Cow<'_, str> {
    let address = address.to_canonical();
    if address.is_loopback() {
        return Cow::Borrowed(LOOPBACK);
    }
    match address {
        // Rust reads an IPv4 address only in its one form.
        IpAddr::V4(v4) if written.parse::<Ipv4Addr>() == Ok(v4) => Cow::Borrowed(written),
        other => Cow::Owned(other.to_string()),
    }
}

fn default_port(facts: &Facts<'_>, category: &str, system: &str) -> Option<u16> {
    match category {
        category::HTTP => Some(match facts.url_scheme {
            Some("https" | "wss") => 443,
            _ => 80,
        }),
        category::RPC if system == "aws-api" => Some(443),
        _ => port_of_system(system),
    }
}

fn port_of_system(system: &str) -> Option<u16> {
    Some(match system {
        "mysql" | "mariadb" => 3306,
        "postgresql" => 5432,
        "microsoft.sql_server" => 1433,
        "oracle.db" => 1521,
        "ibm.db2" => 50000,
        "cockroachdb" => 26257,
        "aws.redshift" => 5439,
        "aws.dynamodb" => 443,
        "mongodb" => 27017,
        "cassandra" => 9042,
        "couchbase" => 8091,
        "couchdb" => 5984,
        "elasticsearch" | "opensearch" => 9200,
        "clickhouse" => 8123,
        "influxdb" => 8086,
        "neo4j" => 7687,
        "redis" | "valkey" => 6379,
        "memcached" => 11211,
        "rabbitmq" => 5672,
        "kafka" => 9092,
        "nats" => 4222,
        "pulsar" => 6650,
        "activemq" => 61616,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, port: Option<u16>, expected: &str, loopback: bool) {
        let address = Address::new(host, port);
        assert_eq!((address.to_string().as_str(), address.is_loopback()), (expected, loopback));
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        check("DB1.Example.", Some(3306), "db1.example:3306", false);
        check("::ffff:10.0.0.7", Some(80), "10.0.0.7:80", false);
        check("2001:DB8:0:0::1", Some(80), "[2001:db8::1]:80", false);
        check("db1", None, "db1", false);
    }

    #[test]
    fn loopback_names_are_one() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"]
        {
            check(host, Some(6379), "localhost:6379", true);
        }
    }
}
