//! What one listener takes.

use std::time::Duration;

/// Caps of one listener.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections at a time, handshakes included.
    pub max_connections: usize,
    /// From accepting a connection to the end of its TLS handshake, or to its first byte in plain text.
    pub handshake_timeout: Duration,
    /// How long a connection may have no request under way before it is closed; up to twice as long for HTTP/2. Also
    /// how long the head of an HTTP/1 request may take. Longer than the minute in which agents export metrics, so that
    /// they find their connection alive.
    pub idle_timeout: Duration,
    /// Bytes of a request's line and headers.
    pub max_header_bytes: u32,
    /// Requests at a time on one HTTP/2 connection.
    pub max_concurrent_streams: u32,
    /// How long requests under way may go on once the listener is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            max_header_bytes: 64 << 10,
            max_concurrent_streams: 256,
            drain: Duration::from_secs(5),
        }
    }
}
