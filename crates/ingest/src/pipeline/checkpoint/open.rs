//! Open traces in a checkpoint. They are most of it and are written again with each cut, so that each field takes the
//! bytes it needs: a span some 25 of the 64 it has in memory.
//!
//! A list of traces, each `varint account, 16 bytes trace id, varint first_ms, varint last_ms − first_ms` (zigzag both),
//! `u8` [`has`], what that says is there, `varint spans`, and its spans one behind the other; numbers little-endian, see
//! [`put_span`]. Nothing stands behind the last trace. A checkpoint carries a checksum, so that what is read is what was
//! written.

use model::{
    id::{AccountId, EntityId, TraceId},
    varint::{unzigzag, zigzag},
};

use super::super::{
    skeleton::{Decided, Skeleton},
    traces::{OpenTrace, TraceKey},
};
use crate::otlp::wire::{Cursor, write::varint};

/// What is there of a trace, or of a span.
mod has {
    /// Its exceptions and names, as postcard behind their length.
    pub(super) const NOTES: u8 = 1;
    pub(super) const LISTED: u8 = 2;
    pub(super) const DROPPED: u8 = 4;
    pub(super) const KEPT: u8 = 8;
    pub(super) const CLOSED_BEFORE: u8 = 16;

    /// A parent of the last [`super::NEAR`] spans of the trace, told by how many spans before it stands.
    pub(super) const NEAR_PARENT: u8 = 1;
    pub(super) const FAR_PARENT: u8 = 2;
    /// Tier and node of the span before it are not its own.
    pub(super) const PLACE: u8 = 4;
    pub(super) const ENDPOINT: u8 = 8;
    pub(super) const TARGET: u8 = 16;
    pub(super) const WEIGHT: u8 = 32;
    pub(super) const OUTCOME: u8 = 64;
    pub(super) const DECIDED: u8 = 128;
}

/// So many spans back a parent is looked for.
const NEAR: usize = 24;
/// About what a span takes.
pub(super) const SPAN_BYTES: usize = 32;

/// Appends a trace.
pub(super) fn put_trace(out: &mut Vec<u8>, (account, trace): &TraceKey, open: &OpenTrace) {
    varint(out, u64::from(account.0));
    out.extend_from_slice(&trace.0);
    varint(out, zigzag(open.first_ms));
    varint(out, zigzag(open.last_ms.wrapping_sub(open.first_ms)));
    let notes = (!open.errors.is_empty() || !open.names.is_empty()).then(|| {
        postcard::to_allocvec(&(&open.errors, &open.names)).expect("both have a known length")
    });
    let flag = |is: bool, flag| if is { flag } else { 0 };
    out.push(
        flag(notes.is_some(), has::NOTES)
            | flag(open.listed.is_some(), has::LISTED)
            | flag(open.dropped > 0, has::DROPPED)
            | flag(open.kept, has::KEPT)
            | flag(open.closed_before, has::CLOSED_BEFORE),
    );
    if let Some(notes) = notes {
        varint(out, notes.len() as u64);
        out.extend_from_slice(&notes);
    }
    if let Some(listed) = open.listed {
        out.extend_from_slice(&listed.to_le_bytes());
    }
    if open.dropped > 0 {
        varint(out, u64::from(open.dropped));
    }
    varint(out, open.spans.len() as u64);
    for (at, span) in open.spans.iter().enumerate() {
        put_span(out, &open.spans[at.saturating_sub(NEAR)..at], span);
    }
}

