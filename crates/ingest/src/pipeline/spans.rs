//! One span of an agent: what it is (a [`Skeleton`]) and what is stored of it (a [`SpanRow`]), secrets removed.

mod known;

use metadata_store::StoreError;
use model::{
    attributes::{Attributes, Value},
    conventions::{self, Exception, Facts, MessagingOperation, Name, SpanView},
    id::{AccountId, EntityId, SpanId, TraceId},
    naming::{
        exception, exit, failure, name,
        process::{self, EntryDecision},
        queue, sampling,
        transaction::{self, EntryKind, EntryName},
    },
    sanitise::{Replacement, Sanitiser},
    span::SpanKind,
};
use telemetry_store::{
    attribute::{self, truncated},
    reader::{OwnedValue, SpanEvent},
    span_batch::{self, Known, Listed, Numbers, SpanRow, encode_event, encode_link},
};

use super::{
    Config,
    registry::{Place, Registry},
    skeleton::{
        CONSUMER, ENTRY, ENTRY_UNLESS_NESTED, EXIT, FAILED, HTTP_ERROR, INTERNAL_ROOT, LONG_LIVED,
        NAMES_ENTRY, PROCESS, RECEIVE, Skeleton,
    },
    targets::{Target, Targets},
};
use crate::otlp::{limits::AttributeLimits, trace::Span};

/// Where spans come from: one resource.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) place: Place,
    /// Tells the live processes of a node apart.
    pub(super) process: u32,
    pub(super) tier_name: String,
    /// What a loopback address means here.
    pub(super) host: String,
    /// The resource's attributes as they are stored.
    pub(super) attributes: Vec<u8>,
    /// Tells it from all others of this process, from 1; 0 for one that is read back from the store.
    pub(super) id: u64,
}

/// What translating needs besides the span.
pub(super) struct Context<'c> {
    pub(super) registry: &'c mut Registry,
    pub(super) targets: &'c mut Targets,
    pub(super) cleaning: Cleaning<'c>,
    pub(super) now_ms: i64,
}

/// How attributes are cleaned and cut before they are stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cleaning<'c> {
    pub(super) sanitiser: &'c Sanitiser,
    pub(super) limits: AttributeLimits,
}

impl Config {
    pub(super) fn cleaning(&self) -> Cleaning<'_> {
        Cleaning { sanitiser: &self.sanitiser, limits: self.attribute_limits }
    }
}

/// Buffers that serve span after span.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    cleaned: Cleaned,
    events: Vec<u8>,
    links: Vec<u8>,
    name: String,
    status_message: String,
    pub(super) cleaner: Cleaner,
}

/// What the cleaner found out about a list of attributes.
#[derive(Debug, Default)]
struct Cleaned {
    /// What must be stored in place of values, by their places.
    replaced: Vec<(usize, Replacement)>,
    numbers: Vec<Numbers>,
    /// To what the numbers belong.
    epoch: u32,
}

impl Cleaned {
    /// The list as it may be stored, at most so many of it.
    fn listed<'a>(&'a self, attributes: &'a Attributes<'_>, count: usize) -> Listed<'a> {
        let known = Known { numbers: &self.numbers, epoch: self.epoch };
        Listed { list: attributes.as_slice(), replaced: &self.replaced, count, known }
    }
}

/// Cleans and cuts attributes and texts, counting what it changes.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    known: known::Known,
    /// Number and name of each key of the list that is being cleaned.
    keys: Vec<(u32, Name)>,
    /// Values that were removed or masked.
    pub(super) removed: u64,
    /// Attributes or texts over the limits.
    pub(super) truncated: u64,
}

/// What was found in a span besides itself.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Type and templated message of its exceptions.
    pub(super) exceptions: Vec<(String, String)>,
    /// The name it gives to a transaction: an INTERNAL root's own, a GraphQL operation.
    pub(super) name: Option<String>,
}

