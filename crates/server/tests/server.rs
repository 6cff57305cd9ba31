//! The one integration-test binary of the server: the workspace's shape, and a running process.

#[path = "server/process.rs"]
mod process;
#[path = "server/streams.rs"]
mod streams;
#[path = "server/workspace.rs"]
mod workspace;
