//! What a sender is answered, in protobuf and in JSON: `Export…ServiceResponse` and `google.rpc.Status`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Signal, wire::write};

/// The longest text of an answer, far below what agents take (4 MiB).
const MAX_TEXT: usize = 4096;

/// That not everything was taken, or was taken with a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialSuccess {
    /// Items refused; 0 for a mere warning.
    pub rejected: u64,
    /// Never empty.
    pub message: String,
}

/// The encoded `Export…ServiceResponse`; without a partial success it has no bytes at all, for each signal.
pub fn success_protobuf(partial: Option<&PartialSuccess>) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(partial) = partial {
        write::nested(&mut out, 1, |out| {
            if partial.rejected > 0 {
                write::number(out, 1, partial.rejected);
            }
            write::bytes(out, 2, shortened(&partial.message).as_bytes());
        });
    }
    out
}

/// The `Export…ServiceResponse` in JSON.
pub fn success_json(signal: Signal, partial: Option<&PartialSuccess>) -> Vec<u8> {
    let mut response = Map::new();
    if let Some(partial) = partial {
        let mut fields = Map::new();
        let rejected = match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Metrics => "rejectedDataPoints",
            Signal::Logs => "rejectedLogRecords",
        };
        if partial.rejected > 0 {
            // 64-bit integers are strings in protobuf's JSON.
            fields.insert(rejected.to_owned(), json!(partial.rejected.to_string()));
        }
        fields.insert("errorMessage".to_owned(), json!(shortened(&partial.message)));
        response.insert("partialSuccess".to_owned(), Value::Object(fields));
    }
    Value::Object(response).to_string().into_bytes()
}

/// A `google.rpc.Status`: why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// A gRPC code.
    pub code: u32,
    pub message: String,
    /// When the sender may try again (`RetryInfo`).
    pub retry_after: Option<Duration>,
    /// Where in the request the fault is (`BadRequest`).
    pub bad_field: Option<String>,
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";

impl Status {
    /// The encoded `Status`.
    pub fn protobuf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write::number(&mut out, 1, u64::from(self.code));
        write::bytes(&mut out, 2, shortened(&self.message).as_bytes());
        if let Some(delay) = self.retry_after {
            detail(&mut out, RETRY_INFO, |out| {
                write::nested(out, 1, |out| {
                    write::number(out, 1, delay.as_secs());
                    write::number(out, 2, u64::from(delay.subsec_nanos()));
                });
            });
        }
        if let Some(field) = &self.bad_field {
            detail(&mut out, BAD_REQUEST, |out| {
                write::nested(out, 1, |out| {
                    write::bytes(out, 1, shortened(field).as_bytes());
                    write::bytes(out, 2, shortened(&self.message).as_bytes());
                });
            });
        }
        out
    }

    /// The `Status` in JSON.
    pub fn json(&self) -> Vec<u8> {
        let message = shortened(&self.message);
        let mut details = Vec::new();
        if let Some(delay) = self.retry_after {
            details.push(json!({
                "@type": RETRY_INFO,
                "retryDelay": format!("{}.{:03}s", delay.as_secs(), delay.subsec_millis()),
            }));
        }
        if let Some(field) = &self.bad_field {
            let violation = json!({ "field": shortened(field), "description": message });
            details.push(json!({ "@type": BAD_REQUEST, "fieldViolations": [violation] }));
        }
        let mut status = json!({ "code": self.code, "message": message });
        if !details.is_empty() {
            status["details"] = Value::Array(details);
        }
        status.to_string().into_bytes()
    }
}

/// Appends a `google.protobuf.Any` to the details of a `Status`.
fn detail(out: &mut Vec<u8>, type_url: &str, content: impl FnOnce(&mut Vec<u8>)) {
    write::nested(out, 3, |out| {
        write::bytes(out, 1, type_url.as_bytes());
        write::nested(out, 2, content);
    });
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}
