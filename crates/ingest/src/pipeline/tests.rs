//! The pipeline as a whole: what agents send in, what readers see out.

mod agent;
mod bench;
mod clock;
mod documented;
mod dotnet;
mod events;
mod excluded;
mod extras;
mod failures;
mod go;
mod java;
mod journal;
mod late;
mod limits;
mod logs;
mod long_lived;
mod pieces;
mod recorded;
mod rules;
mod samples;
mod secrets;
mod shop;
