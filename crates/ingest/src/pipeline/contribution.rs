//! What a decided span counts for: figures, each with the call to be counted.

use model::{
    figure::{Call, FigureKey, Scope},
    id::EntityId,
    span::Outcome,
    time::Minute,
};

use super::skeleton::{
    COUNTED_ENTRY, COUNTED_EXIT, ENTRY, FAILED, HTTP_ERROR, LONG_LIVED, ROOT, Skeleton,
};

/// Gives each figure that the span counts for when its trace is closed.
pub(super) fn contributions(
    span: &Skeleton,
    application: EntityId,
    mut each: impl FnMut(FigureKey, &Call),
) {
    let tier = EntityId(span.tier);
    let key = |scope, subject, peer, bt| FigureKey { scope, application, subject, peer, bt };
    let counted = |kind| span.decided.counted & kind != 0;
    let bt = span.decided.bt;
    let call = call_of(span);
    if counted(COUNTED_ENTRY) {
        if !span.is(ENTRY) {
            entry_figures(span, application, &mut each);
        }
        if !bt.is_none() {
            each(key(Scope::TierInTransaction, tier, EntityId::NONE, bt), &call);
        }
        if !span.decided.peer.is_none() {
            edge(application, span.decided.peer, tier, bt, &call, &mut each);
        }
    }
    if counted(COUNTED_EXIT) && !span.decided.peer.is_none() {
        edge(application, tier, span.decided.peer, bt, &call, &mut each);
    }
    if counted(ROOT) {
        let judged = Call { outcome: span.outcome(), ..call };
        each(key(Scope::BusinessTransaction, bt, EntityId(span.node), EntityId::NONE), &judged);
    }
}

/// The figures of tier, node and service endpoint: counted when the entry arrives.
pub(super) fn entry_figures(
    span: &Skeleton,
    application: EntityId,
    each: &mut impl FnMut(FigureKey, &Call),
) {
    let call = call_of(span);
    let (tier, node) = (EntityId(span.tier), EntityId(span.node));
    let key =
        |scope, subject, peer| FigureKey { scope, application, subject, peer, bt: EntityId::NONE };
    each(key(Scope::Tier, tier, EntityId::NONE), &call);
    each(key(Scope::Node, node, tier), &call);
    each(key(Scope::Endpoint, EntityId(span.endpoint), node), &call);
}

/// The figures of one exception.
pub(super) fn error_figures(
    application: EntityId,
    group: EntityId,
    tier: EntityId,
    bt: EntityId,
    at_ns: u64,
    mut each: impl FnMut(FigureKey, Minute, &Call),
) {
    let call = Call {
        micros: 0.0,
        weight: 1.0,
        failed: false,
        http_error: false,
        outcome: Outcome::Normal,
        // It has no time to be counted.
        long_lived: true,
        at_ms: i64::try_from(at_ns / 1_000_000).expect("nanoseconds fit milliseconds"),
    };
    let key = |bt| FigureKey { scope: Scope::Error, application, subject: group, peer: tier, bt };
    each(key(EntityId::NONE), Minute::of_ns(at_ns), &call);
    if !bt.is_none() {
        each(key(bt), Minute::of_ns(at_ns), &call);
    }
}

/// An edge in total, and under its business transaction.
fn edge(
    application: EntityId,
    from: EntityId,
    to: EntityId,
    bt: EntityId,
    call: &Call,
    each: &mut impl FnMut(FigureKey, &Call),
) {
    let key = |bt| FigureKey { scope: Scope::Edge, application, subject: from, peer: to, bt };
    each(key(EntityId::NONE), call);
    if !bt.is_none() {
        each(key(bt), call);
    }
}

fn call_of(span: &Skeleton) -> Call {
    Call {
        micros: f64::from(span.micros),
        weight: f64::from(span.weight),
        failed: span.is(FAILED),
        http_error: span.is(HTTP_ERROR),
        outcome: Outcome::Normal,
        long_lived: span.is(LONG_LIVED),
        at_ms: i64::try_from(span.end_ns / 1_000_000).expect("nanoseconds fit milliseconds"),
    }
}

/// The minute that the span belongs to.
pub(super) fn minute_of(span: &Skeleton) -> Minute {
    Minute::of_ns(span.end_ns)
}
