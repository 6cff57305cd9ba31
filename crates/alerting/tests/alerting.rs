//! The notifier over a real store, with kills and by the calendar.

#[path = "alerting/calendar.rs"]
mod calendar;
#[path = "alerting/kills.rs"]
mod kills;
#[path = "alerting/office.rs"]
mod office;
#[path = "alerting/outward.rs"]
mod outward;
