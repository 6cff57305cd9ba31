//! Views of `ExportTraceServiceRequest`: resources, scopes and spans, borrowed from the agent's bytes.
//!
//! Each level is walked once when it is read; what stands below is walked when it is asked for. Ids are given as sent:
//! whether they are usable is [`super::slice`]'s decision.

use model::span::{SpanKind, StatusCode};

use super::{
    value::AttributeList,
    wire::{Entry, Fields, Repeated, WireError},
};

/// A whole request.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestView<'a> {
    resource_spans: Repeated<'a>,
}

impl<'a> RequestView<'a> {
    /// Reads an encoded `ExportTraceServiceRequest`.
    pub fn read(bytes: &'a [u8]) -> Result<RequestView<'a>, WireError> {
        let mut request = RequestView::default();
        for entry in Fields::new(bytes, "ExportTraceServiceRequest") {
            let entry = entry?;
            if entry.number == 1 {
                request.resource_spans.note(bytes, &entry)?;
            }
        }
        Ok(request)
    }

    /// Each resource with its spans.
    pub fn resources(
        &self,
    ) -> impl Iterator<Item = Result<ResourceSpans<'a>, WireError>> + use<'a> {
        self.resource_spans.iter().map(ResourceSpans::read)
    }
}

/// The spans of one resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResourceSpans<'a> {
    /// The encoded `Resource`; empty when none was sent.
    pub resource: &'a [u8],
    /// The schema of the resource's attributes.
    pub schema_url: &'a str,
    /// The encoded `ResourceSpans` itself.
    pub raw: &'a [u8],
    scope_spans: Repeated<'a>,
}

impl<'a> ResourceSpans<'a> {
    /// Reads an encoded `ResourceSpans`.
    pub fn read(raw: &'a [u8]) -> Result<ResourceSpans<'a>, WireError> {
        let mut spans = ResourceSpans { raw, ..ResourceSpans::default() };
        for entry in Fields::new(raw, "ResourceSpans") {
            let entry = entry?;
            match entry.number {
                1 => spans.resource = entry.bytes()?,
                2 => spans.scope_spans.note(raw, &entry)?,
                3 => spans.schema_url = entry.text()?,
                _ => {}
            }
        }
        Ok(spans)
    }

    /// The resource's attributes.
    pub fn resource_attributes(&self) -> Result<AttributeList<'a>, WireError> {
        super::resource::attributes(self.resource)
    }

    /// Each scope with its spans.
    pub fn scopes(&self) -> impl Iterator<Item = Result<ScopeSpans<'a>, WireError>> + use<'a> {
        self.scope_spans.iter().map(ScopeSpans::read)
    }
}

/// The spans of one instrumentation scope.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScopeSpans<'a> {
    /// The encoded `InstrumentationScope`; empty when none was sent.
    pub scope: &'a [u8],
    /// The scope's name.
    pub name: &'a str,
    /// The scope's version.
    pub version: &'a str,
    /// The schema of the spans' attributes.
    pub schema_url: &'a str,
    /// The encoded `ScopeSpans` itself.
    pub raw: &'a [u8],
    spans: Repeated<'a>,
}

