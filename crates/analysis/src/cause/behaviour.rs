//! Who behaves otherwise than before: by its traces and by its log lines.
//!
//! Every count is judged by its nearest surroundings, so that a change of load or of what users ask for does not count: child spans by the
//! spans of their parent's operation, log lines by the spans in which they were written or, where that is not known, by
//! the calls of their entity. A caller behaves otherwise because its callee does, hardly ever the other way round: what
//! an entity's callees show is taken off from what it shows itself; so are calls that fail without the
//! callee having said so, since who is gone, or never writes anything, shows nothing.

use super::{
    Config,
    evidence::{Clue, Evidence, one_of},
    flow::{Flow, Windows},
    situation::{Series, Severity, Situation},
    surprise,
};

/// One kind of evidence: each entity's clues, and what they are worth beyond what its callees show.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) clues: Vec<Vec<Clue>>,
    pub(super) nats: Vec<f64>,
}

impl Shown {
    /// `unsaid`: what speaks against a callee and is seen by its callers only.
    fn of(clues: Vec<Vec<Clue>>, callees: &[Vec<usize>], unsaid: impl Fn(usize) -> f64) -> Self {
        Self { nats: beyond_callees(&clues, callees, unsaid), clues }
    }
}

/// What the log lines show.
pub(super) fn logs(
    situation: &Situation,
    flow: &Flow,
    callees: &[Vec<usize>],
    config: &Config,
) -> Shown {
    let mut clues = vec![Vec::new(); situation.entities.len()];
    of_templates(situation, flow, config, &mut clues);
    let unanswered = |entity: usize| surprise::evidence(flow.own[entity].unanswered);
    Shown::of(clues, callees, unanswered)
}

/// The clues in each entity's traces, whoever suffers.
pub(super) fn trace_clues(
    situation: &Situation,
    windows: &Windows,
    config: &Config,
) -> Vec<Vec<Clue>> {
    let mut clues = vec![Vec::new(); situation.entities.len()];
    of_operations(situation, windows, config, &mut clues);
    of_links(situation, windows, config, &mut clues);
    of_children(situation, windows, &mut clues);
    clues
}

/// What the traces show.
pub(super) fn traces(mut clues: Vec<Vec<Clue>>, callees: &[Vec<usize>]) -> Shown {
    clues.resize(callees.len(), Vec::new());
    Shown::of(clues, callees, |_| 0.0)
}

/// Evidence in nats for each entity, of what its callees do not explain.
fn beyond_callees(
    clues: &[Vec<Clue>],
    callees: &[Vec<usize>],
    unsaid: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let own: Vec<f64> = clues.iter().map(|of| one_of(of.iter().map(|clue| clue.nats))).collect();
    (0..own.len())
        .map(|entity| {
            let passed_on = callees[entity]
                .iter()
                .map(|callee| own[*callee].max(unsaid(*callee)))
                .fold(0.0, f64::max);
            (own[entity] - passed_on).max(0.0)
        })
        .collect()
}

fn of_templates(situation: &Situation, flow: &Flow, config: &Config, clues: &mut [Vec<Clue>]) {
    for (index, template) in situation.templates.iter().enumerate() {
        let within =
            template.within.map(|operation| &situation.operations[operation].figures.calls);
        let calls = &situation.entities[template.entity].figures.calls;
        let ones: Series;
        let per = match within {
            Some(spans) => spans,
            None if !calls.is_empty() => calls,
            None => {
                ones = vec![1.0; template.counts.len()];
                &ones
            }
        };
        let Some(found) = flow.windows.count(&template.counts, per, config) else { continue };
        // A line that is worse tells more: more of an information, or less of an error, is not by itself a fault.
        let telling = match (template.severity, found.fell) {
            (Severity::Error, false) => 1.0,
            (Severity::Warning, false) | (Severity::Info, true) => 0.7,
            _ => 0.3,
        };
        let nats = telling * surprise::evidence(found.surprise);
        let what = Evidence::Template {
            template: index,
            severity: template.severity,
            expected: found.expected,
            observed: found.observed,
        };
        clues[template.entity].push(Clue { nats, what });
    }
}

fn of_operations(
    situation: &Situation,
    windows: &Windows,
    config: &Config,
    clues: &mut [Vec<Clue>],
) {
    for (index, operation) in situation.operations.iter().enumerate() {
        if !operation.deepest_errors.is_empty()
            && let Some(found) =
                windows.count(&operation.deepest_errors, &operation.figures.calls, config)
            && !found.fell
        {
            let what = Evidence::DeepestError {
                operation: index,
                expected: found.expected / found.of,
                observed: found.observed / found.of,
            };
            clues[operation.entity].push(Clue { nats: surprise::evidence(found.surprise), what });
        }
    }
}

/// Calls lost: spans that always made a call, and now some do not.
fn of_links(situation: &Situation, windows: &Windows, config: &Config, clues: &mut [Vec<Clue>]) {
    for (index, link) in situation.links.iter().enumerate() {
        let parent = &situation.operations[link.parent];
        let sums = |points| Windows::sums(&link.parents_with, &parent.figures.calls, points);
        let (before, of_before) = sums(windows.history.clone());
        let (now, of_now) = sums(windows.incident.clone());
        // Only what nearly always happens is missed when it does not; the rest depends on what is asked for.
        if of_before <= 0.0 || of_now <= 0.0 || before < NEARLY_ALWAYS * of_before {
            continue;
        }
        // What users ask for comes in bunches too.
        let [before_b, of_before_b, now_b, of_now_b] =
            [before, of_before, now, of_now].map(|count| count / config.usual_bunch);
        let nats = surprise::evidence(surprise::share_fall_surprise(
            before_b,
            of_before_b,
            now_b,
            of_now_b,
        ));
        let what = Evidence::LostCalls {
            link: index,
            expected: before / of_before,
            observed: now / of_now,
        };
        clues[parent.entity].push(Clue { nats, what });
    }
}

/// Fewer child spans in all than before, a span: the work ends early. How many a span has depends on what is asked for, so
/// those of one span count as one.
fn of_children(situation: &Situation, windows: &Windows, clues: &mut [Vec<Clue>]) {
    let mut sums = vec![[0.0_f64; 4]; situation.operations.len()];
    for link in &situation.links {
        let spans = &situation.operations[link.parent].figures.calls;
        let (before, of_before) = Windows::sums(&link.children, spans, windows.history.clone());
        let (now, of_now) = Windows::sums(&link.children, spans, windows.incident.clone());
        let sum = &mut sums[link.parent];
        (sum[0], sum[1]) = (sum[0] + before, sum[1] + now);
        (sum[2], sum[3]) = (of_before, of_now);
    }
    for (operation, [before, now, of_before, of_now]) in sums.into_iter().enumerate() {
        if before <= 0.0 || of_before <= 0.0 || of_now <= 0.0 {
            continue;
        }
        let a_span = before / of_before;
        let found = surprise::count_surprise(before, now, of_now / of_before, a_span.max(1.0));
        let nats = if found.fell { surprise::evidence(found.surprise) } else { 0.0 };
        let what = Evidence::FewerCalls { operation, expected: a_span, observed: now / of_now };
        clues[situation.operations[operation].entity].push(Clue { nats, what });
    }
}

const NEARLY_ALWAYS: f64 = 0.95;
