//! Intake as its senders meet it: requests in, answers out, and what arrives in the journal.
//!
//! HTTP requests go to the router itself; gRPC goes through a real listener and a real HTTP/2 connection. Messages are
//! made and read back by prost, so that our own reader and writer are never their own judges.

mod accepted;
mod attempts;
mod fixture;
#[path = "../../fuzz/fuzz_targets/bodies.rs"]
mod fuzz_bodies;
mod fuzzed;
mod grpc;
mod keys;
mod malformed;
mod overload;
mod partial;
mod proto;
mod remote_write;
mod slicing;
mod wrong;

use fuzz_bodies::walk;