impl<'a> ScopeSpans<'a> {
    /// Reads an encoded `ScopeSpans`.
    pub fn read(raw: &'a [u8]) -> Result<ScopeSpans<'a>, WireError> {
        let mut spans = ScopeSpans { raw, ..ScopeSpans::default() };
        let mut fields = Fields::new(raw, "ScopeSpans");
        while let Some(entry) = fields.next() {
            let entry = entry?;
            match entry.number {
                1 => spans.scope = entry.bytes()?,
                2 => spans.spans.note_run(&entry, &mut fields)?,
                3 => spans.schema_url = entry.text()?,
                _ => {}
            }
        }
        let scope = super::resource::Scope::read(spans.scope)?;
        (spans.name, spans.version) = (scope.name, scope.version);
        Ok(spans)
    }

    /// Each span.
    pub fn spans(&self) -> impl Iterator<Item = Result<Span<'a>, WireError>> + use<'a> {
        self.spans.iter().map(Span::read)
    }

    /// Each span's bytes, unread.
    pub fn raw_spans(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.spans.iter()
    }

    /// How many spans there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

/// One span. Times are Unix nanoseconds as sent, the end possibly before the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span<'a> {
    /// 16 bytes in a sound span.
    pub trace_id: &'a [u8],
    /// 8 bytes in a sound span.
    pub span_id: &'a [u8],
    /// Empty for a root, else 8 bytes in a sound span.
    pub parent_span_id: &'a [u8],
    /// The W3C trace state, as sent.
    pub trace_state: &'a str,
    /// W3C trace flags in the low byte; above them [`CONTEXT_HAS_IS_REMOTE`] and [`CONTEXT_IS_REMOTE`].
    pub flags: u32,
    pub name: &'a str,
    pub kind: SpanKind,
    pub start_ns: u64,
    pub end_ns: u64,
    pub attributes: AttributeList<'a>,
    pub dropped_attributes_count: u32,
    pub dropped_events_count: u32,
    pub dropped_links_count: u32,
    pub status_code: StatusCode,
    pub status_message: &'a str,
    /// The encoded `Span` itself.
    pub raw: &'a [u8],
    events: Repeated<'a>,
    links: Repeated<'a>,
}

/// Set in [`Span::flags`] where the agent says whether the parent is in another process.
pub const CONTEXT_HAS_IS_REMOTE: u32 = 0x100;
/// Set in [`Span::flags`] where the parent is in another process; means something only with [`CONTEXT_HAS_IS_REMOTE`].
pub const CONTEXT_IS_REMOTE: u32 = 0x200;

impl<'a> Span<'a> {
    /// Reads an encoded `Span`.
    pub fn read(raw: &'a [u8]) -> Result<Span<'a>, WireError> {
        let mut span = Span { raw, ..Span::default() };
        let mut fields = Fields::new(raw, "Span");
        while let Some(entry) = fields.next() {
            let entry = entry?;
            match entry.number {
                // Most of a span's fields, one behind the other.
                9 => span.attributes.0.note_run(&entry, &mut fields)?,
                _ => span.take(&entry)?,
            }
        }
        Ok(span)
    }

    fn take(&mut self, entry: &Entry<'a>) -> Result<(), WireError> {
        match entry.number {
            1 => self.trace_id = entry.bytes()?,
            2 => self.span_id = entry.bytes()?,
            3 => self.trace_state = entry.text()?,
            4 => self.parent_span_id = entry.bytes()?,
            5 => self.name = entry.text()?,
            6 => self.kind = SpanKind::from_wire(entry.varint()?),
            7 => self.start_ns = entry.fixed64()?,
            8 => self.end_ns = entry.fixed64()?,
            10 => self.dropped_attributes_count = entry.uint32()?,
            11 => self.events.note(self.raw, entry)?,
            12 => self.dropped_events_count = entry.uint32()?,
            13 => self.links.note(self.raw, entry)?,
            14 => self.dropped_links_count = entry.uint32()?,
            15 => self.take_status(entry.bytes()?)?,
            16 => self.flags = entry.fixed32()?,
            _ => {}
        }
        Ok(())
    }

    fn take_status(&mut self, status: &'a [u8]) -> Result<(), WireError> {
        for entry in Fields::new(status, "Status") {
            let entry = entry?;
            match entry.number {
                2 => self.status_message = entry.text()?,
                3 => self.status_code = StatusCode::from_wire(entry.varint()?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the parent is in another process, where the agent says so.
    pub fn parent_is_remote(&self) -> Option<bool> {
        (self.flags & CONTEXT_HAS_IS_REMOTE != 0).then_some(self.flags & CONTEXT_IS_REMOTE != 0)
    }

    /// How many events there are.
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// How many links there are.
    pub fn link_count(&self) -> usize {
        self.links.len()
    }

    /// Each event.
    pub fn events(&self) -> impl Iterator<Item = Result<Event<'a>, WireError>> + use<'a> {
        self.events.iter().map(Event::read)
    }

    /// Each link.
    pub fn links(&self) -> impl Iterator<Item = Result<Link<'a>, WireError>> + use<'a> {
        self.links.iter().map(Link::read)
    }
}

/// Something that happened during a span, such as an exception.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    pub time_ns: u64,
    pub name: &'a str,
    pub attributes: AttributeList<'a>,
    pub dropped_attributes_count: u32,
    /// The encoded `Event` itself.
    pub raw: &'a [u8],
}

impl<'a> Event<'a> {
    /// Reads an encoded `Event`.
    pub fn read(raw: &'a [u8]) -> Result<Event<'a>, WireError> {
        let mut event = Event { raw, ..Event::default() };
        for entry in Fields::new(raw, "Event") {
            let entry = entry?;
            match entry.number {
                1 => event.time_ns = entry.fixed64()?,
                2 => event.name = entry.text()?,
                3 => event.attributes.0.note(raw, &entry)?,
                4 => event.dropped_attributes_count = entry.uint32()?,
                _ => {}
            }
        }
        Ok(event)
    }
}

/// A span that this one is related to without being its child.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link<'a> {
    pub trace_id: &'a [u8],
    pub span_id: &'a [u8],
    pub trace_state: &'a str,
    pub flags: u32,
    pub attributes: AttributeList<'a>,
    pub dropped_attributes_count: u32,
    /// The encoded `Link` itself.
    pub raw: &'a [u8],
}

impl<'a> Link<'a> {
    /// Reads an encoded `Link`.
    pub fn read(raw: &'a [u8]) -> Result<Link<'a>, WireError> {
        let mut link = Link { raw, ..Link::default() };
        for entry in Fields::new(raw, "Link") {
            let entry = entry?;
            match entry.number {
                1 => link.trace_id = entry.bytes()?,
                2 => link.span_id = entry.bytes()?,
                3 => link.trace_state = entry.text()?,
                4 => link.attributes.0.note(raw, &entry)?,
                5 => link.dropped_attributes_count = entry.uint32()?,
                6 => link.flags = entry.fixed32()?,
                _ => {}
            }
        }
        Ok(link)
    }
}