/// Appends a span behind those `before` it: `u8` [`has`], `u64 id`, its parent (`u8` spans back, or `u64`), `varint end_ns` as
/// the zigzag difference to the span before, `varint micros, u16 flags`, then what the first byte says is there: tier and node,
/// endpoint, target (varints), `f32` weight, `u8` outcome, what was decided (`u8`, two varints).
fn put_span(out: &mut Vec<u8>, before: &[Skeleton], span: &Skeleton) {
    let last = before.last().copied().unwrap_or_default();
    let back = before.iter().rev().position(|other| other.id == span.parent);
    let flag = |is: bool, flag| if is { flag } else { 0 };
    let place = (span.tier, span.node) != (last.tier, last.node);
    let is_weighted = span.weight.to_bits() != 1f32.to_bits();
    let is_decided = span.decided != Decided::default();
    out.push(
        flag(span.parent != 0 && back.is_some(), has::NEAR_PARENT)
            | flag(span.parent != 0 && back.is_none(), has::FAR_PARENT)
            | flag(place, has::PLACE)
            | flag(span.endpoint != 0, has::ENDPOINT)
            | flag(span.target != 0, has::TARGET)
            | flag(is_weighted, has::WEIGHT)
            | flag(span.outcome != 0, has::OUTCOME)
            | flag(is_decided, has::DECIDED),
    );
    out.extend_from_slice(&span.id.to_le_bytes());
    match back {
        _ if span.parent == 0 => {}
        Some(back) => out.push(back as u8),
        None => out.extend_from_slice(&span.parent.to_le_bytes()),
    }
    varint(out, zigzag(span.end_ns.wrapping_sub(last.end_ns) as i64));
    varint(out, u64::from(span.micros));
    out.extend_from_slice(&span.flags.to_le_bytes());
    if place {
        varint(out, u64::from(span.tier));
        varint(out, u64::from(span.node));
    }
    if span.endpoint != 0 {
        varint(out, u64::from(span.endpoint));
    }
    if span.target != 0 {
        varint(out, u64::from(span.target));
    }
    if is_weighted {
        out.extend_from_slice(&span.weight.to_le_bytes());
    }
    if span.outcome != 0 {
        out.push(span.outcome);
    }
    if is_decided {
        out.push(span.decided.counted);
        varint(out, u64::from(span.decided.bt.0));
        varint(out, u64::from(span.decided.peer.0));
    }
}

/// Reads all traces; nothing when the bytes are no such list.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<(TraceKey, OpenTrace)>> {
    let mut cursor = Cursor::new(bytes);
    let mut traces = Vec::new();
    while !cursor.is_empty() {
        traces.push(read_trace(&mut cursor)?);
    }
    Some(traces)
}

fn read_trace(cursor: &mut Cursor<'_>) -> Option<(TraceKey, OpenTrace)> {
    let account = AccountId(number(cursor)?);
    let trace = TraceId(cursor.array().ok()?);
    let first_ms = unzigzag(cursor.varint().ok()?);
    let mut open = OpenTrace::new(account, first_ms);
    open.last_ms = first_ms.wrapping_add(unzigzag(cursor.varint().ok()?));
    let [there] = cursor.array().ok()?;
    if there & has::NOTES != 0 {
        (open.errors, open.names) = postcard::from_bytes(cursor.delimited().ok()?).ok()?;
    }
    if there & has::LISTED != 0 {
        open.listed = Some(cursor.fixed64().ok()?);
    }
    if there & has::DROPPED != 0 {
        open.dropped = number(cursor)?;
    }
    open.kept = there & has::KEPT != 0;
    open.closed_before = there & has::CLOSED_BEFORE != 0;
    for _ in 0..cursor.varint().ok()? {
        let span = read_span(cursor, &open.spans)?;
        open.spans.push(span);
    }
    Some(((account, trace), open))
}

fn read_span(cursor: &mut Cursor<'_>, before: &[Skeleton]) -> Option<Skeleton> {
    let last = before.last().copied().unwrap_or_default();
    let [there] = cursor.array().ok()?;
    let id = cursor.fixed64().ok()?;
    let parent = if there & has::NEAR_PARENT != 0 {
        let [back] = cursor.array().ok()?;
        before.iter().nth_back(usize::from(back))?.id
    } else if there & has::FAR_PARENT != 0 {
        cursor.fixed64().ok()?
    } else {
        0
    };
    let end_ns = last.end_ns.wrapping_add(unzigzag(cursor.varint().ok()?) as u64);
    let micros = number(cursor)?;
    let flags = u16::from_le_bytes(cursor.array().ok()?);
    let (tier, node) = match there & has::PLACE {
        0 => (last.tier, last.node),
        _ => (number(cursor)?, number(cursor)?),
    };
    let mut span = Skeleton {
        id,
        parent,
        end_ns,
        micros,
        tier,
        node,
        flags,
        weight: 1.0,
        ..Skeleton::default()
    };
    if there & has::ENDPOINT != 0 {
        span.endpoint = number(cursor)?;
    }
    if there & has::TARGET != 0 {
        span.target = number(cursor)?;
    }
    if there & has::WEIGHT != 0 {
        span.weight = f32::from_le_bytes(cursor.array().ok()?);
    }
    if there & has::OUTCOME != 0 {
        [span.outcome] = cursor.array().ok()?;
    }
    if there & has::DECIDED != 0 {
        let [counted] = cursor.array().ok()?;
        let (bt, peer) = (EntityId(number(cursor)?), EntityId(number(cursor)?));
        span.decided = Decided { counted, bt, peer };
    }
    Some(span)
}

