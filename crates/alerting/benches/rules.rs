//! How long judging a minute takes: `cargo bench -p alerting --bench rules -- [entities] [rules]`, ten rules over 10,000
//! business transactions without them, which are 100,000 to judge. Each rule is the factory's about business transactions:
//! two levels of five conditions, two of them by baselines, over 30 minutes. The figures are read from a real store; what is
//! expected is at hand. One thread does it all, and what is said of CPU is of the whole process.

use std::{io::Write, sync::Arc};

use alerting::rules::{BaselineKey, Engine, Expectations, RuleStore, States};
use analysis::baseline::{Basis, Expected, Noise};
use daemon::{clock::SystemClock, disk::LocalDisk, metrics::ProcessUsage};
use metadata_store::{
    Directory, Entity, EntityBackend, HealthRule, JudgeOutcome, MemoryCatalogue, NewEntity,
    NewHealthRule, NewSchedule, NewViolationChange, Page, StoreError, StoredSchedule, Violation,
};
use model::{
    entity::{EntityKey, EntityKind, Properties},
    figure::{Call, FigureKey, Scope},
    id::{AccountId, EntityId},
    rule::{Rule, factory_rules},
    span::Outcome,
    time::Minute,
};
use parking_lot::Mutex;
use telemetry_store::{Memory, Store, reader::Reader};

const ACCOUNT: AccountId = AccountId::FIRST;
const START: Minute = Minute(29_453_760);
/// Minutes that are judged and timed, after the windows were filled.
const MINUTES: u32 = 5;
const WINDOW: u32 = 30;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<u32>().ok());
    let (entities, rules) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(10));
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let store = telemetry_store::Config {
        disk: Arc::new(LocalDisk::new(folder.path()).expect("it is writable")),
        catalogue: Arc::new(MemoryCatalogue::new()),
        memory: Memory::default(),
    };
    let store = Arc::new(store.open().expect("it opens"));
    let directory = Arc::new(Directory::load(Arc::new(Numbered::default())).expect("it is empty"));
    let bts = shop(&directory, entities);
    for minute in 0..WINDOW + MINUTES {
        fill(&store, &bts, Minute(START.0 + minute));
    }
    let reader: Arc<dyn Reader> = store;
    let mut engine = Engine::new(
        Box::new(Kept { rules: many(bts[0], rules), judged: Mutex::new(None) }),
        reader,
        directory,
        Arc::new(Steady),
        Arc::new(States::default()),
        1 << 30,
    );
    let clock = SystemClock::shared();
    for minute in WINDOW - 1..WINDOW + MINUTES {
        let (began, cpu) = (clock.monotonic(), cpu_seconds());
        let due = Minute(START.0 + minute + 2).start_millis();
        let judged = engine.step(due).expect("stores answer").expect("a minute is due");
        let took = clock.monotonic().saturating_sub(began).as_secs_f64();
        let what = if minute < WINDOW { "filling the windows and judging" } else { "judging" };
        say(&format!(
            "{what} a minute: {} entities by rule, {} changes, {took:.3} s ({:.2} s CPU)",
            judged.pairs,
            judged.changes,
            cpu_seconds() - cpu
        ));
    }
    let resident = ProcessUsage::read().map_or(0, |usage| usage.resident_bytes) >> 20;
    say(&format!("{resident} MiB resident at the end"));
}

/// An application with a tier and business transactions; its id and theirs.
fn shop(directory: &Directory, entities: u32) -> Vec<EntityId> {
    let now_ms = Minute(START.0 + WINDOW).start_millis();
    let make = |kind, application, parent, name: String| {
        let key = EntityKey { account: ACCOUNT, kind, application, parent, name };
        let made = directory.resolve(&[(key, Properties::default())], now_ms);
        made.expect("memory answers")[0]
    };
    let none = EntityId::NONE;
    let shop = make(EntityKind::Application, none, none, "shop".to_owned());
    let tier = make(EntityKind::Tier, shop, none, "web".to_owned());
    let bts = (0..entities)
        .map(|number| make(EntityKind::BusinessTransaction, shop, tier, format!("GET /{number}")));
    std::iter::once(shop).chain(bts).collect()
}

