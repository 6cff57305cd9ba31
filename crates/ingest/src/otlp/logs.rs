//! Views of `ExportLogsServiceRequest`: resources, scopes and log records, borrowed from the agent's bytes.

use model::attributes::Value;

use super::{
    resource::{self, Scope},
    value::{self, AttributeList},
    wire::{Entry, Fields, Repeated, WireError},
};

/// A whole request.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestView<'a> {
    resource_logs: Repeated<'a>,
}

impl<'a> RequestView<'a> {
    /// Reads an encoded `ExportLogsServiceRequest`.
    pub fn read(bytes: &'a [u8]) -> Result<RequestView<'a>, WireError> {
        let mut request = RequestView::default();
        for entry in Fields::new(bytes, "ExportLogsServiceRequest") {
            let entry = entry?;
            if entry.number == 1 {
                request.resource_logs.note(bytes, &entry)?;
            }
        }
        Ok(request)
    }

    /// Each resource with its log records.
    pub fn resources(&self) -> impl Iterator<Item = Result<ResourceLogs<'a>, WireError>> + use<'a> {
        self.resource_logs.iter().map(ResourceLogs::read)
    }
}

/// The log records of one resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResourceLogs<'a> {
    /// The encoded `Resource`; empty when none was sent.
    pub resource: &'a [u8],
    pub schema_url: &'a str,
    /// The encoded `ResourceLogs` itself.
    pub raw: &'a [u8],
    scope_logs: Repeated<'a>,
}

impl<'a> ResourceLogs<'a> {
    /// Reads an encoded `ResourceLogs`.
    pub fn read(raw: &'a [u8]) -> Result<ResourceLogs<'a>, WireError> {
        let mut logs = ResourceLogs { raw, ..ResourceLogs::default() };
        for entry in Fields::new(raw, "ResourceLogs") {
            let entry = entry?;
            match entry.number {
                1 => logs.resource = entry.bytes()?,
                2 => logs.scope_logs.note(raw, &entry)?,
                3 => logs.schema_url = entry.text()?,
                _ => {}
            }
        }
        Ok(logs)
    }

    /// The resource's attributes.
    pub fn resource_attributes(&self) -> Result<AttributeList<'a>, WireError> {
        resource::attributes(self.resource)
    }

    /// Each scope with its log records.
    pub fn scopes(&self) -> impl Iterator<Item = Result<ScopeLogs<'a>, WireError>> + use<'a> {
        self.scope_logs.iter().map(ScopeLogs::read)
    }
}

/// The log records of one instrumentation scope (a logger's name).
#[derive(Clone, Copy, Debug, Default)]
pub struct ScopeLogs<'a> {
    /// The encoded `InstrumentationScope`; empty when none was sent.
    pub scope: &'a [u8],
    pub name: &'a str,
    pub version: &'a str,
    pub schema_url: &'a str,
    /// The encoded `ScopeLogs` itself.
    pub raw: &'a [u8],
    records: Repeated<'a>,
}

impl<'a> ScopeLogs<'a> {
    /// Reads an encoded `ScopeLogs`.
    pub fn read(raw: &'a [u8]) -> Result<ScopeLogs<'a>, WireError> {
        let mut logs = ScopeLogs { raw, ..ScopeLogs::default() };
        for entry in Fields::new(raw, "ScopeLogs") {
            let entry = entry?;
            match entry.number {
                1 => logs.scope = entry.bytes()?,
                2 => logs.records.note(raw, &entry)?,
                3 => logs.schema_url = entry.text()?,
                _ => {}
            }
        }
        let scope = Scope::read(logs.scope)?;
        (logs.name, logs.version) = (scope.name, scope.version);
        Ok(logs)
    }

    /// Each log record.
    pub fn records(&self) -> impl Iterator<Item = Result<LogRecord<'a>, WireError>> + use<'a> {
        self.records.iter().map(LogRecord::read)
    }

    /// Each log record's bytes, unread.
    pub fn raw_records(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.records.iter()
    }

    /// How many log records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// One log record. Times are Unix nanoseconds, 0 where unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogRecord<'a> {
    pub time_ns: u64,
    pub observed_ns: u64,
    /// 1..=24, TRACE to FATAL4; 0 where unknown.
    pub severity_number: u32,
    pub severity_text: &'a str,
    /// The encoded `AnyValue`; empty when none was sent.
    pub body: &'a [u8],
    pub attributes: AttributeList<'a>,
    pub dropped_attributes_count: u32,
    /// W3C trace flags in the low byte.
    pub flags: u32,
    /// 16 bytes where the record belongs to a trace; anything else belongs to none.
    pub trace_id: &'a [u8],
    /// 8 bytes where the record belongs to a span; anything else belongs to none.
    pub span_id: &'a [u8],
    pub event_name: &'a str,
    /// The encoded `LogRecord` itself.
    pub raw: &'a [u8],
}

impl<'a> LogRecord<'a> {
    /// Reads an encoded `LogRecord`.
    pub fn read(raw: &'a [u8]) -> Result<LogRecord<'a>, WireError> {
        let mut record = LogRecord { raw, ..LogRecord::default() };
        for entry in Fields::new(raw, "LogRecord") {
            record.take(&entry?)?;
        }
        Ok(record)
    }

    fn take(&mut self, entry: &Entry<'a>) -> Result<(), WireError> {
        match entry.number {
            1 => self.time_ns = entry.fixed64()?,
            2 => self.severity_number = entry.uint32()?,
            3 => self.severity_text = entry.text()?,
            5 => self.body = entry.bytes()?,
            6 => self.attributes.0.note(self.raw, entry)?,
            7 => self.dropped_attributes_count = entry.uint32()?,
            8 => self.flags = entry.fixed32()?,
            9 => self.trace_id = entry.bytes()?,
            10 => self.span_id = entry.bytes()?,
            11 => self.observed_ns = entry.fixed64()?,
            12 => self.event_name = entry.text()?,
            _ => {}
        }
        Ok(())
    }

    /// The body's value.
    pub fn body(&self) -> Result<Value<'a>, WireError> {
        value::read(self.body)
    }

    /// When it happened, else when it was seen; 0 where neither is known.
    pub fn best_time_ns(&self) -> u64 {
        if self.time_ns != 0 { self.time_ns } else { self.observed_ns }
    }
}
