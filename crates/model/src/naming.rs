//! The rules that turn what agents say into names and identities: applications, tiers, nodes, business transactions,
//! backends, queues and error groups.
//!
//! Every rule is a function of one span, resource or text. What needs several spans (which of two nested calls is
//! counted, whether a receive has a process, whether an ancestor entered before) is decided where traces are assembled.

pub mod name;
pub mod path;
pub mod template;
pub mod terminal;

pub mod resource;
pub mod transaction;

pub mod exit;
pub mod queue;

pub mod exception;
pub mod failure;
pub mod process;
pub mod sampling;

mod health;
mod statics;
mod variable;