/// Three calls of each business transaction, one of which fails.
fn fill(store: &Store, bts: &[EntityId], at: Minute) {
    store.with_head(|head| {
        let rows = head.rows(ACCOUNT);
        for bt in &bts[1..] {
            let key = FigureKey {
                scope: Scope::BusinessTransaction,
                application: bts[0],
                subject: *bt,
                peer: EntityId::NONE,
                bt: EntityId::NONE,
            };
            for number in 0..3 {
                rows.count(
                    key,
                    at,
                    &Call {
                        micros: 1000.0 * f64::from(number + 1),
                        weight: 1.0,
                        failed: number == 0,
                        http_error: false,
                        outcome: Outcome::Normal,
                        long_lived: false,
                        at_ms: at.start_millis(),
                    },
                );
            }
        }
    });
}

fn many(application: EntityId, rules: u32) -> Vec<HealthRule> {
    let rule = factory_rules().into_iter().find(|rule| rule.name == "Business Transaction Health");
    let rule = rule.expect("it is the factory's");
    let stored = |id: u32| {
        let rule = Rule { name: format!("rule {id}"), ..rule.clone() };
        HealthRule {
            id,
            application_id: application.0,
            name: rule.name.clone(),
            enabled: true,
            body: serde_json::to_string(&rule).expect("it is plain data"),
            version: 1,
            changed_ms: 0,
        }
    };
    (1..=rules).map(stored).collect()
}

/// Something is always expected.
#[derive(Debug)]
struct Steady;

impl Expectations for Steady {
    fn expected(&self, _: AccountId, keys: &[BaselineKey], _: Minute) -> Vec<Option<Expected>> {
        let expected = Expected {
            mean: 100.0,
            deviation: 10.0,
            noise: Noise::OfCounting,
            minutes: 1000,
            hours: 20,
            basis: Basis::Season,
        };
        vec![Some(expected); keys.len()]
    }
}

/// Rules in memory.
#[derive(Debug)]
struct Kept {
    rules: Vec<HealthRule>,
    judged: Mutex<Option<u32>>,
}

impl RuleStore for Kept {
    fn rules(&self) -> Result<Vec<HealthRule>, StoreError> {
        Ok(self.rules.clone())
    }

    fn schedules(&self) -> Result<Vec<StoredSchedule>, StoreError> {
        Ok(Vec::new())
    }

    fn time_zone(&self) -> Result<String, StoreError> {
        Ok("UTC".to_owned())
    }

    fn seeded(&self) -> Result<Vec<u32>, StoreError> {
        Ok(vec![self.rules[0].application_id])
    }

    fn seed(&self, _: u32, _: &[NewHealthRule], _: &[NewSchedule]) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn judged(&self) -> Result<Option<u32>, StoreError> {
        Ok(*self.judged.lock())
    }

    fn open(&self) -> Result<Vec<Violation>, StoreError> {
        Ok(Vec::new())
    }

    fn judge(
        &self,
        _: Option<u32>,
        minute: u32,
        changes: &[NewViolationChange],
    ) -> Result<JudgeOutcome, StoreError> {
        *self.judged.lock() = Some(minute);
        Ok(JudgeOutcome::Stored((1..=changes.len() as u32).collect()))
    }

    fn forget(&self, _: u32, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Entities in memory that are numbered as they come.
#[derive(Debug, Default)]
struct Numbered {
    next: Mutex<u32>,
}

impl EntityBackend for Numbered {
    fn page(&self, _: Page) -> Result<Vec<Entity>, StoreError> {
        Ok(Vec::new())
    }

    fn resolve(&self, entities: &[NewEntity]) -> Result<Vec<u32>, StoreError> {
        let mut next = self.next.lock();
        let ids = entities.iter().map(|_| {
            *next += 1;
            *next
        });
        Ok(ids.collect())
    }

    fn touch(&self, _: &[(u32, i64)]) -> Result<(), StoreError> {
        Ok(())
    }

    fn set_properties(&self, _: &[(u32, String)]) -> Result<(), StoreError> {
        Ok(())
    }
}

fn cpu_seconds() -> f64 {
    ProcessUsage::read().map_or(0.0, |usage| usage.cpu_seconds)
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody listens");
}
