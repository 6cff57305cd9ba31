//! Synthetic traces over three tiers, and the bodies in which their agents send them.
//!
//! `web` → `cart` → `stock` → a database. Every span is known in advance, so what must be counted is known too.

use super::random::Random;
use crate::otlp::wire::write;

/// The tiers, callers first.
pub(crate) const TIERS: [&str; 3] = ["web", "cart", "stock"];
const ROUTES: [&str; 3] = ["/a", "/b", "/c"];
/// Each host's clock is off by so much, nanoseconds.
const SKEW_NS: [i64; 3] = [0, 1_700_000_000, -900_000_000];

/// What a span is, in the words that expectations need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A request coming in.
    Entry,
    /// A request to the next tier.
    Call,
    /// A query to the database.
    Query,
    /// Work in between.
    Work,
}

#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace: [u8; 16],
    pub(crate) id: u64,
    pub(crate) parent: u64,
    /// Index of [`TIERS`].
    pub(crate) tier: usize,
    pub(crate) role: Role,
    /// Of its own tier's entry.
    pub(crate) route: &'static str,
    /// Of the trace's first entry.
    pub(crate) transaction: &'static str,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) status: u64,
}

impl Span {
    pub(crate) fn micros(&self) -> f64 {
        ((self.end_ns - self.start_ns) / 1000) as f64
    }

    pub(crate) fn failed(&self) -> bool {
        match self.role {
            Role::Entry => self.status >= 500,
            Role::Call => self.status >= 400,
            Role::Query | Role::Work => false,
        }
    }
}

/// The spans of one trace that ends about now.
pub(crate) fn trace(random: &mut Random, number: u64, now_ns: u64) -> Vec<Span> {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id[8..].copy_from_slice(&random.next().to_be_bytes());
    let depth = 1 + random.below(3) as usize;
    let mut new = Trace {
        id,
        transaction: ROUTES[random.below(3) as usize],
        number,
        spans: Vec::new(),
        last: 0,
    };
    let mut end_ns = now_ns - random.below(2_000) * 1_000_000;
    let mut length_ns = 1_000_000 + random.below(3_000_000) * 1_000;
    let mut parent = 0;
    for tier in 0..depth {
        let status = [200, 200, 200, 404, 500][random.below(5) as usize];
        let times = |shrink: u64| (end_ns - length_ns + shrink * 1000, end_ns - shrink * 1000);
        parent = new.add(parent, tier, Role::Entry, times(0), status);
        if random.percent(50) {
            parent = new.add(parent, tier, Role::Work, times(5), 0);
        }
        if tier == 2 {
            new.add(parent, tier, Role::Query, times(10), 0);
        }
        if tier + 1 < depth {
            let status = [200, 200, 404, 500][random.below(4) as usize];
            parent = new.add(parent, tier, Role::Call, times(20), status);
        }
        end_ns -= 50_000;
        length_ns -= 200_000;
    }
    new.spans
}

struct Trace {
    id: [u8; 16],
    transaction: &'static str,
    number: u64,
    spans: Vec<Span>,
    last: u64,
}

impl Trace {
    fn add(&mut self, parent: u64, tier: usize, role: Role, times: (u64, u64), status: u64) -> u64 {
        self.last += 1;
        let skewed = |ns: u64| ns.saturating_add_signed(SKEW_NS[tier]);
        self.spans.push(Span {
            trace: self.id,
            id: self.number * 100 + self.last,
            parent,
            tier,
            role,
            route: if tier == 0 { self.transaction } else { "/inner" },
            transaction: self.transaction,
            start_ns: skewed(times.0),
            end_ns: skewed(times.1),
            status,
        });
        self.number * 100 + self.last
    }
}

/// One `ExportTraceServiceRequest` of a tier's only process.
pub(crate) fn request(tier: usize, spans: &[&Span]) -> Vec<u8> {
    export(tier, |out| {
        spans.iter().for_each(|span| write::nested(out, 2, |out| write_span(out, span)));
    })
}

/// One `ExportLogsServiceRequest` with records of these texts.
pub(crate) fn logs_request(tier: usize, at_ns: u64, texts: &[String]) -> Vec<u8> {
    export(tier, |out| {
        for text in texts {
            write::nested(out, 2, |out| {
                write::fixed64(out, 1, at_ns);
                write::number(out, 2, 9);
                write::nested(out, 5, |out| write::bytes(out, 1, text.as_bytes()));
            });
        }
    })
}

