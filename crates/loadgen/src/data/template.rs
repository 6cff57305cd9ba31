//! Requests encoded once: which traces they hold, on which instances, which fail, and where their bytes vary. A
//! template yields one or more bodies (several when spans are late or every agent exports its own); what it counts
//! for is known to the call.

use super::encoding::{Group, Slots, encode};
use super::expected::Totals;
use super::span::{describe, further, resource};
use super::topology::{Plan, SPANS_PER_TRACE, Step, What, plans};
use super::{Shape, Spread};
use crate::draws::Draws;

/// Random draws for building templates come from a stream that no generator uses.
const TEMPLATE_STREAM: u64 = (1 << 24) - 1;
/// Traces over all templates: enough that one in a hundred failing is a fair mixture of kinds.
const TRACES_DRAWN: usize = 1600;
const TRACES_PER_ERROR: usize = 100;

#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) bodies: Vec<TemplateBody>,
    pub(crate) traces: Vec<TraceSlots>,
    pub(crate) totals: Totals,
}

#[derive(Debug)]
pub(crate) struct TemplateBody {
    pub(crate) bytes: Vec<u8>,
    pub(crate) spans: u64,
    /// Held back and sent later than its siblings.
    pub(crate) late: bool,
}

#[derive(Debug)]
pub(crate) struct TraceSlots {
    pub(crate) length_ns: u64,
    pub(crate) spans: [SpanSlots; SPANS_PER_TRACE],
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanSlots {
    pub(crate) body: u32,
    pub(crate) parent: u32,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) at: Slots,
}

/// All templates of a data set.
#[derive(Debug)]
pub(crate) struct Templates {
    pub(crate) full: Vec<Template>,
    /// The last, smaller one when the spans asked for are no multiple of a request's.
    pub(crate) rest: Option<Template>,
    /// How often full templates are used.
    pub(crate) rounds: u64,
}

impl Templates {
    pub(crate) fn build(shape: &Shape) -> Self {
        let mut maker = Maker::new(shape);
        let traces = shape.traces();
        let per_template =
            maker.traces_per_template().min(usize::try_from(traces).unwrap_or(usize::MAX));
        let rounds = traces / per_template as u64;
        let rest = (traces % per_template as u64) as usize;
        let variants = (TRACES_DRAWN / per_template)
            .clamp(2, 256)
            .min(usize::try_from(rounds).unwrap_or(usize::MAX));
        let full = (0..variants).map(|_| maker.template(per_template)).collect();
        let rest = (rest > 0).then(|| maker.template(rest));
        Self { full, rest, rounds }
    }
}

struct Maker<'a> {
    shape: &'a Shape,
    plans: Vec<Plan>,
    draws: Draws,
    made: usize,
}

/// A trace decided upon.
struct Chosen<'a> {
    plan: &'a Plan,
    failed: [bool; SPANS_PER_TRACE],
    origin: Option<usize>,
}

impl<'a> Maker<'a> {
    fn new(shape: &'a Shape) -> Self {
        Self {
            shape,
            plans: plans(shape.size),
            draws: Draws::new(shape.seed, TEMPLATE_STREAM),
            made: 0,
        }
    }

    /// Agents fill a request each: a template holds as many traces as give every instance one on average.
    fn traces_per_template(&self) -> usize {
        let requests = match self.shape.spread {
            Spread::Whole => 1,
            Spread::Agents => self.shape.size.services * self.shape.instances,
        };
        (requests * self.shape.spans_per_request).div_ceil(SPANS_PER_TRACE)
    }

    fn template(&mut self, traces: usize) -> Template {
        let mut totals = Totals::default();
        let mut sheet = Sheet::new(self.shape);
        let plans = std::mem::take(&mut self.plans);
        let chosen: Vec<Chosen<'_>> = (0..traces).map(|_| self.choose(&plans)).collect();
        for trace in &chosen {
            totals.count(trace.plan, &trace.failed);
            sheet.place(trace, &mut self.draws);
        }
        let template = sheet.encode(&chosen, totals);
        self.plans = plans;
        template
    }

    /// Lower numbered plans are busier, as some pages of a shop are; each is there once at least.
    fn choose<'p>(&mut self, plans: &'p [Plan]) -> Chosen<'p> {
        let busiest = self.draws.below(plans.len()) + 1;
        let drawn = self.draws.below(busiest);
        let plan = plans.get(self.made).unwrap_or(&plans[drawn]);
        let fails = self.made % TRACES_PER_ERROR == TRACES_PER_ERROR / 2;
        self.made += 1;
        if fails {
            self.fail(plan)
        } else {
            Chosen { plan, failed: [false; SPANS_PER_TRACE], origin: None }
        }
    }

    /// A step fails and, three times in four, so does every step that waits for it; otherwise its caller copes.
    fn fail<'p>(&mut self, plan: &'p Plan) -> Chosen<'p> {
        let fallible: Vec<usize> =
            (0..plan.steps.len()).filter(|s| plan.steps[*s].what != What::Internal).collect();
        let origin = fallible[self.draws.below(fallible.len())];
        let spreads = self.draws.chance(0.75);
        let mut failed = [false; SPANS_PER_TRACE];
        failed[origin] = true;
        let mut at = origin;
        while let Some(caller) = plan.steps[at]
            .parent
            .filter(|_| waits(&plan.steps, at) && (spreads || same_call(plan, at)))
        {
            failed[caller] = true;
            at = caller;
        }
        Chosen { plan, failed, origin: Some(origin) }
    }
}

