//! What the process says of itself in the world: a table of spans, a journal at its limit, a task that failed.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use api::{Answered, Caps, HeldKeys, Observer, Operations};
use api_types::{
    BackgroundTask, Disk, Health, JournalUsage, Limit, Memory, NewRetention, Refusal, Retention,
    RetentionLoss, Storage, TableLoss, TableUsage,
};
use metadata_store::{AccessKeys as _, MetadataStore};
use model::id::AccountId;
use parking_lot::Mutex;

use super::NOW;

/// Listens to nothing.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Observer for Nobody {
    fn answered(&self, _: Answered) {}
}

/// Names of the keys that intake would take, as it read them last.
pub(crate) type HeldKeyNames = Arc<Mutex<Vec<String>>>;

/// Intake, as far as it holds keys.
#[derive(Debug)]
pub(crate) struct FakeIntake {
    pub(crate) store: MetadataStore,
    pub(crate) held: HeldKeyNames,
}

impl HeldKeys for FakeIntake {
    fn reread(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            let keys = self.store.access_keys().await.unwrap();
            let valid = keys.into_iter().filter(|key| !key.disabled);
            *self.held.lock() = valid.map(|key| key.name).collect();
        })
    }
}

/// A process whose journal is at its limit.
#[derive(Debug, Default)]
pub(crate) struct FakeOperations {
    /// That were set.
    retentions: Mutex<BTreeMap<String, i64>>,
}

impl Operations for FakeOperations {
    fn storage(&self, account: AccountId) -> std::io::Result<Storage> {
        let spans = TableUsage {
            table: "spans".to_owned(),
            what: "Every span of every trace".to_owned(),
            bytes: 1_000_000 * u64::from(account.0),
            rows: 20_000,
            segments: 3,
            oldest: Some(NOW.start_millis() - 3_600_000),
            newest: Some(NOW.start_millis()),
            retention_ms: 24 * 3_600_000,
            setting: "retention-traces".to_owned(),
            bytes_per_day: Some(24_000_000),
            expected_bytes: Some(24_000_000),
        };
        let disk = Disk {
            total_bytes: 100 << 30,
            free_bytes: 60 << 30,
            refuse_below_bytes: 5 << 30,
            make_room_below_bytes: 8 << 30,
            dropped_bytes: 0,
        };
        let setting = "journal-max-bytes".to_owned();
        let journal = JournalUsage { bytes: 4 << 30, max_bytes: 4 << 30, setting };
        Ok(Storage { tables: vec![spans], disk, journal, retentions: self.retentions() })
    }

    fn retentions(&self) -> Vec<Retention> {
        let hour = 3_600_000;
        let stored = self.retentions.lock();
        let retention = |(setting, configured_ms): (&str, i64)| Retention {
            setting: setting.to_owned(),
            what: "Rows".to_owned(),
            ms: stored.get(setting).copied().unwrap_or(configured_ms),
            configured_ms,
            changed: stored.contains_key(setting),
        };
        [
            ("retention-traces", 24 * hour),
            ("retention-minutes", 192 * hour),
            ("retention-hours", 9600 * hour),
        ]
        .map(retention)
        .into()
    }

    /// All of the spans are twelve hours old.
    fn would_lose(&self, _: AccountId, wanted: &[NewRetention]) -> RetentionLoss {
        let shorter = |one: &NewRetention| {
            one.setting == "retention-traces" && one.ms.is_some_and(|ms| ms < 12 * 3_600_000)
        };
        let table = "spans".to_owned();
        let spans = TableLoss { table, segments: 3, bytes: 1_000_000, rows: 20_000 };
        match wanted.iter().any(shorter) {
            true => RetentionLoss { tables: vec![spans], bytes: 1_000_000 },
            false => RetentionLoss { tables: Vec::new(), bytes: 0 },
        }
    }

    fn set_retentions(&self, wanted: &[NewRetention]) {
        let mut stored = self.retentions.lock();
        for one in wanted {
            match one.ms {
                Some(ms) => drop(stored.insert(one.setting.clone(), ms)),
                None => drop(stored.remove(&one.setting)),
            }
        }
    }

    fn limits(&self) -> std::io::Result<Vec<Limit>> {
        let [idle, full] = [("memory", 1), ("journal", 100)]
            .map(|(name, used)| api::limit::of(name, name, used, 100).bytes().made());
        Ok(vec![idle, full])
    }

    fn caps(&self) -> Caps {
        Caps {
            transactions: 4,
            tiers: 1000,
            nodes: 1000,
            applications: 1000,
            backends: 1,
            queues: 1,
            endpoints: 1000,
            errors: 1,
        }
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            signal: "traces".to_owned(),
            reason: "too_old".to_owned(),
            counted: "items".to_owned(),
            count: 7,
            remedy: "Set its clock.".to_owned(),
        }]
    }

    fn health(&self) -> Health {
        Health {
            version: "0.1.0".to_owned(),
            started_at: NOW.start_millis() - 60_000,
            ready: true,
            reasons: Vec::new(),
            application: None,
            memory: Memory { resident_bytes: 1 << 27, limit_bytes: 1 << 29, budgets: Vec::new() },
            cpu_seconds: 12.5,
            threads: 9,
            tasks: vec![BackgroundTask {
                name: "segments".to_owned(),
                period_ms: 5000,
                running: false,
                runs: 12,
                failures: 1,
                last_start: Some(NOW.start_millis()),
                last_duration_ms: Some(1.5),
                last_result: Some("disk full".to_owned()),
                failed: true,
            }],
        }
    }
}
