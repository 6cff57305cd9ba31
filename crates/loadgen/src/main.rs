//! `loadgen`: simulated agents.
mod data;
mod draws;
mod send;
mod wall;
mod wire;
fn main() {}
