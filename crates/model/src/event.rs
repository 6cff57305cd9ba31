//! The types of events, by the names that scripts written for the reference product know.

/// A new version of a tier, or what a script says is one.
pub const DEPLOYMENT: &str = "APPLICATION_DEPLOYMENT";
/// Somebody changed how an application is watched, or says that its configuration changed.
pub const CONFIG_CHANGE: &str = "APPLICATION_CONFIG_CHANGE";
/// A node's process was replaced by another one.
pub const RESTART: &str = "APP_SERVER_RESTART";
/// What has no type of its own; its custom type says what it is.
pub const CUSTOM: &str = "CUSTOM";
/// A node reports by another version of its agent.
pub const AGENT_CHANGE: &str = "AGENT_EVENT";
/// An application reported for the first time.
pub const APPLICATION_DISCOVERED: &str = "APPLICATION_DISCOVERED";
/// A tier reported for the first time.
pub const TIER_DISCOVERED: &str = "TIER_DISCOVERED";
/// There are as many of something as may be, and further ones count together.
pub const LIMIT_REACHED: &str = "CONTROLLER_LIMIT_REACHED";
/// Transactions of one kind and minute that went badly; named as the reference names how a transaction went.
pub const SLOW: &str = "SLOW";
pub const VERY_SLOW: &str = "VERY_SLOW";
pub const STALL: &str = "STALL";
pub const ERROR: &str = "ERROR";
/// Exceptions of one group and minute.
pub const APPLICATION_ERROR: &str = "APPLICATION_ERROR";
/// Vedette's disk is short of room, or is not any more.
pub const DISK_SPACE: &str = "DISK_SPACE";
/// Something else is wrong with Vedette itself, or is well again.
pub const OWN_HEALTH: &str = "VEDETTE_HEALTH";

/// What Vedette finds by itself, besides what becomes of violations and anomalies: all that policies can be about.
pub const FOUND: [&str; 14] = [
    SLOW,
    VERY_SLOW,
    STALL,
    ERROR,
    APPLICATION_ERROR,
    DEPLOYMENT,
    CONFIG_CHANGE,
    RESTART,
    AGENT_CHANGE,
    APPLICATION_DISCOVERED,
    TIER_DISCOVERED,
    LIMIT_REACHED,
    DISK_SPACE,
    OWN_HEALTH,
];

/// What people and scripts may post. Everything else is found by Vedette, and policies may rely on that.
pub const POSTED: [&str; 4] = [DEPLOYMENT, CONFIG_CHANGE, RESTART, CUSTOM];
