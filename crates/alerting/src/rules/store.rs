//! What the engine keeps, behind one face: the metadata store, or what a test makes of it.

use std::fmt::Debug;

use metadata_store::{
    HealthRule, HealthRules as _, JudgeOutcome, MetadataStore, NewHealthRule, NewSchedule,
    NewViolationChange, Page, StoreError, StoredSchedule, Violation, Violations as _,
};
use model::id::AccountId;
use tokio::runtime::Handle;

use crate::baselines::Definitions;

/// Rules, schedules and what they found. Calls block; contracts as in [`metadata_store::HealthRules`] and
/// [`metadata_store::Violations`].
pub trait RuleStore: Send + Debug {
    /// All rules of all applications.
    ///
    /// # Errors
    /// As all of these: when the store does not answer.
    fn rules(&self) -> Result<Vec<HealthRule>, StoreError>;
    fn schedules(&self) -> Result<Vec<StoredSchedule>, StoreError>;
    /// The name of the account's time zone; UTC where none was set.
    fn time_zone(&self) -> Result<String, StoreError>;
    fn seeded(&self) -> Result<Vec<u32>, StoreError>;
    fn seed(
        &self,
        application: u32,
        rules: &[NewHealthRule],
        schedules: &[NewSchedule],
    ) -> Result<bool, StoreError>;
    fn judged(&self) -> Result<Option<u32>, StoreError>;
    fn open(&self) -> Result<Vec<Violation>, StoreError>;
    fn judge(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewViolationChange],
    ) -> Result<JudgeOutcome, StoreError>;
    fn forget(&self, closed_before: u32, limit: u32) -> Result<u64, StoreError>;
}

/// The metadata store, for threads that may block.
#[derive(Clone, Debug)]
pub struct SqlRules {
    store: MetadataStore,
    runtime: Handle,
}

impl SqlRules {
    /// The rules of `store`, whose database work runs on `runtime`.
    pub fn new(store: MetadataStore, runtime: Handle) -> SqlRules {
        SqlRules { store, runtime }
    }
}

/// Rows that are read at a time.
const PAGE: u32 = 1000;

impl RuleStore for SqlRules {
    fn rules(&self) -> Result<Vec<HealthRule>, StoreError> {
        let page = |page| self.runtime.block_on(self.store.all_health_rules(page));
        all(page, |rule: &HealthRule| rule.id)
    }

    fn schedules(&self) -> Result<Vec<StoredSchedule>, StoreError> {
        let page = |page| self.runtime.block_on(self.store.all_schedules(page));
        all(page, |schedule: &StoredSchedule| schedule.id)
    }

    fn time_zone(&self) -> Result<String, StoreError> {
        let account = AccountId::FIRST;
        let loaded = self.runtime.block_on(Definitions::load(&self.store, account))?;
        Ok(loaded.calendar().name().to_owned())
    }

    fn seeded(&self) -> Result<Vec<u32>, StoreError> {
        self.runtime.block_on(self.store.seeded_applications())
    }

    fn seed(
        &self,
        application: u32,
        rules: &[NewHealthRule],
        schedules: &[NewSchedule],
    ) -> Result<bool, StoreError> {
        self.runtime.block_on(self.store.seed_application(application, rules, schedules))
    }

    fn judged(&self) -> Result<Option<u32>, StoreError> {
        self.runtime.block_on(self.store.judged_minute())
    }

    fn open(&self) -> Result<Vec<Violation>, StoreError> {
        self.runtime.block_on(self.store.open_violations())
    }

    fn judge(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewViolationChange],
    ) -> Result<JudgeOutcome, StoreError> {
        self.runtime.block_on(self.store.judge(after, minute, changes))
    }

    fn forget(&self, closed_before: u32, limit: u32) -> Result<u64, StoreError> {
        self.runtime.block_on(self.store.forget_violations(closed_before, limit))
    }
}

/// All of a list that comes in pages.
fn all<T>(
    page: impl Fn(Page) -> Result<Vec<T>, StoreError>,
    id: impl Fn(&T) -> u32,
) -> Result<Vec<T>, StoreError> {
    let mut found: Vec<T> = Vec::new();
    loop {
        let after_id = found.last().map_or(0, &id);
        let more = page(Page { after_id, limit: PAGE })?;
        let is_last = more.len() < PAGE as usize;
        found.extend(more);
        if is_last {
            return Ok(found);
        }
    }
}
