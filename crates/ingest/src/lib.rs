//! Agents' protocols in; entity resolution, trace assembly, figures, snapshot choice, the cut.

pub mod intake;
pub mod otlp;
pub mod pipeline;
pub mod remote_write;
pub mod room;

#[cfg(test)]
mod formats;
#[cfg(test)]
mod simulation;
