//! What each span is to its tier: where work enters, a call out, or neither. By the rules that counted it.

use model::{
    attributes::Attributes,
    conventions::{Facts, SpanView, facts},
    naming::{
        exit::{self, ExitKey, Nested},
        failure,
        process::{EntryDecision, is_entry},
        queue,
    },
    span::SpanKind,
};
use telemetry_store::reader::Span;

use super::Tree;

/// What a span is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Entry,
    Exit(Called),
    Internal,
    /// The inner part of a call, or plumbing below it.
    Transport,
}

/// Whom a call called, as its spans tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) category: &'static str,
    /// The name of the backend or queue.
    pub(crate) identity: String,
    /// Where it leads, `host:port`.
    pub(crate) address: Option<String>,
    pub(crate) queue: bool,
    /// A span at which work entered the far end.
    pub(crate) answered_by: Option<usize>,
}

/// One call while it is put together: the span that times it, and what is known of it.
struct Call {
    key: ExitKey,
    called: Called,
    /// The span of the call that this one is part of; itself for one of its own.
    owner: usize,
}

pub(super) fn roles(spans: &[Span], tree: &Tree) -> Vec<Role> {
    let attributes: Vec<Attributes<'_>> = spans.iter().map(Span::borrowed_attributes).collect();
    let views: Vec<SpanView<'_, '_>> =
        spans.iter().zip(&attributes).map(|(span, attributes)| span.view(attributes)).collect();
    let known: Vec<Facts<'_>> = views.iter().map(facts).collect();
    let entries = entries(spans, tree, &known);
    let mut calls = calls(spans, tree, &views, &known);
    for entry in (0..spans.len()).filter(|span| entries[*span]) {
        let Some(parent) = tree.parent(entry) else { continue };
        let Some(owner) = calls[parent].as_ref().map(|call| call.owner) else { continue };
        if spans[parent].node != spans[entry].node
            && let Some(call) = &mut calls[owner]
        {
            call.called.answered_by.get_or_insert(entry);
        }
    }
    let role = |(span, call): (usize, Option<Call>)| match call {
        _ if entries[span] => Role::Entry,
        Some(call) if call.owner == span => Role::Exit(call.called),
        Some(_) => Role::Transport,
        None if exit::is_plumbing(&spans[span].scope, &spans[span].name) => Role::Transport,
        None => Role::Internal,
    };
    calls.into_iter().enumerate().map(role).collect()
}

/// Whether a call that entered at this span failed.
pub(crate) fn entry_failed(span: &Span) -> bool {
    let attributes = span.borrowed_attributes();
    let view = span.view(&attributes);
    failure::entry_failed(&facts(&view), &view)
}

/// Which spans are where work enters.
fn entries(spans: &[Span], tree: &Tree, known: &[Facts<'_>]) -> Vec<bool> {
    let local_parent =
        |span: usize| tree.parent(span).filter(|parent| spans[*parent].node == spans[span].node);
    let mut entries: Vec<bool> = (0..spans.len())
        .map(|at| match is_entry(spans[at].kind, spans[at].flags, spans[at].parent) {
            EntryDecision::Yes => true,
            EntryDecision::No => false,
            EntryDecision::WhenParentIsElsewhere => local_parent(at).is_none(),
        })
        .collect();
    for at in 0..spans.len() {
        let Some(parent) = local_parent(at).filter(|_| spans[at].kind == SpanKind::Consumer) else {
            continue;
        };
        if queue::supersedes(&known[at], &known[parent]) {
            entries[at] = true;
            entries[parent] = false;
        }
    }
    entries
}

/// The calls out, and which spans are part of another's.
fn calls<'a>(
    spans: &[Span],
    tree: &Tree,
    views: &[SpanView<'a, '_>],
    known: &[Facts<'a>],
) -> Vec<Option<Call>> {
    let mut calls: Vec<Option<Call>> = spans.iter().map(|_| None).collect();
    for at in tree.downwards() {
        let Some(call) = exit::call(&known[at], &views[at]) else { continue };
        let key = call.key();
        let outer = outer_call(spans, tree, &calls, at);
        let part_of = outer.filter(|outer| {
            let outer = calls[*outer].as_ref().map(|call| &call.key);
            outer.is_some_and(|outer| exit::nested(outer, &key) != Nested::OwnCall)
        });
        let called = Called {
            category: call.category,
            identity: call.identity(),
            address: call.address.as_ref().map(ToString::to_string),
            queue: call.queue.is_some(),
            answered_by: None,
        };
        if let Some(outer) = part_of {
            inherit(&mut calls[outer], &called);
        }
        calls[at] = Some(Call { key, called, owner: part_of.unwrap_or(at) });
    }
    calls
}

/// An outer span without an address has its inner's.
fn inherit(outer: &mut Option<Call>, inner: &Called) {
    if let Some(outer) = outer
        && outer.called.address.is_none()
    {
        outer.called.address.clone_from(&inner.address);
    }
}

/// The span that times the call in whose middle this span is, within its process.
fn outer_call(spans: &[Span], tree: &Tree, calls: &[Option<Call>], span: usize) -> Option<usize> {
    // Agents nest a call in a handful of spans; a chain may be as long as the trace.
    let mut above =
        tree.ancestors(span).take(16).take_while(|above| spans[*above].node == spans[span].node);
    above.find_map(|above| calls[above].as_ref().map(|call| call.owner))
}
