//! Names of the metric tree that more than one part of Vedette needs.

/// Folders at the top of the tree.
pub const OVERALL: &str = "Overall Application Performance";
pub const TRANSACTIONS: &str = "Business Transaction Performance";
pub const BACKENDS: &str = "Backends";
pub const ENDPOINTS: &str = "Service Endpoints";
pub const ERRORS: &str = "Errors";
pub const INFRASTRUCTURE: &str = "Application Infrastructure Performance";

/// Below [`TRANSACTIONS`].
pub const TRANSACTION_TIERS: &str = "Business Transactions";
/// Below a tier, business transaction or service endpoint.
pub const NODES: &str = "Individual Nodes";
/// Below a tier or business transaction.
pub const CALLS: &str = "External Calls";

/// Whole minutes since anything was heard of a tier, node or application: in health rules only, since it is worked out
/// of when an entity was last seen and not stored.
pub const SILENCE: &str = "Minutes Since Last Report";
/// The same of all applications but Vedette's own.
pub const SILENCE_OF_ALL: &str = "Minutes Since Any Application Reported";
