//! Bodies of an agent that reports what a test tells it.

use crate::otlp::wire::write;

/// One process.
#[derive(Clone, Debug, Default)]
pub(super) struct Agent {
    resource: Vec<(String, String)>,
}

/// The parent is in another process; it is in this one; the agent does not say.
pub(super) const REMOTE: u32 = 0x301;
pub(super) const LOCAL: u32 = 0x101;
pub(super) const SILENT: u32 = 0x1;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Int(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

/// What is sent of one span; times are milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) trace: u64,
    pub(super) id: u64,
    pub(super) parent: u64,
    pub(super) kind: u64,
    pub(super) name: String,
    /// The instrumentation scope.
    pub(super) scope: String,
    pub(super) flags: u32,
    pub(super) end_ms: i64,
    pub(super) ms: i64,
    pub(super) failed: bool,
    pub(super) trace_state: String,
    pub(super) status_message: String,
    pub(super) attributes: Vec<(String, Value)>,
    /// Type and message.
    pub(super) exceptions: Vec<(String, String)>,
}

impl Sent {
    fn new(trace: u64, id: u64, kind: u64, end_ms: i64) -> Sent {
        Sent {
            trace,
            id,
            parent: 0,
            kind,
            name: "span".to_owned(),
            scope: "test".to_owned(),
            flags: LOCAL,
            end_ms,
            ms: 10,
            failed: false,
            trace_state: String::new(),
            status_message: String::new(),
            attributes: Vec::new(),
            exceptions: Vec::new(),
        }
    }

    /// A request that comes in.
    pub(super) fn request(trace: u64, id: u64, route: &str, end_ms: i64) -> Sent {
        let span = Sent::new(trace, id, 2, end_ms).named(&format!("GET {route}"));
        let span = Sent { flags: REMOTE, ..span };
        span.with("http.request.method", "GET").with("http.route", route)
    }

    /// A request that goes out.
    pub(super) fn call(trace: u64, id: u64, host: &str, end_ms: i64) -> Sent {
        let span = Sent::new(trace, id, 3, end_ms).named("GET");
        span.with("http.request.method", "GET").with("server.address", host).with("server.port", 80)
    }

    pub(super) fn work(trace: u64, id: u64, name: &str, end_ms: i64) -> Sent {
        Sent::new(trace, id, 1, end_ms).named(name)
    }

    pub(super) fn named(self, name: &str) -> Sent {
        Sent { name: name.to_owned(), ..self }
    }

    pub(super) fn under(self, parent: u64) -> Sent {
        Sent { parent, ..self }
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Sent {
        self.attributes.push((key.to_owned(), value.into()));
        self
    }

    pub(super) fn raising(mut self, kind: &str, message: &str) -> Sent {
        self.exceptions.push((kind.to_owned(), message.to_owned()));
        self
    }

    fn write(&self, out: &mut Vec<u8>) {
        write::bytes(out, 1, &trace_id(self.trace));
        write::bytes(out, 2, &self.id.to_be_bytes());
        write::bytes(out, 3, self.trace_state.as_bytes());
        if self.parent != 0 {
            write::bytes(out, 4, &self.parent.to_be_bytes());
        }
        write::bytes(out, 5, self.name.as_bytes());
        write::number(out, 6, self.kind);
        let ns = |ms: i64| ms.unsigned_abs() * 1_000_000;
        write::fixed64(out, 7, ns(self.end_ms - self.ms));
        write::fixed64(out, 8, ns(self.end_ms));
        self.attributes.iter().for_each(|(key, value)| attribute(out, 9, key, value));
        for (kind, message) in &self.exceptions {
            write::nested(out, 11, |out| {
                write::fixed64(out, 1, ns(self.end_ms));
                write::bytes(out, 2, b"exception");
                attribute(out, 3, "exception.type", &kind.as_str().into());
                attribute(out, 3, "exception.message", &message.as_str().into());
            });
        }
        write::nested(out, 15, |out| {
            write::bytes(out, 2, self.status_message.as_bytes());
            write::number(out, 3, if self.failed { 2 } else { 0 });
        });
        write::fixed32(out, 16, self.flags);
    }
}

/// The trace id of a number.
pub(super) fn trace_id(trace: u64) -> [u8; 16] {
    let mut id = [0xab; 16];
    id[8..].copy_from_slice(&trace.to_be_bytes());
    id
}

impl Agent {
    pub(super) fn new(tier: &str) -> Agent {
        let agent = Agent::default().with("service.name", tier);
        agent.with("service.namespace", "shop").with("host.name", &format!("{tier}-host"))
    }