/// What a span is. `ids` are its own and its parent's; `names` those of its attributes, where they are known.
pub(super) fn skeleton<'a>(
    ids: (SpanId, SpanId),
    span: &Span<'a>,
    scope: &'a str,
    (attributes, names): (&Attributes<'a>, Option<&[(u32, Name)]>),
    source: &Source,
    context: &mut Context<'_>,
    found: &mut Found,
) -> Result<Skeleton, StoreError> {
    let view = SpanView {
        name: span.name,
        kind: span.kind,
        scope,
        status: span.status_code,
        trace_state: span.trace_state,
        flags: span.flags,
        attributes,
    };
    let facts = match names {
        Some(names) => conventions::facts_by_name(&view, names.iter().map(|(_, name)| *name)),
        None => conventions::facts(&view),
    };
    // A clock that was set back while the span ran must not make its time negative.
    let nanos = span.end_ns.saturating_sub(span.start_ns);
    let mut skeleton = Skeleton {
        id: ids.0.0,
        parent: ids.1.0,
        end_ns: span.start_ns.saturating_add(nanos),
        micros: u32::try_from(nanos / 1000).unwrap_or(u32::MAX),
        tier: source.place.tier.0,
        node: source.place.node.0,
        weight: sampling::weight(span.trace_state) as f32,
        ..Skeleton::default()
    };
    let plumbing = exit::is_plumbing(scope, span.name);
    if span.kind.may_enter() && !plumbing {
        enter(&mut skeleton, &facts, &view, source, context)?;
    } else if let Some(call) = exit::call(&facts, &view) {
        skeleton.flags |= EXIT;
        skeleton.target = context.targets.of_exit(&call, &source.host);
        if failure::exit_failed(&facts, &view) {
            skeleton.flags |= FAILED;
        }
        if failure::http_error(&facts) {
            skeleton.flags |= HTTP_ERROR;
        }
    } else if span.kind == SpanKind::Internal && !plumbing {
        work(&mut skeleton, &facts, &view, context, found);
    }
    if facts.upgraded || nanos > LONGEST_NS {
        skeleton.flags |= LONG_LIVED;
    }
    Ok(skeleton)
}

/// Work inside a process: a root of its own, or what an entry's request was for.
fn work(
    skeleton: &mut Skeleton,
    facts: &Facts<'_>,
    view: &SpanView<'_, '_>,
    context: &Context<'_>,
    found: &mut Found,
) {
    if skeleton.parent == 0 {
        skeleton.flags |= INTERNAL_ROOT;
        if failure::entry_failed(facts, view) {
            skeleton.flags |= FAILED;
        }
        if let EntryKind::Named(name) = transaction::entry(facts, view).kind {
            found.name = Some(context.cleaning.sanitiser.text(&name).unwrap_or(name));
        }
    } else if let Some(operation) = transaction::graphql_operation(facts) {
        skeleton.flags |= NAMES_ENTRY;
        found.name = Some(operation);
    }
}

/// What lasts longer does not fit a skeleton's microseconds.
const LONGEST_NS: u64 = u32::MAX as u64 * 1000;

fn enter(
    skeleton: &mut Skeleton,
    facts: &Facts<'_>,
    view: &SpanView<'_, '_>,
    source: &Source,
    context: &mut Context<'_>,
) -> Result<(), StoreError> {
    if queue::is_empty_poll(facts) {
        return Ok(());
    }
    let operation = facts.messaging_operation;
    let decision = process::is_entry(view.kind, view.flags, SpanId(skeleton.parent));
    let is = |wanted| view.kind == SpanKind::Consumer && operation == Some(wanted);
    let processes = is(MessagingOperation::Process);
    let receives = is(MessagingOperation::Receive) || processes && queue::hands_on(view.scope);
    skeleton.flags |= match decision {
        EntryDecision::Yes if receives => RECEIVE,
        EntryDecision::Yes => ENTRY,
        EntryDecision::WhenParentIsElsewhere if receives => ENTRY_UNLESS_NESTED | RECEIVE,
        EntryDecision::WhenParentIsElsewhere if processes => ENTRY_UNLESS_NESTED | PROCESS,
        EntryDecision::WhenParentIsElsewhere => ENTRY_UNLESS_NESTED,
        EntryDecision::No if processes => PROCESS,
        EntryDecision::No => return Ok(()),
    };
    if failure::entry_failed(facts, view) {
        skeleton.flags |= FAILED;
    }
    if failure::http_error(facts) {
        skeleton.flags |= HTTP_ERROR;
    }
    if view.kind == SpanKind::Consumer
        && let Some(queue) = queue::identity(facts)
    {
        skeleton.flags |= CONSUMER;
        skeleton.target = context.targets.number(Target::of_queue(&queue));
    }
    let mut name: EntryName = transaction::entry(facts, view);
    if let EntryKind::Named(named) = &mut name.kind
        && let Some(clean) = context.cleaning.sanitiser.text(named)
    {
        *named = clean;
    }
    if name.long_lived {
        skeleton.flags |= LONG_LIVED;
    }
    let endpoint =
        context.registry.endpoint(&source.place, &source.tier_name, &name, context.now_ms)?;
    skeleton.endpoint = endpoint.0;
    if context.registry.is_long_lived(endpoint, skeleton.end_ns) {
        skeleton.flags |= LONG_LIVED;
    }
    Ok(())
}

