//! The pipeline as a whole: what agents send in, what readers see out.

mod agent;
mod bench;
mod extras;
mod journal;
mod late;
mod recorded;
mod shop;
