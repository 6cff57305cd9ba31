//! Series of nodes, hosts and backends, as exporters report them.

use super::super::chance::{Chance, Purpose, chance};
use super::super::fault::Entity;
use super::super::layout::Series;
use super::{Minute, Seen};

/// What a disk takes for one operation when nobody waits, ms.
const DISK_MS: f64 = 1.2;

impl Minute<'_> {
    pub(super) fn series(&self, seen: &mut Seen) {
        let mut chance = chance(self.world.seed, Purpose::Series, 0, self.minute);
        seen.series = self
            .layout
            .series
            .iter()
            .map(|series| {
                let value = self.value(series, &mut chance).filter(|value| value.is_finite())?;
                Some((value * 100.0).round() / 100.0)
            })
            .collect();
    }

    fn value(&self, series: &Series, chance: &mut Chance) -> Option<f64> {
        // Drawn for absent ones too, so that a twin run's series keep their noise.
        let (noise, jitter) = (chance.normal(), chance.jitter(0.04));
        match series.of {
            Entity::Node(node) => self.of_node(node, series, noise, jitter),
            Entity::Host(host) => Some(self.of_host(host, series, noise, jitter)),
            Entity::Backend(backend) => Some(self.of_backend(backend, series, jitter)),
            Entity::Tier(_) | Entity::Transaction(_) => None,
        }
    }

    fn of_node(&self, number: usize, series: &Series, noise: f64, jitter: f64) -> Option<f64> {
        let (condition, flow) = (&self.conditions.nodes[number], &self.flow.nodes[number]);
        if !condition.at_work || condition.refusing >= 1.0 {
            return None;
        }
        let node = &self.world.nodes[number];
        let tier = &self.world.tiers[node.tier];
        if let Some(pool) = series.pool {
            let place = tier.nodes.iter().position(|other| *other == number)?;
            let queue = self.flow.pools[pool][place];
            return Some(match series.name {
                "connections_pct" => (queue.busy * 100.0 * jitter).min(100.0),
                "connections_pending" => queue.waiting * jitter,
                _ => queue.waited * 1e3 * jitter,
            });
        }
        Some(match series.name {
            "cpu_pct" => ((flow.busy * 100.0 + 0.6) * jitter + 0.2 * noise).clamp(0.0, 100.0),
            "memory_mb" => (self.flow.resident_mb(self.world, number) + 3.0 * noise).max(50.0),
            "heap_pct" => (flow.heap * 100.0 + 1.5 * noise).clamp(0.0, 100.0),
            "gc_ms" => flow.collecting * 60_000.0 * jitter,
            "threads_busy" => flow.workers_busy * jitter,
            "threads_pct" => (100.0 * flow.workers_busy / tier.workers * jitter).min(100.0),
            "waiting" => flow.workers.waiting * jitter,
            "retransmits_pct" => flow.retransmits * 100.0 * jitter + 0.02 * noise.abs(),
            "uptime_min" => (self.minute - self.started[number]) as f64,
            _ => return None,
        })
    }

    fn of_host(&self, number: usize, series: &Series, noise: f64, jitter: f64) -> f64 {
        let (host, flow) = (&self.world.hosts[number], &self.flow.hosts[number]);
        match series.name {
            "cpu_pct" => {
                ((flow.busy / host.cores * 100.0 + 1.0) * jitter + 0.3 * noise).clamp(0.0, 100.0)
            }
            "memory_pct" => (flow.memory * 100.0 + 0.4 * noise).clamp(0.0, 100.0),
            "swap_pages_s" => flow.swapped * 20_000.0 * jitter,
            "disk_busy_pct" => (flow.disk_busy * 100.0 * jitter + 0.4 * noise).clamp(0.0, 100.0),
            "disk_wait_ms" => DISK_MS * flow.disk_stretch * jitter,
            "network_mb_s" => (flow.calls * 0.012 + 0.05) * jitter,
            "retransmits_pct" => flow.retransmits * 100.0 * jitter + 0.02 * noise.abs(),
            _ => self.conditions.hosts[number].clock * 1e3 + 1.5 * noise,
        }
    }

    fn of_backend(&self, number: usize, series: &Series, jitter: f64) -> f64 {
        let flow = &self.flow.backends[number];
        match series.name {
            "connections" => {
                let of_backend = |pool: &usize| self.world.pools[*pool].backend == number;
                let pools = (0..self.world.pools.len()).filter(of_backend);
                let used = |pool: usize| {
                    let size = self.world.pools[pool].size;
                    self.flow.pools[pool].iter().map(|queue| queue.busy * size).sum::<f64>()
                };
                pools.map(used).sum::<f64>() * jitter
            }
            "lock_waits" => flow.lock_waits * jitter,
            "hit_pct" => (flow.hits * 100.0 * (1.0 + (jitter - 1.0) * 0.2)).min(100.0),
            _ => (flow.depth + flow.taken * 0.02) * jitter,
        }
    }
}