/// What is stored of a span whose keys were looked up last ([`Cleaner::keys`]). The row borrows from the buffers, which the
/// next span uses again.
pub(super) fn row<'a: 'b, 'b>(
    span: &Span<'a>,
    scope: &'a str,
    attributes: &'b Attributes<'a>,
    source: &'b Source,
    context: &Context<'_>,
    buffers: &'b mut Buffers,
    found: &mut Found,
) -> SpanRow<'b> {
    let system = buffers.cleaner.system(attributes);
    buffers.events.clear();
    buffers.links.clear();
    buffers.cleaner.replace(attributes, system, context.cleaning, &mut buffers.cleaned);
    store_events(span, system, context, buffers, found);
    for link in span.links().filter_map(Result::ok) {
        if let (Some(trace), Some(id)) =
            (TraceId::from_bytes(link.trace_id), SpanId::from_bytes(link.span_id))
        {
            encode_link(&mut buffers.links, trace, id);
        }
    }
    buffers.cleaner.put_text(span.name, context, &mut buffers.name);
    buffers.cleaner.put_text(span.status_message, context, &mut buffers.status_message);
    SpanRow {
        trace: TraceId::from_bytes(span.trace_id).unwrap_or(TraceId([0; 16])),
        id: SpanId::from_bytes(span.span_id).unwrap_or_default(),
        parent: SpanId::from_bytes(span.parent_span_id).unwrap_or_default(),
        start_ns: span.start_ns,
        duration_ns: span.end_ns.saturating_sub(span.start_ns),
        kind: span.kind,
        status: span.status_code,
        flags: span.flags,
        application: source.place.application,
        tier: source.place.tier,
        node: source.place.node,
        name: &buffers.name,
        scope,
        trace_state: span.trace_state,
        status_message: &buffers.status_message,
        resource: &source.attributes,
        resource_id: source.id,
        attributes: span_batch::Attributes::Listed(
            buffers.cleaned.listed(attributes, context.cleaning.limits.count),
        ),
        events: &buffers.events,
        links: &buffers.links,
    }
}

/// The group of an exception, by what may be stored of its message.
pub(super) fn group_of(
    exception: &conventions::Exception<'_>,
    sanitiser: &Sanitiser,
) -> (String, String) {
    let clean = sanitiser.text(exception.message);
    exception::group(exception.name, clean.as_deref().unwrap_or(exception.message))
}

/// Appends attributes as they may be stored.
pub(super) fn store_attributes(
    attributes: &Attributes<'_>,
    system: Option<&str>,
    cleaning: Cleaning<'_>,
    out: &mut Vec<u8>,
    cleaner: &mut Cleaner,
) {
    let mut cleaned = Cleaned::default();
    cleaner.keys(attributes, cleaning);
    cleaner.replace(attributes, system, cleaning, &mut cleaned);
    let stored = cleaned.listed(attributes, cleaning.limits.count);
    stored.iter().for_each(|(key, value)| attribute::encode(out, key, value));
}

impl Cleaner {
    /// Looks up the keys of a list of attributes.
    pub(super) fn keys(
        &mut self,
        attributes: &Attributes<'_>,
        cleaning: Cleaning<'_>,
    ) -> &[(u32, Name)] {
        self.known.keys(cleaning.sanitiser, attributes, &mut self.keys);
        &self.keys
    }

    /// The database system that the list names.
    fn system<'a>(&self, attributes: &Attributes<'a>) -> Option<&'a str> {
        let named = |wanted| {
            let at = self.keys.iter().rposition(|(_, name)| *name == wanted)?;
            attributes.as_slice()[at].1.as_str()
        };
        named(Name::DbSystem).or_else(|| named(Name::DbSystemOld))
    }

    /// Finds what must be stored in place of attributes' values, by their places. Their keys were looked up last.
    fn replace(
        &mut self,
        attributes: &Attributes<'_>,
        system: Option<&str>,
        cleaning: Cleaning<'_>,
        out: &mut Cleaned,
    ) {
        out.replaced.clear();
        out.numbers.clear();
        out.epoch = self.known.epoch();
        let limits = cleaning.limits;
        self.truncated += u64::from(attributes.len() > limits.count);
        let keyed = self.keys.iter().zip(attributes.iter());
        for (at, (&(key, _), (_, value))) in keyed.take(limits.count).enumerate() {
            let (mut replacement, mut numbers) =
                self.known.attribute(cleaning.sanitiser, system, key, &value);
            self.removed += u64::from(replacement.is_some());
            let length = match (&replacement, &value) {
                (Some(Replacement::Masked), _) => 0,
                (Some(Replacement::Text(text)), _) => text.len(),
                (Some(Replacement::Encoded(bytes)), _) => bytes.len(),
                (None, Value::Str(text)) => text.len(),
                (None, Value::Encoded(bytes)) => bytes.len(),
                (None, _) => 0,
            };
            if length > limits.value_bytes {
                self.truncated += 1;
                let text = match (&replacement, value) {
                    (Some(Replacement::Text(text)), _) => truncated(text, limits.value_bytes),
                    (None, Value::Str(text)) => truncated(text, limits.value_bytes),
                    _ => "(over the limit)",
                };
                replacement = Some(Replacement::Text(text.to_owned()));
                numbers.text = None;
            }
            out.numbers.push(numbers);
            out.replaced.extend(replacement.map(|replacement| (at, replacement)));
        }
    }

    /// Puts a text as it may be stored in place of what `out` holds.
    fn put_text(&mut self, text: &str, context: &Context<'_>, out: &mut String) {
        let clean = self.known.text(context.cleaning.sanitiser, text);
        self.removed += u64::from(clean.is_some());
        let text = clean.as_deref().unwrap_or(text);
        out.clear();
        out.push_str(truncated(text, context.cleaning.limits.value_bytes));
    }
}