fn number(cursor: &mut Cursor<'_>) -> Option<u32> {
    u32::try_from(cursor.varint().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pipeline::traces::ErrorMark;

    /// Mostly what agents' spans have, and whatever else.
    fn any_span() -> impl Strategy<Value = (usize, Skeleton)> {
        let small = || prop_oneof![3 => Just(0u32), 2 => 1u32..5000, 1 => any::<u32>()];
        let ids = (any::<u64>(), any::<u64>(), 0usize..40);
        let times = (
            prop_oneof![4 => 1_790_000_000_000_000_000u64..1_790_000_100_000_000_000, 1 => any::<u64>()],
            small(),
        );
        let place = (small(), small(), small(), small());
        let weight = prop_oneof![3 => Just(1f32), 1 => any::<f32>().prop_filter("a number", |w| !w.is_nan())];
        let decided = (0u8..8, small(), small());
        (ids, times, place, weight, any::<u16>(), 0u8..6, decided).prop_map(
            |((id, parent, back), (end_ns, micros), place, weight, flags, outcome, decided)| {
                let (tier, node, endpoint, target) = place;
                let (counted, bt, peer) = decided;
                let decided = Decided { counted, bt: EntityId(bt), peer: EntityId(peer) };
                let span = Skeleton {
                    id,
                    parent,
                    end_ns,
                    micros,
                    tier,
                    node,
                    endpoint,
                    target,
                    weight,
                    flags,
                    outcome,
                    decided,
                };
                (back, span)
            },
        )
    }

    fn any_trace() -> impl Strategy<Value = (TraceKey, OpenTrace)> {
        let spans = prop::collection::vec(any_span(), 0..60);
        let rest = (any::<bool>(), any::<bool>(), any::<i64>(), any::<i64>(), 0u32..3);
        let notes = (0usize..3, prop::option::of(any::<u64>()));
        (any::<u32>(), any::<[u8; 16]>(), spans, rest, notes).prop_map(
            |(
                account,
                trace,
                spans,
                (kept, closed_before, first_ms, last_ms, dropped),
                (notes, listed),
            )| {
                let account = AccountId(account);
                let mut open = OpenTrace::new(account, first_ms);
                (open.kept, open.closed_before, open.last_ms, open.dropped, open.listed) =
                    (kept, closed_before, last_ms, dropped, listed);
                for (back, mut span) in spans {
                    // Half of the parents stand before it, some of them out of reach.
                    if let Some(parent) = open.spans.iter().nth_back(back) {
                        span.parent = parent.id;
                    }
                    open.push(span);
                }
                for at in 0..notes {
                    open.name(at as u64, format!("name {at}"));
                    open.note(ErrorMark {
                        tier: 1,
                        node: 2,
                        what: at as u64,
                        rank: 7,
                        group: EntityId(3),
                        span: 4,
                        at_ns: 5,
                        counted: None,
                    });
                }
                ((account, TraceId(trace)), open)
            },
        )
    }

    fn said(traces: &[(TraceKey, OpenTrace)]) -> String {
        let without_ids = traces
            .iter()
            .map(|(key, open)| (key, postcard::to_allocvec(open).expect("it has a known length")));
        format!("{:?}", without_ids.collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn traces_are_read_as_they_were_written(traces in prop::collection::vec(any_trace(), 0..5)) {
            let mut bytes = Vec::new();
            traces.iter().for_each(|(key, open)| put_trace(&mut bytes, key, open));
            let read = read(&bytes).expect("they were just written");
            prop_assert_eq!(said(&read), said(&traces));
        }

        #[test]
        fn bytes_that_are_no_list_are_told_and_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes);
        }
    }

    #[test]
    fn a_span_as_agents_send_them_takes_less_than_is_reckoned() {
        let mut open = OpenTrace::new(AccountId(1), 1_790_000_000_000);
        for at in 0..10u64 {
            open.push(Skeleton {
                id: at.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1,
                parent: open.spans.last().map_or(0, |span| span.id),
                end_ns: 1_790_000_000_000_000_000 + at * 1_234_567,
                micros: 12_000 + at as u32,
                tier: 40 + at as u32,
                node: 300 + at as u32,
                target: 12,
                weight: 1.0,
                flags: 16,
                ..Skeleton::default()
            });
        }
        let mut bytes = Vec::new();
        put_trace(&mut bytes, &(AccountId(1), TraceId([7; 16])), &open);
        assert!(bytes.len() < 10 * SPAN_BYTES, "{} bytes", bytes.len());
    }
}
