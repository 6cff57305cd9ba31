//! What is expected, what is wrong, who is told: baselines, health rules, policies and actions.
//!
//! Policies: events come out of the metadata store in order ([`notifier`]); [`desk`] decides which policies they match,
//! what is told together and when, and is pure; [`actions`] says it by email, HTTP or a local command. [`outcomes`] makes events
//! of transactions that went badly, as far as a policy asks for them.

pub mod actions;
pub mod anomalies;
mod away;
pub mod baselines;
pub mod desk;
mod due;
#[cfg(test)]
mod made_up;
pub mod mentions;
pub mod notice;
pub mod notifier;
pub mod outcomes;
pub mod policy;
pub mod rules;
pub mod suppression;

pub use self::away::stop;
pub use self::due::Pace;
pub use self::notifier::{Config as NotifierConfig, Notifier, Secrets};