/// Events over this number are not stored.
const MAX_EVENTS: usize = 128;

fn store_events(
    span: &Span<'_>,
    system: Option<&str>,
    context: &Context<'_>,
    buffers: &mut Buffers,
    found: &mut Found,
) {
    let mut clean = Vec::new();
    for event in span.events().filter_map(Result::ok).take(MAX_EVENTS) {
        let Ok(attributes) = event.attributes.read() else { continue };
        if event.name == "exception"
            && let Some(exception) = conventions::exception(&attributes)
        {
            found.exceptions.push(group_of(&exception, context.cleaning.sanitiser));
        }
        clean.clear();
        store_attributes(&attributes, system, context.cleaning, &mut clean, &mut buffers.cleaner);
        let stored = attribute::decode(&clean);
        let name = context.cleaning.sanitiser.text(event.name);
        buffers.cleaner.removed += u64::from(name.is_some());
        let name = truncated(name.as_deref().unwrap_or(event.name), 255);
        encode_event(&mut buffers.events, event.time_ns, name, stored);
    }
}

/// What a loopback address means where the resource does not name its host: kept with its stored attributes.
const HOST: &str = "vedette.host";

/// A resource's attributes as they are stored; `host` is what a loopback address means to it.
pub(super) fn resource_attributes(
    attributes: &Attributes<'_>,
    host: &str,
    context: &Context<'_>,
) -> Vec<u8> {
    let mut out = Vec::new();
    store_attributes(attributes, None, context.cleaning, &mut out, &mut Cleaner::default());
    if named_host(attributes).is_none() {
        attribute::encode(&mut out, HOST, Value::Str(host));
    }
    out
}

fn named_host<'a>(attributes: &Attributes<'a>) -> Option<&'a str> {
    let text = |key| attributes.text(key).map(str::trim).filter(|text| !text.is_empty());
    text("host.name").or_else(|| text("k8s.node.name"))
}

/// A stored span as the agent's own, so that the same rules read it again.
pub(super) fn stored<'r>(
    row: &SpanRow<'r>,
    account: AccountId,
    registry: &Registry,
) -> (Source, Span<'r>, Attributes<'r>) {
    let place = Place { account, application: row.application, tier: row.tier, node: row.node };
    let resource: Attributes<'_> = attribute::decode(row.resource).collect();
    let tier_name = registry.name_of(row.tier);
    let host = named_host(&resource).or_else(|| resource.text(HOST)).unwrap_or(&tier_name);
    let host = name::limit(host).into_owned();
    let source = Source { place, process: 0, tier_name, host, attributes: Vec::new(), id: 0 };
    let mut span = Span::default();
    span.trace_state = row.trace_state;
    span.flags = row.flags;
    span.name = row.name;
    span.kind = row.kind;
    span.start_ns = row.start_ns;
    span.end_ns = row.start_ns.saturating_add(row.duration_ns);
    span.status_code = row.status;
    span.status_message = row.status_message;
    (source, span, row.attributes.iter().collect())
}

/// The exceptions that a stored span tells of.
pub(super) fn stored_exceptions(row: &SpanRow<'_>, sanitiser: &Sanitiser) -> Vec<(String, String)> {
    if row.events.is_empty() {
        return Vec::new();
    }
    let events = row.to_span().events;
    let of = |event: &SpanEvent| {
        let text = |key: &str| {
            let found = event.attributes.iter().rev().find(|(name, _)| name == key);
            match found.map(|(_, value)| value) {
                Some(OwnedValue::Str(text)) => text.clone(),
                _ => String::new(),
            }
        };
        let (name, message) = (text("exception.type"), text("exception.message"));
        let known = Exception { name: &name, message: &message, stacktrace: "" };
        (!name.is_empty() || !message.is_empty()).then(|| group_of(&known, sanitiser))
    };
    events.iter().filter(|event| event.name == "exception").filter_map(of).collect()
}

/// The entity that nothing was resolved to.
pub(super) const NOBODY: EntityId = EntityId::NONE;
