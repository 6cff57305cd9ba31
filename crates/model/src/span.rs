//! What a span is to Vedette, beyond OpenTelemetry's own words.

use serde::{Deserialize, Serialize};

/// OpenTelemetry's span kind, with the wire's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum SpanKind {
    #[default]
    Unspecified = 0,
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

impl SpanKind {
    /// The kind of a wire number; an unknown one reads as unspecified, as the specification asks.
    pub fn from_wire(number: u64) -> SpanKind {
        match number {
            1 => SpanKind::Internal,
            2 => SpanKind::Server,
            3 => SpanKind::Client,
            4 => SpanKind::Producer,
            5 => SpanKind::Consumer,
            _ => SpanKind::Unspecified,
        }
    }

    /// Whether such a span may be where work enters a tier.
    pub fn may_enter(self) -> bool {
        matches!(self, SpanKind::Server | SpanKind::Consumer)
    }

    /// Whether such a span may be a call out of a tier.
    pub fn may_exit(self) -> bool {
        matches!(self, SpanKind::Client | SpanKind::Producer)
    }

    /// OpenTelemetry's upper-case name.
    pub fn name(self) -> &'static str {
        match self {
            SpanKind::Unspecified => "UNSPECIFIED",
            SpanKind::Internal => "INTERNAL",
            SpanKind::Server => "SERVER",
            SpanKind::Client => "CLIENT",
            SpanKind::Producer => "PRODUCER",
            SpanKind::Consumer => "CONSUMER",
        }
    }
}

/// OpenTelemetry's span status code, with the wire's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum StatusCode {
    #[default]
    Unset = 0,
    Ok = 1,
    Error = 2,
}

impl StatusCode {
    /// The code of a wire number; an unknown one reads as unset.
    pub fn from_wire(number: u64) -> StatusCode {
        match number {
            1 => StatusCode::Ok,
            2 => StatusCode::Error,
            _ => StatusCode::Unset,
        }
    }

    /// OpenTelemetry's upper-case name.
    pub fn name(self) -> &'static str {
        match self {
            StatusCode::Unset => "UNSET",
            StatusCode::Ok => "OK",
            StatusCode::Error => "ERROR",
        }
    }
}

/// How one transaction went for its user.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[repr(u8)]
pub enum Outcome {
    #[default]
    Normal = 0,
    Slow = 1,
    VerySlow = 2,
    Stall = 3,
    Error = 4,
}

impl Outcome {
    /// The name that operators know.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Normal => "NORMAL",
            Outcome::Slow => "SLOW",
            Outcome::VerySlow => "VERY_SLOW",
            Outcome::Stall => "STALL",
            Outcome::Error => "ERROR",
        }
    }

    /// Reads the persisted number or an operator's name of it.
    pub fn from_name(name: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Reads the persisted number.
    pub fn from_number(number: u8) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| *outcome as u8 == number)
    }

    /// All, mildest first.
    pub const ALL: [Outcome; 5] =
        [Outcome::Normal, Outcome::Slow, Outcome::VerySlow, Outcome::Stall, Outcome::Error];
}

/// Why a transaction was kept whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum SnapshotReason {
    /// Not kept beyond the traces' own retention.
    #[default]
    None = 0,
    Error = 1,
    Slow = 2,
    VerySlow = 3,
    Stall = 4,
    Periodic = 5,
    Slowest = 6,
}

impl SnapshotReason {
    /// What a page says; nothing for a trace that was not chosen.
    pub fn name(self) -> Option<&'static str> {
        match self {
            SnapshotReason::None => None,
            SnapshotReason::Error => Some("error"),
            SnapshotReason::Slow => Some("slow"),
            SnapshotReason::VerySlow => Some("very slow"),
            SnapshotReason::Stall => Some("stall"),
            SnapshotReason::Periodic => Some("periodic"),
            SnapshotReason::Slowest => Some("slowest"),
        }
    }

    /// Reads the persisted number.
    pub fn from_number(number: u8) -> SnapshotReason {
        use SnapshotReason::{Error, None, Periodic, Slow, Slowest, Stall, VerySlow};
        [None, Error, Slow, VerySlow, Stall, Periodic, Slowest]
            .into_iter()
            .find(|reason| *reason as u8 == number)
            .unwrap_or(None)
    }
}