/// Points of a gauge: Unix milliseconds and values.
pub(crate) fn gauge_request(tier: usize, name: &str, points: &[(i64, f64)]) -> Vec<u8> {
    export(tier, |out| {
        write::nested(out, 2, |out| {
            write::bytes(out, 1, name.as_bytes());
            write::nested(out, 5, |out| {
                for (at_ms, value) in points {
                    write::nested(out, 1, |out| {
                        write::fixed64(out, 3, at_ms.unsigned_abs() * 1_000_000);
                        write::fixed64(out, 4, value.to_bits());
                    });
                }
            });
        });
    })
}

/// Points of a cumulative counter that began at a time: Unix milliseconds and totals.
pub(crate) fn counter_request(
    tier: usize,
    name: &str,
    start_ms: i64,
    points: &[(i64, f64)],
) -> Vec<u8> {
    export(tier, |out| {
        write::nested(out, 2, |out| {
            write::bytes(out, 1, name.as_bytes());
            write::nested(out, 7, |out| {
                for (at_ms, total) in points {
                    write::nested(out, 1, |out| {
                        write::fixed64(out, 2, start_ms.unsigned_abs() * 1_000_000);
                        write::fixed64(out, 3, at_ms.unsigned_abs() * 1_000_000);
                        write::fixed64(out, 4, total.to_bits());
                    });
                }
                write::number(out, 2, 2);
                write::number(out, 3, 1);
            });
        });
    })
}

/// The part that requests of all signals share.
pub(crate) fn export(tier: usize, items: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write::nested(&mut out, 1, |out| {
        write::nested(out, 1, |out| {
            text(out, 1, "service.name", TIERS[tier]);
            text(out, 1, "service.namespace", "shop");
            text(out, 1, "host.name", &format!("{}-host", TIERS[tier]));
        });
        write::nested(out, 2, |out| {
            write::nested(out, 1, |out| write::bytes(out, 1, b"simulated"));
            items(out);
        });
    });
    out
}

fn write_span(out: &mut Vec<u8>, span: &Span) {
    write::bytes(out, 1, &span.trace);
    write::bytes(out, 2, &span.id.to_be_bytes());
    if span.parent != 0 {
        write::bytes(out, 4, &span.parent.to_be_bytes());
    }
    let (kind, name) = match span.role {
        Role::Entry => (2, format!("GET {}", span.route)),
        Role::Call => (3, "GET".to_owned()),
        Role::Query => (3, "SELECT stock".to_owned()),
        Role::Work => (1, "work".to_owned()),
    };
    write::bytes(out, 5, name.as_bytes());
    write::number(out, 6, kind);
    write::fixed64(out, 7, span.start_ns);
    write::fixed64(out, 8, span.end_ns);
    match span.role {
        Role::Entry => {
            text(out, 9, "http.request.method", "GET");
            text(out, 9, "http.route", span.route);
            number(out, 9, "http.response.status_code", span.status);
        }
        Role::Call => {
            text(out, 9, "http.request.method", "GET");
            text(out, 9, "server.address", TIERS[span.tier + 1]);
            number(out, 9, "server.port", 8080);
            number(out, 9, "http.response.status_code", span.status);
        }
        Role::Query => {
            text(out, 9, "db.system.name", "mysql");
            text(out, 9, "server.address", "db");
            number(out, 9, "server.port", 3306);
        }
        Role::Work => {}
    }
    let is_remote = span.role == Role::Entry && span.parent != 0;
    write::fixed32(out, 16, if is_remote { 0x301 } else { 0x101 });
}

fn text(out: &mut Vec<u8>, field: u32, key: &str, value: &str) {
    write::nested(out, field, |out| {
        write::bytes(out, 1, key.as_bytes());
        write::nested(out, 2, |out| write::bytes(out, 1, value.as_bytes()));
    });
}

fn number(out: &mut Vec<u8>, field: u32, key: &str, value: u64) {
    write::nested(out, field, |out| {
        write::bytes(out, 1, key.as_bytes());
        write::nested(out, 2, |out| write::number(out, 3, value));
    });
}
