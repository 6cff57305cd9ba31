//! The notifier over a real store, with kills.

#[path = "alerting/kills.rs"]
mod kills;
#[path = "alerting/office.rs"]
mod office;
#[path = "alerting/outward.rs"]
mod outward;
