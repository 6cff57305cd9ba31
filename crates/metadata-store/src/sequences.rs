//! Where ids come from: one row per kind of id, raised in the transaction that uses them.

use sqlx::Error;

use crate::database::{Tx, sql};

/// A row of `sequences`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sequence {
    User,
    AccessKey,
    ApiClient,
    Entity,
    Segment,
    CatalogueVersion,
    SavedSearch,
    Baseline,
    HealthRule,
    Schedule,
    Violation,
    Anomaly,
    Incident,
    Event,
    Role,
    Group,
    Audit,
    View,
    AlertConfig,
    Delivery,
}

impl Sequence {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::AccessKey => "access_key",
            Self::ApiClient => "api_client",
            Self::Entity => "entity",
            Self::Segment => "segment",
            Self::CatalogueVersion => "catalogue_version",
            Self::SavedSearch => "saved_search",
            Self::Baseline => "baseline",
            Self::HealthRule => "health_rule",
            Self::Schedule => "schedule",
            Self::Violation => "violation",
            Self::Anomaly => "anomaly",
            Self::Incident => "incident",
            Self::Event => "event",
            Self::Role => "role",
            Self::Group => "user_group",
            Self::Audit => "audit",
            Self::View => "view",
            Self::AlertConfig => "alert_config",
            Self::Delivery => "delivery",
        }
    }

    /// The last id given out. Until the transaction ends nobody else locks or takes from this sequence, which
    /// makes it the lock of whatever it numbers; plain reads that follow see all that earlier holders committed.
    pub(crate) async fn lock(self, tx: &mut Tx) -> Result<u64, Error> {
        let row = tx.row(sql(tx.dialect().for_update(SELECT)).bind(self.name())).await?;
        row.ok_or(Error::RowNotFound)?.unsigned(0)
    }

    /// The last id given out, as far as this transaction sees.
    pub(crate) async fn current(self, tx: &mut Tx) -> Result<u64, Error> {
        let row = tx.row(sql(SELECT).bind(self.name())).await?;
        row.ok_or(Error::RowNotFound)?.unsigned(0)
    }

    /// Gives out `count` consecutive ids and returns the first.
    pub(crate) async fn take(self, tx: &mut Tx, count: u32) -> Result<u64, Error> {
        let raise = sql("UPDATE sequences SET value = value + ? WHERE name = ?");
        tx.execute(raise.bind(count).bind(self.name())).await?;
        Ok(self.current(tx).await? - u64::from(count) + 1)
    }

    /// One id, for tables whose ids have 32 bits.
    pub(crate) async fn take_one(self, tx: &mut Tx) -> Result<u32, Error> {
        small(self.take(tx, 1).await?)
    }
}

const SELECT: &str = "SELECT value FROM sequences WHERE name = ?";

/// An id of a table whose ids have 32 bits.
pub(crate) fn small(id: u64) -> Result<u32, Error> {
    u32::try_from(id).map_err(|_| Error::Encode("the ids of this table are used up".into()))
}
