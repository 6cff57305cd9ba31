//! Telling people: the notifier with what the settings file allows it, and its tasks.

use std::{sync::Arc, time::Duration};

use alerting::{
    Notifier, NotifierConfig,
    actions::{command, outward::Allowed},
};
use anyhow::Context as _;
use api::access_key::Sealer;
use daemon::{clock::SharedClock, config::Settings, tasks::Task};
use metadata_store::{Deliveries as _, MetadataStore};

use crate::data_dir::Stores;

const EVERY: Duration = Duration::from_secs(2);
/// How long deliveries are kept.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;

pub(crate) fn notifier(
    settings: &Settings,
    stores: &Stores,
    metadata: &MetadataStore,
    secrets: Sealer,
    url: &str,
    clock: &SharedClock,
) -> anyhow::Result<Arc<Notifier>> {
    let refused = |key: &str, why: String| anyhow::anyhow!("{key} is refused: {why}");
    let allowed =
        Allowed::of(&settings.notice_allow).map_err(|why| refused("notice-allow", why))?;
    let commands = command::commands(&settings.notice_commands)
        .map_err(|why| refused("notice-commands", why))?;
    let trusted = match &*settings.notice_ca {
        Some(path) => {
            std::fs::read(path).with_context(|| format!("reading notice-ca = {path:?}"))?
        }
        None => Vec::new(),
    };
    let base = url.trim_end_matches('/').to_owned();
    let config = NotifierConfig { allowed, trusted, commands, base };
    let directory = Arc::clone(&stores.directory);
    let secrets = Arc::new(secrets);
    Ok(Arc::new(config.build(metadata.clone(), directory, Arc::clone(clock), secrets)))
}

pub(crate) fn tasks(
    notifier: Arc<Notifier>,
    metadata: &MetadataStore,
    clock: &SharedClock,
) -> [Task; 2] {
    let (store, clock) = (metadata.clone(), Arc::clone(clock));
    [
        Task::new("notices", EVERY, move || {
            let notifier = Arc::clone(&notifier);
            async move { Ok(notifier.step().await?) }
        }),
        Task::new("old deliveries", Duration::from_secs(3_600), move || {
            let (store, now_ms) = (store.clone(), i64::try_from(clock.now().millis()));
            async move {
                let before = now_ms? - KEPT_MS;
                let mut deleted = 0;
                loop {
                    let some = store.delete_deliveries_before(before).await?;
                    deleted += some;
                    if some < 1_000 {
                        break;
                    }
                }
                Ok((deleted > 0).then(|| format!("deleted {deleted} deliveries")))
            }
        }),
    ]
}
