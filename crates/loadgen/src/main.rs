//! `loadgen`: simulated agents.
mod data;
mod draws;
mod wall;
mod wire;
fn main() {}
