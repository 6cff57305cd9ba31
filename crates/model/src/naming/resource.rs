//! Which application, tier and node a resource belongs to, and which process it is.

use std::net::IpAddr;

use twox_hash::XxHash3_64;

use super::name;
use super::template::Template;
use crate::attributes::{Attributes, Value};

/// The tier of a resource without `service.name`, as the SDKs call it.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// Who sent a resource's telemetry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceIdentity {
    pub application: String,
    pub tier: String,
    /// The node's name; `#n` is appended where several processes are live.
    pub node_base: String,
    /// Tells live processes of one node apart. The same for every signal of a process, never part of a name.
    pub process: u64,
    /// The host, where the resource names it.
    pub host: Option<String>,
    /// The language: `python`, `nodejs`, `java`.
    pub runtime: Option<String>,
    /// `opentelemetry python 1.45.1`; empty where the resource does not tell.
    pub agent: String,
    /// `service.version`; empty where the resource does not tell.
    pub version: String,
    /// What an operator should do about this tier.
    pub hints: Vec<String>,
    /// The runtime starts a process, with a new instance id, for every request; all of them are one process here.
    pub ephemeral: bool,
}

/// Reads a resource; `sender` is who connected, where it is no collector in between.
pub fn identify(
    attributes: &Attributes<'_>,
    sender: Option<IpAddr>,
    template: &Template,
) -> ResourceIdentity {
    let text = |key| attributes.text(key).map(str::trim).filter(|text| !text.is_empty());
    let tier = text("service.name").unwrap_or(UNKNOWN_SERVICE);
    let runtime = text("telemetry.sdk.language");
    let ephemeral = runtime == Some("php");
    let named =
        ["k8s.pod.name", "faas.name", "container.name", "host.name"].into_iter().find_map(text);
    let sender = sender.map(|address| address.to_canonical());
    let node_base = match (named, sender) {
        (Some(named), _) => named.to_owned(),
        (None, Some(address)) => address.to_string(),
        (None, None) => tier.to_owned(),
    };
    ResourceIdentity {
        application: name::limited(template.render(attributes)),
        tier: name::limit(tier).into_owned(),
        process: process(attributes, &node_base, ephemeral),
        node_base: name::limited(node_base),
        host: text("host.name")
            .or_else(|| text("k8s.node.name"))
            .map(|host| name::limit(host).into_owned()),
        runtime: runtime.map(|runtime| name::limit(runtime).into_owned()),
        agent: agent(attributes),
        version: name::limit(text("service.version").unwrap_or_default()).into_owned(),
        hints: hints(tier),
        ephemeral,
    }
}

/// Everything by which two processes differ. A random id of each request says nothing of a process.
fn process(attributes: &Attributes<'_>, node_base: &str, ephemeral: bool) -> u64 {
    let lasting = ["k8s.pod.uid", "container.id", "host.id", "host.name", "faas.instance"];
    let of_process = ["service.instance.id", "process.pid"];
    let of_process = of_process.into_iter().filter(|_| !ephemeral);
    let seed = XxHash3_64::oneshot(node_base.as_bytes());
    lasting.into_iter().chain(of_process).fold(seed, |seed, key| match attributes.get(key) {
        Some(Value::Str(text)) => XxHash3_64::oneshot_with_seed(seed, text.as_bytes()),
        Some(Value::Int(number)) => XxHash3_64::oneshot_with_seed(seed, &number.to_le_bytes()),
        _ => seed.rotate_left(7),
    })
}

fn agent(attributes: &Attributes<'_>) -> String {
    let parts = ["telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version"];
    let parts: Vec<&str> = parts.into_iter().filter_map(|key| attributes.text(key)).collect();
    name::limited(parts.join(" "))
}

fn hints(tier: &str) -> Vec<String> {
    if !tier.starts_with(UNKNOWN_SERVICE) {
        return Vec::new();
    }
    vec![format!("{tier} does not say what it is: set OTEL_SERVICE_NAME where this process starts")]
}

#[cfg(test)]
mod tests;
