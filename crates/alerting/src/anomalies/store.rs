//! What the engine keeps, behind faces that a test can make fail: the metadata store, and the objects of its state.

use std::fmt::Debug;

use analysis::baseline::Calendar;
use metadata_store::{
    Anomalies as _, Anomaly, AnomalyOutcome, Detection, Event, EventFilter, Events as _,
    FoundCause, Incident, IncidentChange, Incidents as _, MetadataStore, NewAnomalyChange,
    ObjectRef, StoreError, StoredAnomalySettings, Violation, Violations as _,
};
use model::id::AccountId;
use tokio::runtime::Handle;

use crate::baselines::Definitions;

/// What was found, and how applications want to be watched. Calls block; contracts as in [`metadata_store::Anomalies`],
/// [`metadata_store::Incidents`] and [`metadata_store::Events`].
pub trait AnomalyStore: Send + Debug {
    /// Where detection stands.
    ///
    /// # Errors
    /// As all of these: when the store does not answer.
    fn detection(&self) -> Result<Detection, StoreError>;
    fn open(&self) -> Result<Vec<Anomaly>, StoreError>;
    fn cause(&self, id: u32) -> Result<Option<FoundCause>, StoreError>;
    fn open_incidents(&self) -> Result<Vec<Incident>, StoreError>;
    fn open_violations(&self) -> Result<Vec<Violation>, StoreError>;
    fn settings(&self) -> Result<Vec<StoredAnomalySettings>, StoreError>;
    /// By whose hours an account lives.
    fn calendar(&self, account: AccountId) -> Result<Calendar, StoreError>;
    fn events(&self, filter: &EventFilter, limit: u32) -> Result<Vec<Event>, StoreError>;
    fn judge(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewAnomalyChange],
        incidents: &[IncidentChange],
        checkpoint: Option<&ObjectRef>,
    ) -> Result<AnomalyOutcome, StoreError>;
    fn forget(&self, closed_before: u32, limit: u32) -> Result<u64, StoreError>;
}

/// The metadata store, for threads that may block.
#[derive(Clone, Debug)]
pub struct SqlAnomalies {
    store: MetadataStore,
    runtime: Handle,
}

impl SqlAnomalies {
    /// Those of `store`, whose database work runs on `runtime`.
    pub fn new(store: MetadataStore, runtime: Handle) -> SqlAnomalies {
        SqlAnomalies { store, runtime }
    }
}

impl AnomalyStore for SqlAnomalies {
    fn detection(&self) -> Result<Detection, StoreError> {
        self.runtime.block_on(self.store.detection())
    }

    fn open(&self) -> Result<Vec<Anomaly>, StoreError> {
        self.runtime.block_on(self.store.open_anomalies())
    }

    fn cause(&self, id: u32) -> Result<Option<FoundCause>, StoreError> {
        self.runtime.block_on(self.store.anomaly_cause(id))
    }

    fn open_incidents(&self) -> Result<Vec<Incident>, StoreError> {
        self.runtime.block_on(self.store.open_incidents())
    }

    fn open_violations(&self) -> Result<Vec<Violation>, StoreError> {
        self.runtime.block_on(self.store.open_violations())
    }

    fn settings(&self) -> Result<Vec<StoredAnomalySettings>, StoreError> {
        self.runtime.block_on(self.store.anomaly_settings())
    }

    fn calendar(&self, account: AccountId) -> Result<Calendar, StoreError> {
        let loaded = self.runtime.block_on(Definitions::load(&self.store, account))?;
        Ok(loaded.calendar().clone())
    }

    fn events(&self, filter: &EventFilter, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.runtime.block_on(self.store.events(filter, None, limit))
    }

    fn judge(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewAnomalyChange],
        incidents: &[IncidentChange],
        checkpoint: Option<&ObjectRef>,
    ) -> Result<AnomalyOutcome, StoreError> {
        let judged = self.store.judge_anomalies(after, minute, changes, incidents, checkpoint);
        self.runtime.block_on(judged)
    }

    fn forget(&self, closed_before: u32, limit: u32) -> Result<u64, StoreError> {
        self.runtime.block_on(self.store.forget_anomalies(closed_before, limit))
    }
}

/// Where the objects that hold the state of all series lie.
pub trait StateObjects: Send + Debug {
    /// Writes one under a number that none has, and makes it durable.
    ///
    /// # Errors
    /// As all of these: when the disk refuses.
    fn write(&self, number: u64, content: &[u8]) -> Result<ObjectRef, telemetry_store::StoreError>;

    /// Its content; nothing when it is lost or damaged, in which case it is put aside.
    fn read(&self, object: &ObjectRef) -> Result<Option<Vec<u8>>, telemetry_store::StoreError>;

    /// Removes one that nobody points at any more.
    fn remove(&self, path: &str);

    /// Removes all but this one.
    fn remove_others(&self, current: Option<&ObjectRef>)
    -> Result<(), telemetry_store::StoreError>;
}

/// The name that the objects have among all checkpoints.
const CONSUMER: &str = "detection";

impl StateObjects for std::sync::Arc<telemetry_store::Store> {
    fn write(&self, number: u64, content: &[u8]) -> Result<ObjectRef, telemetry_store::StoreError> {
        self.write_checkpoint(CONSUMER, number, content)
    }

    fn read(&self, object: &ObjectRef) -> Result<Option<Vec<u8>>, telemetry_store::StoreError> {
        match self.read_checkpoint(object) {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(telemetry_store::StoreError::DamagedCheckpoint(path)) => {
                tracing::error!(
                    path,
                    "the state of detection is lost or damaged; it is learnt anew"
                );
                self.put_checkpoint_aside(object)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn remove(&self, path: &str) {
        self.remove_checkpoint(path);
    }

    fn remove_others(
        &self,
        current: Option<&ObjectRef>,
    ) -> Result<(), telemetry_store::StoreError> {
        self.remove_stale_checkpoints(CONSUMER, current)
    }
}
