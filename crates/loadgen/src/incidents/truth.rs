//! What was broken, as docs/incidents.md says it.

use serde_json::{Value, json};

use super::fault::{Entity, Incident};
use super::path::Paths;
use super::stream::{FORMAT, Known};
use super::suffering::{Twins, Victim};
use super::world::World;

/// An incident that was kept, with all that came of it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) incident: Incident,
    pub(super) victims: Vec<(Victim, Vec<Entity>)>,
    tiers: Vec<usize>,
}

impl Kept {
    pub(super) fn new(
        world: &World,
        incident: Incident,
        twins: &Twins,
        victims: Vec<Victim>,
    ) -> Self {
        let paths = Paths::new(world, &incident, (&twins.worst.0, &twins.worst.1));
        let victims: Vec<(Victim, Vec<Entity>)> = victims
            .into_iter()
            .map(|victim| {
                let path = paths.of(victim.number);
                (victim, path)
            })
            .collect();
        let on_path =
            |tier: usize| victims.iter().any(|(_, path)| path.contains(&Entity::Tier(tier)));
        let tiers = twins.tiers().into_iter().map(|victim| victim.number);
        let tiers = tiers.filter(|tier| !on_path(*tier)).collect();
        Self { incident, victims, tiers }
    }

    fn json(&self, world: &World, known: &Known, id: usize) -> Value {
        let incident = &self.incident;
        let entity = |entity: Entity| json!({ "type": entity.type_name(), "id": known.id(entity), "name": entity.name(world) });
        let tier = match incident.entity {
            Entity::Node(node) => Some(entity(Entity::Tier(world.nodes[node].tier))),
            _ => None,
        };
        let signs: Vec<Value> = incident
            .signs(world)
            .into_iter()
            .map(|(of, name)| json!({ "of": entity(of), "name": name }))
            .collect();
        let victim = |(victim, path): &(Victim, Vec<Entity>)| {
            json!({
                "bt": known.id(Entity::Transaction(victim.number)),
                "name": world.transactions[victim.number].name,
                "first_minute": victim.first_minute,
                "minutes": victim.minutes,
                "ratio": thousandths(victim.ratio),
                "error_share": thousandths(victim.error_share),
                "error_share_without": thousandths(victim.error_share_without),
                "path": path.iter().map(|at| entity(*at)).collect::<Vec<_>>(),
            })
        };
        let operations = incident.operations.iter().map(|at| world.operations[*at].name.clone());
        let statements = incident.calls.iter().filter_map(|at| world.calls[*at].statement.clone());
        json!({
            "id": id,
            "kind": incident.kind.name(),
            "class": incident.kind.class(),
            "entity": entity(incident.entity),
            "tier": tier,
            "onset_minute": incident.onset,
            "end_minute": incident.end,
            "detail": {
                "severity": thousandths(incident.severity),
                "ramp_minutes": incident.ramp,
                "form": incident.form,
                "setting": incident.setting,
                "endpoints": operations.collect::<Vec<_>>(),
                "statements": statements.collect::<Vec<_>>(),
                "pool": incident.pool.map(|pool| world.backends[world.pools[pool].backend].name.clone()),
            },
            "signs": signs,
            "bts": self.victims.iter().map(victim).collect::<Vec<_>>(),
            "victims": self.tiers.iter().map(|tier| entity(Entity::Tier(*tier))).collect::<Vec<_>>(),
        })
    }
}

/// All of a run.
pub(super) fn truth(
    world: &World,
    known: &Known,
    (start, minutes): (u64, u64),
    kept: &[Kept],
) -> Value {
    let incidents = kept.iter().enumerate().map(|(id, kept)| kept.json(world, known, id));
    json!({
        "format": FORMAT,
        "seed": world.seed,
        "application": world.application,
        "start_minute": start,
        "minutes": minutes,
        "incidents": incidents.collect::<Vec<_>>(),
    })
}

fn thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