    /// Another value of the resource.
    pub(super) fn with(mut self, key: &str, value: &str) -> Agent {
        self.resource.retain(|(known, _)| known != key);
        self.resource.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn traces(&self, spans: &[Sent]) -> Vec<u8> {
        self.resource(|out| {
            for of_scope in spans.chunk_by(|one, next| one.scope == next.scope) {
                scope(out, &of_scope[0].scope, |out| {
                    of_scope.iter().for_each(|span| write::nested(out, 2, |out| span.write(out)));
                });
            }
        })
    }

    /// A log record; an exception's is its type and message.
    pub(super) fn log(
        &self,
        (trace, span): (u64, u64),
        at_ms: i64,
        body: &str,
        exception: Option<(&str, &str)>,
    ) -> Vec<u8> {
        self.resource(|out| {
            scope(out, "test", |out| {
                write::nested(out, 2, |out| {
                    write::fixed64(out, 1, at_ms.unsigned_abs() * 1_000_000);
                    write::number(out, 2, 17);
                    write::nested(out, 5, |out| write::bytes(out, 1, body.as_bytes()));
                    if let Some((kind, message)) = exception {
                        attribute(out, 6, "exception.type", &kind.into());
                        attribute(out, 6, "exception.message", &message.into());
                    }
                    write::bytes(out, 9, &trace_id(trace));
                    write::bytes(out, 10, &span.to_be_bytes());
                });
            });
        })
    }

    /// What its metrics say of the requests that it served since `start_ms`.
    pub(super) fn served(&self, requests: u64, start_ms: i64, at_ms: i64) -> Vec<u8> {
        let ns = |ms: i64| ms.unsigned_abs() * 1_000_000;
        self.resource(|out| {
            scope(out, "test", |out| {
                write::nested(out, 2, |out| {
                    write::bytes(out, 1, b"http.server.request.duration");
                    write::bytes(out, 3, b"s");
                    write::nested(out, 9, |out| {
                        write::nested(out, 1, |out| {
                            write::fixed64(out, 2, ns(start_ms));
                            write::fixed64(out, 3, ns(at_ms));
                            write::fixed64(out, 4, requests);
                            write::fixed64(out, 5, (requests as f64 / 100.0).to_bits());
                            write::bytes(out, 6, &requests.to_le_bytes());
                        });
                        // Deltas.
                        write::number(out, 2, 1);
                    });
                });
            });
        })
    }

    /// A request with what this process sent, scope by scope.
    fn resource(&self, scopes: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write::nested(&mut out, 1, |out| {
            write::nested(out, 1, |out| {
                for (key, value) in &self.resource {
                    attribute(out, 1, key, &value.as_str().into());
                }
            });
            scopes(out);
        });
        out
    }
}

fn scope(out: &mut Vec<u8>, name: &str, items: impl FnOnce(&mut Vec<u8>)) {
    write::nested(out, 2, |out| {
        write::nested(out, 1, |out| write::bytes(out, 1, name.as_bytes()));
        items(out);
    });
}

fn attribute(out: &mut Vec<u8>, field: u32, key: &str, value: &Value) {
    write::nested(out, field, |out| {
        write::bytes(out, 1, key.as_bytes());
        write::nested(out, 2, |out| match value {
            Value::Text(text) => write::bytes(out, 1, text.as_bytes()),
            Value::Int(number) => write::number(out, 3, *number as u64),
        });
    });
}
