//! Whether a span is where work enters its process, as far as the span itself can tell.

use crate::id::SpanId;
use crate::span::SpanKind;

/// The flag that says that the next one means something (opentelemetry.proto.trace.v1.SpanFlags).
const HAS_IS_REMOTE: u32 = 0x100;
/// The flag that says that the parent is in another process.
const IS_REMOTE: u32 = 0x200;

/// What a span's own words say about its being an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryDecision {
    Yes,
    No,
    /// It is one unless its parent turns up in the same process: the agent is older than the flags.
    WhenParentIsElsewhere,
}

/// Decides for one span. A CONSUMER under a local parent is decided by [`crate::naming::queue::supersedes`] as well.
pub fn is_entry(kind: SpanKind, flags: u32, parent: SpanId) -> EntryDecision {
    if !kind.may_enter() {
        return EntryDecision::No;
    }
    if parent.is_none() || flags & (HAS_IS_REMOTE | IS_REMOTE) == HAS_IS_REMOTE | IS_REMOTE {
        return EntryDecision::Yes;
    }
    match flags & HAS_IS_REMOTE {
        0 => EntryDecision::WhenParentIsElsewhere,
        _ => EntryDecision::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::{NODEJS, PYTHON, span};

    #[track_caller]
    fn check(line: &str, parent: u64, expected: EntryDecision) {
        let span = span(line);
        assert_eq!(is_entry(span.kind, span.flags, SpanId(parent)), expected);
    }

    #[test]
    fn a_request_from_outside_enters() {
        check(PYTHON.line("shop SRV 'GET /order/<int:i>'"), 0, EntryDecision::Yes);
        check(PYTHON.line("stock SRV 'GET /stock/{i}'"), 1, EntryDecision::Yes);
        check(NODEJS.line("nodeweb CONS 'njobs process'"), 1, EntryDecision::Yes);
    }

    #[test]
    fn a_server_span_under_one_of_its_own_process_is_no_second_entry() {
        assert_eq!(is_entry(SpanKind::Server, 0x101, SpanId(1)), EntryDecision::No);
    }

    #[test]
    fn without_flags_the_parent_decides() {
        assert_eq!(
            is_entry(SpanKind::Server, 0x1, SpanId(1)),
            EntryDecision::WhenParentIsElsewhere
        );
        assert_eq!(
            is_entry(SpanKind::Server, 0x201, SpanId(1)),
            EntryDecision::WhenParentIsElsewhere
        );
        assert_eq!(is_entry(SpanKind::Server, 0x1, SpanId::NONE), EntryDecision::Yes);
    }

    #[test]
    fn a_call_or_a_piece_of_work_never_enters() {
        check(PYTHON.line("cron CLI 'GET' scope=requests"), 0, EntryDecision::No);
        check(NODEJS.line("nodeweb INT 'tcp.connect'"), 0, EntryDecision::No);
    }
}
