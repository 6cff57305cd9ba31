//! Detection over made-up minutes: what an application did is made up, everything else is real, the store is SQLite.

mod causes;
mod crashes;
mod judging;
mod learning;
mod noise;
mod traces;
mod world;
