//! How long data are kept: as configured, unless the page of storage says otherwise. What it says is stored in the metadata
//! store, and holds from the next round of upkeep on.

use std::{collections::BTreeMap, time::Duration};

use api_types::{NewRetention, Retention as Told};
use daemon::config::Settings;
use ingest::intake::Kept;
use metadata_store::{MetadataStore, Settings as _};
use parking_lot::RwLock;
use telemetry_store::upkeep::Retention;
use tracing::warn;

/// More than intake stops at, so that it seldom has to.
const KEEP_FREE_PERCENT: u8 = 8;

/// The settings by their names, and what each holds for.
const SETTINGS: [(&str, &str); 7] = [
    ("retention-traces", "Every trace"),
    ("retention-snapshots", "Snapshots, and what traces are found by"),
    ("retention-minutes", "Figures and metrics by the minute; older data are refused"),
    ("retention-ten-minutes", "Figures and metrics by ten minutes"),
    ("retention-hours", "Figures and metrics by the hour"),
    ("retention-samples", "Raw metric points"),
    ("retention-logs", "Log records"),
];

/// What holds now; shared by all who ask.
#[derive(Debug)]
pub(crate) struct LiveRetention {
    configured: Retention,
    /// Milliseconds by setting.
    stored: RwLock<BTreeMap<String, i64>>,
    /// What intake refuses goes by the minutes'.
    minutes: Kept,
}

impl LiveRetention {
    /// As configured, and as it was stored; what is stored and cannot be read does not hold.
    ///
    /// # Errors
    /// When the metadata store does not answer.
    pub(crate) async fn load(
        settings: &Settings,
        metadata: &MetadataStore,
    ) -> anyhow::Result<LiveRetention> {
        let stored = metadata.setting(api::RETENTIONS).await?;
        let read = |value: &[u8]| {
            serde_json::from_slice(value).unwrap_or_else(|error| {
                warn!(%error, "what is stored of retentions cannot be read: the settings hold");
                BTreeMap::new()
            })
        };
        let stored = stored.map(|stored| read(&stored.value)).unwrap_or_default();
        let live = LiveRetention {
            configured: configured(settings),
            stored: RwLock::new(stored),
            minutes: Kept::for_(Duration::ZERO),
        };
        live.tell_intake();
        Ok(live)
    }

    /// What holds now.
    pub(crate) fn now(&self) -> Retention {
        self.with(&[])
    }

    /// What would hold if these were set.
    pub(crate) fn with(&self, wanted: &[NewRetention]) -> Retention {
        let mut stored = self.stored.read().clone();
        apply(&mut stored, wanted);
        let mut retention = self.configured;
        for (setting, _) in SETTINGS {
            if let (Some(field), Some(ms)) = (field(&mut retention, setting), stored.get(setting)) {
                *field = *ms;
            }
        }
        retention
    }

    /// Lets these hold.
    pub(crate) fn set(&self, wanted: &[NewRetention]) {
        apply(&mut self.stored.write(), wanted);
        self.tell_intake();
    }

    /// What intake goes by.
    pub(crate) fn minutes(&self) -> Kept {
        self.minutes.clone()
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        let (mut now, mut configured) = (self.now(), self.configured);
        let stored = self.stored.read();
        let told = |(setting, what): (&str, &str)| Told {
            setting: setting.to_owned(),
            what: what.to_owned(),
            ms: field(&mut now, setting).map_or(0, |ms| *ms),
            configured_ms: field(&mut configured, setting).map_or(0, |ms| *ms),
            changed: stored.contains_key(setting),
        };
        SETTINGS.map(told).into()
    }

    fn tell_intake(&self) {
        let millis = u64::try_from(self.now().minutes_ms).unwrap_or(0);
        self.minutes.set(Duration::from_millis(millis));
    }
}

fn apply(stored: &mut BTreeMap<String, i64>, wanted: &[NewRetention]) {
    for one in wanted {
        match one.ms {
            Some(ms) => drop(stored.insert(one.setting.clone(), ms)),
            None => drop(stored.remove(&one.setting)),
        }
    }
}

fn field<'r>(retention: &'r mut Retention, setting: &str) -> Option<&'r mut i64> {
    Some(match setting {
        "retention-traces" => &mut retention.traces_ms,
        "retention-snapshots" => &mut retention.snapshots_ms,
        "retention-minutes" => &mut retention.minutes_ms,
        "retention-ten-minutes" => &mut retention.ten_minutes_ms,
        "retention-hours" => &mut retention.hours_ms,
        "retention-samples" => &mut retention.samples_ms,
        "retention-logs" => &mut retention.logs_ms,
        _ => return None,
    })
}

fn configured(settings: &Settings) -> Retention {
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2);
    Retention {
        traces_ms: ms(*settings.retention_traces),
        snapshots_ms: ms(*settings.retention_snapshots),
        minutes_ms: ms(*settings.retention_minutes),
        ten_minutes_ms: ms(*settings.retention_ten_minutes),
        hours_ms: ms(*settings.retention_hours),
        logs_ms: ms(*settings.retention_logs),
        samples_ms: ms(*settings.retention_samples),
        keep_free_percent: KEEP_FREE_PERCENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> LiveRetention {
        let hour = 3_600_000;
        LiveRetention {
            configured: Retention {
                traces_ms: 24 * hour,
                snapshots_ms: 24 * hour,
                minutes_ms: 24 * hour,
                ten_minutes_ms: 24 * hour,
                hours_ms: 24 * hour,
                logs_ms: 24 * hour,
                samples_ms: 24 * hour,
                keep_free_percent: 8,
            },
            stored: RwLock::default(),
            minutes: Kept::for_(Duration::ZERO),
        }
    }

    fn one(setting: &str, ms: Option<i64>) -> [NewRetention; 1] {
        [NewRetention { setting: setting.to_owned(), ms }]
    }

    #[test]
    fn what_is_set_takes_the_place_of_what_is_configured_until_it_is_taken_back() {
        let live = live();
        for (setting, _) in SETTINGS {
            let tried = live.with(&one(setting, Some(7)));
            assert_ne!(tried, live.now(), "{setting} is a field");
            live.set(&one(setting, Some(7)));
            assert_eq!(live.now(), tried);
            let told = live.told();
            let told = told.iter().find(|told| told.setting == setting).expect("it is told");
            assert_eq!((told.ms, told.configured_ms, told.changed), (7, 86_400_000, true));
            live.set(&one(setting, None));
            assert_eq!(live.now(), live.configured);
        }
    }

    #[test]
    fn intake_goes_by_the_minutes_at_once() {
        let live = live();
        let intake = live.minutes();
        live.set(&one("retention-minutes", Some(3_600_000)));
        assert_eq!(intake.get(), Duration::from_secs(3600));
    }
}
