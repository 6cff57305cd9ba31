//! A router over a small known world, and a client for it.

mod client;
mod operations;
mod reader;
mod world;

pub(crate) use self::{
    client::{Answer, Client},
    reader::FakeReader,
    world::{Ids, NOW, SILENT, World, by_the_test},
};

/// The password of `admin`.
pub(crate) fn world_password() -> &'static str {
    world::PASSWORD
}

/// The hour up to twenty seconds into the minute that is filling.
pub(crate) fn hour() -> String {
    let to = NOW.start_millis() + 20_000;
    format!("from={}&to={to}", to - 3_600_000)
}
