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
    /// What an operator said of `background`; null while its name or kind tells.
    #[schema(required)]
    pub background_marked: Option<bool>,
    /// Its requests count for no business transaction from the next minute on, or do already.
    pub excluded: bool,
    /// The group that it is in.
    #[schema(required)]
    pub group: Option<Ref>,
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

/// Whether no user waits for a business transaction. Holds at once, for what was counted before too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackgroundMark {
    /// Null: its name or kind tells.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    pub marked: Option<bool>,
}

/// Whether a business transaction is not wanted: from the next minute on its requests count for none. They still count on
/// tiers, nodes, service endpoints, calls and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    pub excluded: bool,
}

/// A group of business transactions to be made, or what is to become of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Buying", "business_transactions": [17, 18]}))]
pub struct NewTransactionGroup {
    /// Unique in the application; no `|` or control character.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Ids of all its members. What was in another group leaves it.
    #[schema(max_items = 1000)]
    pub business_transactions: Vec<u32>,
}

/// A group of business transactions with the figures of all its members together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TransactionGroup {
    /// Among the groups of its application.
    pub id: u32,
    pub name: String,
    /// Its members, by name; those that are excluded are not among them.
    pub business_transactions: Vec<Ref>,
    pub figures: Figures,
    /// Calls per minute over the range, at most 30 points; null where the application reported nothing.
    pub sparkline: Vec<Option<f64>>,
}

/// One group with its members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TransactionGroupDetail {
    #[serde(flatten)]
    pub group: TransactionGroup,
    pub application: Ref,
    pub members: Vec<BusinessTransaction>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// A business transaction that is known by name and has no place of its own: its application or tier had none for another, and
/// its calls count in `All Other Traffic`; or it may be a piece of others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingTransaction {
    pub id: u32,
    pub name: String,
    /// Where it enters the application.
    pub tier: Ref,
    pub entry_type: EntryType,
    /// It counts by itself from the next minute on.
    pub promoted: bool,
    /// It was met in traces whose beginning did not come, at a tier that others of its application call. Such calls of it count in no
    /// business transaction until they have come in 10 of 15 minutes, or one comes that names no caller.
    #[serde(default)]
    pub may_be_piece: bool,
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
