//! Incidents: an invented system at work, something that breaks in it, and what a monitor sees of both
//! (docs/incidents.md).
//!
//! `world` draws a system and sizes it for its load; `simulation` lets it work, minute by minute: `conditions` are what holds in
//! a minute, `flow` what follows from them as means, `sample` what a monitor counts of that, `state` what is left to the next
//! minute. `fault` says what can break and what that changes; `run` plans a run, `suffering` compares it with its twin in which
//! nothing broke, `path` finds the way between cause and effect, `stream` and `truth` write it down.
//!
//! It shares no code with what finds incidents, and it knows nothing of how that works.

mod arguments;
mod chance;
mod command;
mod conditions;
mod events;
mod examples;
mod fault;
mod flow;
mod latency;
mod layout;
mod otlp;
mod path;
mod run;
mod sample;
mod send;
mod simulation;
mod state;
mod station;
mod stream;
mod suffering;
mod trace;
mod truth;
mod world;

pub(crate) use arguments::IncidentsArgs;
pub(crate) use command::incidents;

#[cfg(test)]
mod tests;