/// Whether the parent learns of the step's failure: nobody waits for the processing of a message.
fn waits(steps: &[Step], step: usize) -> bool {
    !matches!(steps[step].what, What::Process { .. })
}

/// A failed answer fails the call that asked for it even when the caller copes.
fn same_call(plan: &Plan, step: usize) -> bool {
    plan.steps[step].what == What::Served
}

/// Where each chosen span goes: body, group in it, position in the group.
struct Sheet<'a> {
    shape: &'a Shape,
    /// Instances in each body; a late body has its own.
    places: Vec<[Place; SPANS_PER_TRACE]>,
    bodies: Vec<Vec<Group>>,
}

#[derive(Clone, Copy, Default)]
struct Place {
    body: usize,
    group: usize,
    position: usize,
}

impl<'a> Sheet<'a> {
    /// Bodies first for all instances (one or one each), then as many for their late spans.
    fn new(shape: &'a Shape) -> Self {
        let groups = || {
            let instances =
                (0..shape.size.services).flat_map(|s| (0..shape.instances).map(move |i| (s, i)));
            instances.map(|(s, i)| Group {
                resource: resource(&shape.namespace, s, i),
                spans: Vec::new(),
            })
        };
        let punctual: Vec<Vec<Group>> = match shape.spread {
            Spread::Whole => vec![groups().collect()],
            Spread::Agents => groups().map(|g| vec![g]).collect(),
        };
        let late = groups().collect();
        Self { shape, places: Vec::new(), bodies: punctual.into_iter().chain([late]).collect() }
    }

    fn place(&mut self, trace: &Chosen<'_>, draws: &mut Draws) {
        let first = draws.below(self.shape.instances);
        let mut places = [Place::default(); SPANS_PER_TRACE];
        for (index, step) in trace.plan.steps.iter().enumerate() {
            // One instance of a service serves all of a trace, spread differently for each service.
            let instance = (first + step.service * 7) % self.shape.instances;
            let number = step.service * self.shape.instances + instance;
            let late = draws.chance(self.shape.late_fraction);
            let (body, group) = match self.shape.spread {
                _ if late => (self.bodies.len() - 1, number),
                Spread::Whole => (0, number),
                Spread::Agents => (number, 0),
            };
            let spans = &mut self.bodies[body][group].spans;
            places[index] = Place { body, group, position: spans.len() };
            let mut span =
                describe(trace.plan, step, trace.failed[index], trace.origin == Some(index));
            span.attributes.extend(further(self.shape.further_attributes, draws));
            spans.push(span);
        }
        self.places.push(places);
    }

    fn encode(mut self, chosen: &[Chosen<'_>], totals: Totals) -> Template {
        let kept = self.drop_empty();
        let late_body = kept.len() - 1;
        let mut bodies = Vec::new();
        let mut slots = Vec::new();
        for (index, groups) in self.bodies.iter().enumerate() {
            let (bytes, at) = encode(self.shape.notation, groups);
            let spans = groups.iter().map(|g| g.spans.len() as u64).sum();
            bodies.push(TemplateBody { bytes, spans, late: kept[late_body] == Some(index) });
            slots.push(at);
        }
        let traces = chosen.iter().zip(&self.places);
        let traces =
            traces.map(|(trace, places)| trace_slots(trace.plan, places, &kept, &slots)).collect();
        Template { bodies, traces, totals }
    }

    /// Removes groups and bodies without spans. Where each original body is now; groups keep their place in
    /// `places` by renumbering.
    fn drop_empty(&mut self) -> Vec<Option<usize>> {
        let renumbered: Vec<Vec<usize>> =
            self.bodies.iter().map(|groups| positions(groups, |g| !g.spans.is_empty())).collect();
        for place in self.places.iter_mut().flatten() {
            place.group = renumbered[place.body][place.group];
        }
        for groups in &mut self.bodies {
            groups.retain(|group| !group.spans.is_empty());
        }
        let now = positions(&self.bodies, |groups| !groups.is_empty());
        let kept = self
            .bodies
            .iter()
            .zip(now)
            .map(|(groups, at)| (!groups.is_empty()).then_some(at))
            .collect();
        self.bodies.retain(|groups| !groups.is_empty());
        kept
    }
}

/// The index each item has once those not kept are gone.
fn positions<T>(items: &[T], keep: impl Fn(&T) -> bool) -> Vec<usize> {
    let mut next = 0;
    items
        .iter()
        .map(|item| {
            let at = next;
            next += usize::from(keep(item));
            at
        })
        .collect()
}

fn trace_slots(
    plan: &Plan,
    places: &[Place; SPANS_PER_TRACE],
    kept: &[Option<usize>],
    slots: &[Vec<Vec<Slots>>],
) -> TraceSlots {
    let spans = std::array::from_fn(|index| {
        let (step, place) = (&plan.steps[index], places[index]);
        let body = kept[place.body].expect("a body with a span in it is kept");
        SpanSlots {
            body: body as u32,
            parent: step.parent.unwrap_or(0) as u32,
            start_ns: step.start_us * 1000,
            end_ns: step.end_us * 1000,
            at: slots[body][place.group][place.position],
        }
    });
    TraceSlots { length_ns: plan.length_us * 1000, spans }
}
