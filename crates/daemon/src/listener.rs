//! Listens on TCP and serves HTTP/1.1 and HTTP/2, behind TLS or in plain text, within limits, until told to stop.
//!
//! Decided here: what a failed bind tells the operator, who is refused before a request exists (too slow, not TLS),
//! when an idle connection ends, and how connections end at shutdown. What a request means, how large its body may be
//! and how long it may take are the application's business; it finds the sender as a [`Peer`] among the request's
//! extensions.
//!
//! Beyond [`Limits::max_connections`] new connections wait in the kernel's backlog, which refuses when full.

mod accept;
mod bind;
mod connection;
mod handshake;
mod limits;
mod metrics;
mod plain_http;

use std::net::SocketAddr;

pub use self::{
    accept::{Drained, Options, Protocol},
    bind::{BindError, Listener},
    handshake::{HandshakeCause, HandshakeFailure, OnHandshakeFailure},
    limits::Limits,
    metrics::Metrics,
};

/// The other end of the connection that a request came in on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);
