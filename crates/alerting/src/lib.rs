//! What is expected, what is wrong, who is told: baselines, health rules, policies and actions.

pub mod baselines;
pub mod rules;
