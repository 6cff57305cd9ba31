//! Health rules at work: each minute is judged once, a minute after its end, by every rule for every entity it affects.
//!
//! Everything that decides is a function of values: which entities a rule affects ([`affected`]), where a path leads
//! ([`source`]), what the minutes of a window come to ([`windows`]), whether the criteria hold ([`evaluate`]), and what that
//! changes for a violation ([`transition`]). The [`engine`] strings them together; its only memory is what the stores can
//! give back, so that it may stop anywhere: what a minute changed, its events and the mark that it was judged are one
//! transaction. [`job`] drives it by the clock. [`back_test`] runs the same functions over the past and stores nothing.

mod affected;
mod back_test;
mod compiled;
mod engine;
mod evaluate;
mod expected;
mod job;
mod read;
mod source;
mod states;
mod store;
mod transition;
mod windows;

#[cfg(test)]
mod tests;

pub(crate) use self::affected::{Alive, Entities};
pub use self::{
    affected::{Affected, affected_at},
    back_test::{BackTest, BackTestError, BackTested, ChartPoint, Charted, Episode},
    compiled::Compiled,
    engine::{Engine, EngineError, Judged},
    evaluate::ChartedCondition,
    expected::{BaselineKey, DefinedBaselines, Expectations, NoBaselines},
    job::{Deps, Job},
    read::Telemetry,
    source::Source,
    states::{EntityHealth, Health, States},
    store::{RuleStore, SqlRules},
    transition::{Change, ChangeKind},
};
