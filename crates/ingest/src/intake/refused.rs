//! Why a request as a whole is refused: the codes of both transports, chosen in one table, and the words.

use std::{borrow::Cow, time::Duration};

use http::StatusCode;

use super::budget::NoRoom;
use crate::otlp::response::Status;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cause {
    WrongPath,
    WrongMethod,
    WrongContentType,
    WrongEncoding,
    NoKey,
    UnknownKey,
    TooBig,
    Malformed,
    TooSlow,
    NoRoom,
    JournalBusy,
    JournalFull,
    JournalUnavailable,
    Internal,
}

/// gRPC's codes, as far as they are used.
pub(super) mod code {
    pub(crate) const OK: u32 = 0;
    pub(crate) const INVALID_ARGUMENT: u32 = 3;
    pub(crate) const NOT_FOUND: u32 = 5;
    pub(crate) const RESOURCE_EXHAUSTED: u32 = 8;
    pub(crate) const UNIMPLEMENTED: u32 = 12;
    pub(crate) const INTERNAL: u32 = 13;
    pub(crate) const UNAVAILABLE: u32 = 14;
    pub(crate) const UNAUTHENTICATED: u32 = 16;
}

impl Cause {
    /// A short name, in metrics and in the list of attempts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Cause::WrongPath => "wrong_path",
            Cause::WrongMethod => "wrong_method",
            Cause::WrongContentType => "wrong_content_type",
            Cause::WrongEncoding => "wrong_encoding",
            Cause::NoKey => "no_key",
            Cause::UnknownKey => "unknown_key",
            Cause::TooBig => "too_big",
            Cause::Malformed => "malformed",
            Cause::TooSlow => "too_slow",
            Cause::NoRoom => "no_room",
            Cause::JournalBusy => "journal_busy",
            Cause::JournalFull => "journal_full",
            Cause::JournalUnavailable => "journal_unavailable",
            Cause::Internal => "internal",
        }
    }

    /// The HTTP status, and the gRPC code that says the same. Agents try again after 429 and 503, `UNAVAILABLE`, and
    /// `RESOURCE_EXHAUSTED` with a time to wait; after nothing else.
    pub(super) fn codes(self) -> (StatusCode, u32) {
        match self {
            Cause::WrongPath => (StatusCode::NOT_FOUND, code::NOT_FOUND),
            Cause::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, code::UNIMPLEMENTED),
            Cause::WrongContentType | Cause::WrongEncoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, code::UNIMPLEMENTED)
            }
            Cause::NoKey | Cause::UnknownKey => (StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED),
            Cause::TooBig => (StatusCode::PAYLOAD_TOO_LARGE, code::RESOURCE_EXHAUSTED),
            Cause::Malformed => (StatusCode::BAD_REQUEST, code::INVALID_ARGUMENT),
            Cause::NoRoom | Cause::JournalBusy => {
                (StatusCode::TOO_MANY_REQUESTS, code::RESOURCE_EXHAUSTED)
            }
            // A slow body may come faster the next time; 408 would make agents drop it.
            Cause::TooSlow | Cause::JournalFull | Cause::JournalUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE)
            }
            Cause::Internal => (StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL),
        }
    }
}

/// A refusal, as both transports tell it and as people find it in the list of attempts.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) cause: Cause,
    /// For the agent's log.
    pub(super) message: String,
    /// For whoever runs the agent.
    pub(super) remedy: Cow<'static, str>,
    pub(super) retry_after: Option<Duration>,
    /// Where in the body the fault is.
    bad_field: Option<String>,
    /// Where a gRPC call is answered with another code than the table's.
    grpc_code: Option<u32>,
}

impl Refused {
    pub(super) fn new(cause: Cause, message: impl Into<String>) -> Refused {
        Refused {
            cause,
            message: message.into(),
            remedy: Cow::Borrowed(""),
            retry_after: None,
            bad_field: None,
            grpc_code: None,
        }
    }

    /// With what to do about it.
    pub(super) fn remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Refused {
        self.remedy = remedy.into();
        self
    }

    /// To be tried again after a while.
    pub(super) fn retry_after(mut self, delay: Duration) -> Refused {
        self.retry_after = Some(delay);
        self
    }

    /// With gRPC's own code for the case.
    pub(super) fn grpc_code(mut self, code: u32) -> Refused {
        self.grpc_code = Some(code);
        self
    }

    /// Data that no try will make readable; `field` says where the fault is, `body` where nowhere in particular.
    pub(super) fn malformed(field: impl Into<String>, message: impl Into<String>) -> Refused {
        let mut refused = Refused::new(Cause::Malformed, message)
            .remedy("the sender's exporter, or something between it and here, damages the data");
        refused.bad_field = Some(field.into());
        refused
    }

    /// More than `cap` bytes of what is called `what`.
    pub(super) fn too_big(what: &str, cap: usize) -> Refused {
        Refused::new(Cause::TooBig, format!("{what} is larger than {cap} bytes"))
            .remedy("make the exporter's batches smaller (OTEL_BSP_MAX_EXPORT_BATCH_SIZE), or raise the limit here")
    }

    /// Not enough of the budget left.
    pub(super) fn no_room(room: NoRoom, capacity: usize, retry_after: Duration) -> Refused {
        match room {
            NoRoom::Ever => Refused::too_big("what the request needs in memory", capacity),
            NoRoom::Now => Refused::new(Cause::NoRoom, "the server has too much under way; try again later")
                .remedy("agents send again by themselves; if this stays, the server needs more memory or fewer senders")
                .retry_after(retry_after),
        }
    }

    pub(super) fn http_status(&self) -> StatusCode {
        self.cause.codes().0
    }

    pub(super) fn code(&self) -> u32 {
        self.grpc_code.unwrap_or(self.cause.codes().1)
    }

    /// What both transports send.
    pub(super) fn status(&self) -> Status {
        Status {
            code: self.code(),
            message: self.message.clone(),
            retry_after: self.retry_after,
            bad_field: self.bad_field.clone(),
        }
    }

    /// Seconds to wait, as HTTP's `Retry-After` has them: whole, at least 1.
    pub(super) fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|delay| delay.as_millis().div_ceil(1000).max(1) as u64)
    }
}
