//! What is known of when Vedette did not run, kept over restarts: who restarts soon after a suspension, or twice within what health
//! rules look at, must not take the first of the two for silence.

use std::{sync::Arc, time::Duration};

use daemon::{
    absence::{Absence, Absences},
    clock::{SharedClock, UnixNanos},
    tasks::Task,
};
use metadata_store::{
    Directory, Expected, MetadataStore, Settings as _, StoreError, Violations as _,
};
use model::{
    entity::EntityKind,
    id::{AccountId, EntityId},
};

/// The setting that they are stored as.
const NAME: &str = "absences";
/// How soon what is new is stored.
const EVERY: Duration = Duration::from_secs(5);

/// Absences of this process, and all that is known of before it: what was stored, and the stop that ends now. To be made before
/// anybody can report.
pub(crate) async fn known(
    metadata: &MetadataStore,
    directory: &Directory,
    clock: &SharedClock,
) -> Result<Arc<Absences>, StoreError> {
    let absences = Arc::new(Absences::new(Arc::clone(clock)));
    let stored = metadata.setting(NAME).await?;
    let mut past = stored.map(|setting| read(&setting.value)).unwrap_or_default();
    let tiers = directory.of_application(AccountId::FIRST, EntityId::NONE, EntityKind::Tier);
    let heard_ms = tiers.iter().map(|tier| tier.last_seen_ms).max();
    let now_ms = i64::try_from(clock.now().millis()).unwrap_or(i64::MAX);
    past.extend(alerting::stop(heard_ms, metadata.judged_minute().await?, now_ms));
    absences.remember(&past);
    // Now, and not with the task's first run: a stop that is forgotten is taken for silence.
    store(metadata, &absences.known()).await?;
    Ok(absences)
}

/// The task that stores what is new.
pub(crate) fn task(absences: &Arc<Absences>, metadata: &MetadataStore) -> Task {
    let (absences, metadata) = (Arc::clone(absences), metadata.clone());
    let mut stored = absences.known();
    Task::new("absences", EVERY, move || {
        let (known, metadata) = (absences.known(), metadata.clone());
        // What could not be stored comes with the next absence, or the next start finds the stop alone.
        let is_new = stored != known;
        stored.clone_from(&known);
        async move {
            if is_new {
                store(&metadata, &known).await?;
            }
            Ok(None)
        }
    })
}

async fn store(metadata: &MetadataStore, known: &[Absence]) -> Result<(), StoreError> {
    let times: Vec<(u64, u64)> = known.iter().map(|one| (one.from.0, one.to.0)).collect();
    let bytes = serde_json::to_vec(&times).expect("numbers are JSON");
    metadata.put_setting(NAME, &bytes, Expected::Anything).await.map(drop)
}

/// What a newer version wrote in another way says nothing; it must not keep the server from starting.
fn read(bytes: &[u8]) -> Vec<Absence> {
    let times: Vec<(u64, u64)> = serde_json::from_slice(bytes).unwrap_or_default();
    times
        .into_iter()
        .map(|(from, to)| Absence { from: UnixNanos(from), to: UnixNanos(to) })
        .collect()
}

#[cfg(test)]
mod tests {
    use daemon::clock::ManualClock;
    use metadata_store::{Config, MemoryEntities, Url};
    use model::entity::{EntityKey, Properties};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// A process that runs for a minute at a time.
    struct World {
        metadata: MetadataStore,
        directory: Directory,
        tier: EntityId,
        clock: ManualClock,
        began: UnixNanos,
        _folder: tempfile::TempDir,
    }

    impl World {
        async fn new() -> World {
            let folder = tempfile::TempDir::new().unwrap();
            let url = Url::Sqlite(folder.path().join("metadata.sqlite"));
            let metadata = Config { url }.open().await.unwrap();
            let directory = Directory::load(Arc::new(MemoryEntities::default())).unwrap();
            let key = EntityKey {
                account: AccountId::FIRST,
                kind: EntityKind::Tier,
                application: EntityId::NONE,
                parent: EntityId::NONE,
                name: "web".to_owned(),
            };
            let began = UnixNanos::from_minute(30_000_000);
            let now_ms = i64::try_from(began.millis()).unwrap();
            let tier = directory.resolve(&[(key, Properties::default())], now_ms).unwrap()[0];
            let clock = ManualClock::new(began);
            World { metadata, directory, tier, clock, began, _folder: folder }
        }

        async fn start(&self) -> Arc<Absences> {
            known(&self.metadata, &self.directory, &self.clock.shared()).await.unwrap()
        }

        /// It runs for so many minutes, in each of which the tier reports and the one before is judged.
        async fn run(&self, absences: &Absences, minutes: u32) {
            for _ in 0..minutes {
                let now = daemon::clock::Clock::now(&self.clock);
                self.directory.touch(&[(self.tier, i64::try_from(now.millis()).unwrap())]);
                let judged = self.metadata.judged_minute().await.unwrap();
                self.metadata.judge(judged, now.minute() - 1, &[]).await.unwrap();
                for _ in 0..60 {
                    self.clock.advance(Duration::from_secs(1));
                    absences.known();
                }
            }
        }

        /// In minutes since it began.
        fn told(&self, absences: &Absences) -> Vec<(u64, u64)> {
            let since = |at: UnixNanos| at.since(self.began).as_secs() / 60;
            absences.known().iter().map(|one| (since(one.from), since(one.to))).collect()
        }
    }

    #[tokio::test]
    async fn a_suspension_and_a_stop_before_the_last_one_are_known_after_it() {
        let world = World::new().await;
        let first = world.start().await;
        assert_eq!(world.told(&first), [], "nothing was judged yet");
        world.run(&first, 3).await;
        // Suspended for half an hour, and again while the second process runs; both are killed soon after.
        world.clock.advance(30 * MINUTE);
        store(&world.metadata, &first.known()).await.unwrap();
        world.run(&first, 1).await;
        drop(first);
        world.clock.advance(5 * MINUTE);
        let second = world.start().await;
        assert_eq!(world.told(&second), [(3, 33), (34, 40)]);
        world.run(&second, 2).await;
        drop(second);
        world.clock.advance(10 * MINUTE);
        let third = world.start().await;
        assert_eq!(world.told(&third), [(3, 33), (34, 40), (41, 52)]);
        // After two days nobody needs to know of them.
        drop(third);
        world.clock.advance(Duration::from_secs(49 * 3600));
        let fourth = world.start().await;
        assert_eq!(world.told(&fourth), [(41, 2992)]);
    }

    #[tokio::test]
    async fn the_task_stores_what_is_new_and_what_cannot_be_read_is_nothing() {
        let world = World::new().await;
        let absences = world.start().await;
        let stored = async || read(&world.metadata.setting(NAME).await.unwrap().unwrap().value);
        assert_eq!(stored().await, []);
        world.metadata.put_setting(NAME, b"{\"v\":2}", Expected::Anything).await.unwrap();
        let next = world.start().await;
        assert_eq!(world.told(&next), []);
        let shutdown = daemon::shutdown::Shutdown::new(world.clock.shared());
        let stage = shutdown.stage("tasks", Duration::from_secs(5));
        let tasks = daemon::tasks::Tasks::new(world.clock.shared(), stage);
        let nudge = tasks.start(task(&absences, &world.metadata));
        world.clock.advance(5 * MINUTE);
        nudge.nudge();
        let kept = tokio::time::timeout(Duration::from_secs(20), async {
            while stored().await.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        kept.await.expect("it is stored");
        assert_eq!(stored().await, absences.known());
    }
}
