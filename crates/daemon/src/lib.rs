//! What every long-running Vedette process needs and no telemetry knows about: time, disk, configuration, TLS,
//! listeners, ordered shutdown, background tasks, and the process's own logs and metrics.
//!
//! Nothing here depends on another crate of the project, and nothing here is a static: each part is built from plain
//! values by the composition root and handed to those who need it.

pub mod absence;
pub mod clock;
pub mod config;
pub mod disk;
pub mod listener;
pub mod lock;
pub mod logs;
pub mod memory;
pub mod metrics;
pub mod open_files;
mod private_dir;
pub mod shutdown;
pub mod tasks;
pub mod tls;
