//! A router over a small known world, and a client for it.

mod client;
mod reader;
mod world;

pub(crate) use self::{
    client::{Answer, Client},
    reader::FakeReader,
    world::{Ids, NOW, SILENT, World},
};

/// The password of `admin`.
pub(crate) fn world_password() -> &'static str {
    world::PASSWORD
}
