//! Changes that a monitor is told of: deployments, settings, restarts, scaling, jobs.

use serde_json::{Value, json};

use super::fault::{Entity, Incident, Kind};
use super::simulation::Step;
use super::world::World;

#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) kind: &'static str,
    pub(super) of: Entity,
    pub(super) detail: Value,
}

/// The version after so many deployments.
pub(super) fn version(tier: usize, releases: u32) -> String {
    format!("{}.{}.0", 1 + tier % 4, tier % 7 + releases as usize)
}

/// Those of the minute that `step` was.
pub(super) fn of(world: &World, incidents: &[Incident], step: &Step) -> Vec<Event> {
    let mut events = Vec::new();
    for tier in &step.released {
        let now = step.conditions.tiers[*tier].version;
        events.push(deployment(*tier, now - 1, now));
    }
    for incident in incidents {
        if incident.onset == step.seen.minute {
            events.extend(begin(world, incident, step));
        }
        if incident.end == step.seen.minute {
            events.extend(end(world, incident, step));
        }
    }
    for (node, condition) in step.conditions.nodes.iter().enumerate() {
        if condition.restarted {
            let reason = if condition.refusing >= 1.0 { "out of memory" } else { "stopped" };
            events.push(Event {
                kind: "restart",
                of: Entity::Node(node),
                detail: json!({ "reason": reason }),
            });
        }
    }
    events
}

fn deployment(tier: usize, from: u32, to: u32) -> Event {
    let detail = json!({ "from": version(tier, from), "to": version(tier, to) });
    Event { kind: "deployment", of: Entity::Tier(tier), detail }
}

fn config(of: Entity, key: &str, from: Value, to: Value) -> Event {
    Event { kind: "config", of, detail: json!({ "key": key, "from": from, "to": to }) }
}

fn scale(of: Entity, from: usize, to: usize) -> Event {
    Event { kind: "scale", of, detail: json!({ "from": from, "to": to }) }
}

fn begin(world: &World, incident: &Incident, step: &Step) -> Option<Event> {
    let of = incident.entity;
    let Some(tier) = incident.tier(world) else {
        let job = Event { kind: "job", of, detail: json!({ "name": "nightly-export" }) };
        return (incident.kind == Kind::CronBatch).then_some(job);
    };
    let nodes = world.usual_nodes(tier).count();
    let workers = world.tiers[tier].workers;
    let few = (workers * 0.25 / incident.severity.max(0.3)).floor();
    match incident.kind {
        Kind::BadDeployment | Kind::ChattyRelease | Kind::Deployment => {
            let now = step.conditions.tiers[tier].version;
            Some(deployment(tier, now - 1, now))
        }
        Kind::RetryStorm => Some(config(of, "client.retries", json!(1), json!(4))),
        Kind::Config if incident.form == 0 => {
            Some(config(of, "log.level", json!("info"), json!("debug")))
        }
        Kind::Config => Some(config(of, "server.workers", json!(workers), json!(few))),
        Kind::HarmlessConfig => Some(config(of, "banner.text", json!("a"), json!("b"))),
        Kind::ScaledTooFar => Some(scale(of, nodes, incident.left().min(nodes))),
        Kind::ScaleUp => Some(scale(of, nodes, nodes + 1)),
        Kind::ScaleDown => Some(scale(of, nodes, nodes - 1)),
        _ => None,
    }
}

fn end(world: &World, incident: &Incident, step: &Step) -> Option<Event> {
    let of = incident.entity;
    let tier = incident.tier(world)?;
    let nodes = world.usual_nodes(tier).count();
    let workers = world.tiers[tier].workers;
    let few = (workers * 0.25 / incident.severity.max(0.3)).floor();
    match incident.kind {
        Kind::BadDeployment | Kind::ChattyRelease => {
            let now = step.conditions.tiers[tier].version;
            Some(deployment(tier, now + 1, now))
        }
        Kind::RetryStorm => Some(config(of, "client.retries", json!(4), json!(1))),
        Kind::Config if incident.form == 0 => {
            Some(config(of, "log.level", json!("debug"), json!("info")))
        }
        Kind::Config => Some(config(of, "server.workers", json!(few), json!(workers))),
        Kind::ScaledTooFar => Some(scale(of, incident.left().min(nodes), nodes)),
        Kind::ScaleUp => Some(scale(of, nodes + 1, nodes)),
        Kind::ScaleDown => Some(scale(of, nodes - 1, nodes)),
        _ => None,
    }
}
