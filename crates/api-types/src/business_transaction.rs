//! Business transactions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{figures::Figures, page::Partial, reference::Ref};

/// A business transaction in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BusinessTransaction {
    pub id: u32,
    pub name: String,
    /// Where it enters the application.
    pub tier: Ref,
    pub entry_type: EntryType,
    /// Work that no user waits for; outside the application's figures.
    pub background: bool,
    pub health_check: bool,
    /// All requests that have no business transaction of their own.
    pub other_traffic: bool,
    /// Its calls are out of response times: WebSockets, streams, what half the time lasts over a minute.
    pub long_lived: bool,
    /// What an operator said of that; null while Vedette decides.
    #[schema(required)]
    pub long_lived_marked: Option<bool>,
    pub figures: Figures,
    /// Calls per minute over the range, at most 30 points; null where the application reported nothing.
    pub sparkline: Vec<Option<f64>>,
}

/// Whether a business transaction is long-lived. Holds for calls from the next minute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LongLivedMark {
    /// Null: Vedette decides by the median.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    pub marked: Option<bool>,
}

/// A business transaction that came when its application or tier had no place for another: it is known by name, and its
/// calls count in `All Other Traffic`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingTransaction {
    pub id: u32,
    pub name: String,
    /// Where it enters the application.
    pub tier: Ref,
    pub entry_type: EntryType,
    /// It counts by itself from the next minute on.
    pub promoted: bool,
    /// Unix milliseconds.
    pub last_seen_ms: i64,
    /// Calls of its service endpoint, whatever transaction they belong to; null for one that has none.
    #[schema(required)]
    pub figures: Option<Figures>,
}

/// Whether a business transaction that waits for a place counts by itself from the next minute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    pub promoted: bool,
}

/// One business transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BusinessTransactionDetail {
    #[serde(flatten)]
    pub business_transaction: BusinessTransaction,
    pub application: Ref,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// How requests of it arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum EntryType {
    Http,
    Rpc,
    Messaging,
    Background,
    Other,
}

impl EntryType {
    /// The type of a category as entities have it.
    pub fn of_category(category: &str) -> EntryType {
        match category {
            "HTTP" => EntryType::Http,
            "RPC" => EntryType::Rpc,
            "MESSAGING" => EntryType::Messaging,
            "BACKGROUND" => EntryType::Background,
            _ => EntryType::Other,
        }
    }
}
