//! The metadata store: entities, configuration, users, the catalogue of segments, consumers' offsets.
//!
//! [`Config::open`] brings the database to this version's schema and gives a [`MetadataStore`], a cheap
//! handle that implements one trait per resource; [`SqlCatalogue`] is the same database behind the
//! synchronous [`Catalogue`] that the pipeline works with. SQLite by default, the MySQL protocol when
//! Controllers share a database; what the two disagree about is in `dialect` and nowhere else.
//!
//! Every write is one transaction that may be run again after a conflict, and durable when the call returns.
//! Ids are given out by the store itself, from rows of a table, in no promised order. The store reads no
//! clock, hashes no password, decrypts nothing, and knows nothing about the meaning of kinds, states and JSON.
//!
//! This is the only home of sqlx and of SQL; no type of either shows outside.

mod access_keys;
mod accounts;
mod alert_configs;
mod anomalies;
mod api_clients;
mod audit;
mod baselines;
mod catalogue;
mod config;
mod database;
mod deliveries;
mod dialect;
mod directory;
mod entities;
mod error;
mod events;
mod groups;
mod health_rules;
mod incidents;
mod judged;
mod layouts;
mod memberships;
mod migrations;
mod name;
mod page;
mod roles;
mod saved_searches;
mod sequences;
mod sessions;
mod settings;
mod store;
mod users;
mod uses;
mod views;
mod violations;

pub use access_keys::{AccessKey, AccessKeys, NewAccessKey};
pub use accounts::{Account, Accounts, FIRST_ACCOUNT};
pub use alert_configs::{
    AlertConfig, AlertConfigKind, AlertConfigs, MAX_ALERT_CONFIG_BYTES, MAX_ALERT_CONFIGS,
    NewAlertConfig,
};
pub use anomalies::{
    Anomalies, Anomaly, AnomalyChange, AnomalyFilter, AnomalyOf, AnomalyOutcome, AnomalyStanding,
    AnomalyStatus, ChangedAnomaly, Detection, FoundCause, MAX_ANOMALY_BODY, MAX_ANOMALY_CAUSE,
    MAX_ANOMALY_FEEDBACK, NewAnomalyChange, StoredAnomalySettings, StoredFeedback,
};
pub use api_clients::{
    ApiClient, ApiClientChange, ApiClients, IssueOutcome, MAX_API_TOKENS, NewApiClient,
    NewApiToken, OldSecret,
};
pub use audit::{ActorKind, AuditEntry, AuditLog, AuditQuery, MAX_AUDITED_STATE, NewAudit};
pub use baselines::{
    Baseline, BaselineWindow, Baselines, BaselinesOfAccount, FIRST_OWN_BASELINE, MAX_BASELINES,
    NewBaseline,
};
pub use catalogue::{
    Catalogue, CatalogueError, Claim, CommitOutcome, CommittedOffset, CutCommit, Listing,
    MemoryCatalogue, ObjectRef, PartitionOffset, ReplaceOutcome, Replacement, SegmentMeta,
    SqlCatalogue,
};
pub use config::{AsFound, Config, OpenError, Url};
pub use deliveries::{
    AlertProgress, Attempted, Deliveries, Delivery, DeliveryFilter, DeliveryState, MAX_ALERT_STATE,
    MAX_NOTICE_BYTES, NewDelivery,
};
pub use directory::{Directory, EntityBackend, MemoryEntities, SqlEntities};
pub use entities::{Entities, Entity, NewEntity};
pub use error::StoreError;
pub use events::{
    Added, EntityRef, Event, EventCount, EventFilter, EventLog, EventMarks, EventSeverity,
    EventUsage, Events, MAX_AFFECTED, MAX_EVENT_COMMENT_CHARS, MAX_EVENT_DETAIL_BYTES,
    MAX_EVENT_PROPERTIES, MAX_EVENT_PROPERTY_CHARS, MAX_EVENT_SUMMARY_CHARS, MAX_EVENTS,
    MAX_UNKEYED_EVENTS, MemoryEvents, NewEvent, SqlEvents, event_key,
};
pub use groups::{Group, Groups, MAX_GROUPS, NewGroup};
pub use health_rules::{
    Follow, HealthRule, HealthRules, MAX_RULE_BODY, MAX_RULES, NewHealthRule, NewSchedule,
    RenamedRule, StoredSchedule,
};
pub use incidents::{
    Incident, IncidentChange, IncidentFilter, IncidentMembers, IncidentOf, Incidents,
    MAX_INCIDENT_VIOLATIONS,
};
pub use layouts::{Layouts, NodePosition};
pub use memberships::{Membership, MembershipList, Memberships};
pub use name::{MAX_NAME_CHARS, NameTaken};
pub use page::Page;
pub use roles::{
    ACCOUNT_OWNER, ADMINISTRATOR, MAX_GRANTS, MAX_ROLES, NewRole, OPERATOR, Role, Roles, USER,
    VIEWER,
};
pub use saved_searches::{
    MAX_SAVED_QUERY, MAX_SAVED_SEARCHES, NewSavedSearch, SavedSearch, SavedSearches,
};
pub use sessions::{Session, SessionDetails, Sessions};
pub use settings::{Expected, PutOutcome, Setting, Settings};
pub use store::MetadataStore;
pub use users::{LockAfter, MAX_USERS, NewPassword, NewUser, User, UserChange, Users};
pub use uses::{DocumentNeeds, MayUse, RuleNeeds, Unused};
pub use views::{MAX_VIEW, MAX_VIEWS, NewView, View, Views};
pub use violations::{
    ChangeOf, JudgeOutcome, MAX_CHANGES, MAX_EVIDENCE, NewViolationChange, Violated, Violation,
    ViolationChange, ViolationFilter, ViolationStatus, Violations,
};
