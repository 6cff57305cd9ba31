//! What one part asks for, made of what another part offers.

pub(crate) mod attempts;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod operations;
pub(crate) mod status;
