//! OTLP/HTTP: POST of protobuf or JSON, answered in the same. And Prometheus remote write, answered as its specifications
//! say: by the status alone, with a text where something was refused.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, RETRY_AFTER,
        WWW_AUTHENTICATE,
    },
};

use super::{
    Call, Shared,
    attempts::{AttemptResult, Noted},
    export::{Export, Taken},
    inflate::Coding,
    metrics::Transport,
    paths::{self, Target},
    prepare::{Format, Payload},
    refused::{Cause, Refused},
};
use crate::{
    otlp::{Signal, response},
    remote_write::Version,
};

/// The rest of a request.
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) body: Body,
}

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const SNAPPY: &[u8] = b"snappy";

/// Whether the content type is one that only agents send.
pub(super) fn is_agents_content_type(headers: &HeaderMap) -> bool {
    super::grpc::is_grpc(headers) || otlp_format(headers) == Some(Format::Protobuf)
}

/// Answers a request that is not gRPC.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    call: Call,
    target: Target,
    mut request: Incoming,
) -> Response {
    let answered = serve(shared, &call, target, &mut request).await;
    match answered {
        Ok((signal, format, taken)) => {
            shared.metrics.answered(Some(signal), transport_of(Some(format)), "ok");
            success(signal, format, &taken)
        }
        Err(refused) => refuse(shared, &call, target, request, &refused).await,
    }
}

/// Answers a request to a gRPC method that is no gRPC.
pub(super) async fn answer_misdirected_grpc(
    shared: &Arc<Shared>,
    call: Call,
    request: Incoming,
) -> Response {
    let refused = Refused::new(
        Cause::WrongContentType,
        "this path takes gRPC only (content type application/grpc over HTTP/2)",
    )
    .remedy("for OTLP/HTTP use /v1/traces, /v1/metrics and /v1/logs");
    refuse(shared, &call, Target::Unknown, request, &refused).await
}

async fn serve(
    shared: &Arc<Shared>,
    call: &Call,
    target: Target,
    request: &mut Incoming,
) -> Result<(Signal, Format, Taken), Refused> {
    let signal = signal_of(target).ok_or_else(|| wrong_path(&call.path))?;
    if request.method != Method::POST {
        return Err(wrong_method(&request.method, &call.path));
    }
    let account = shared.account_of(&call.headers, call.key_rule)?;
    let format = format_of(target, &call.headers);
    let format = format.ok_or_else(|| wrong_content_type(target, &call.headers))?;
    let coding = coding_of(target, &call.headers)?;
    let (body, reservation) = shared.read_body(&call.headers, &mut request.body, 0).await?;
    let export = Export {
        payload: Payload { signal, format, coding, body },
        reservation,
        account,
        transport: transport_of(Some(format)),
        sender: call.sender,
        path: call.path.clone(),
    };
    Ok((signal, format, shared.export(export).await?))
}

fn signal_of(target: Target) -> Option<Signal> {
    match target {
        Target::Http(signal) => Some(signal),
        Target::RemoteWrite => Some(Signal::Metrics),
        Target::GrpcMethod(_) | Target::Unknown => None,
    }
}

fn format_of(target: Target, headers: &HeaderMap) -> Option<Format> {
    if target == Target::RemoteWrite { write_format(headers) } else { otlp_format(headers) }
}

fn otlp_format(headers: &HeaderMap) -> Option<Format> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(PROTOBUF) {
        Some(Format::Protobuf)
    } else if media_type.eq_ignore_ascii_case(JSON) {
        Some(Format::Json)
    } else {
        None
    }
}

/// Which message of remote write: the first version's where none is named.
fn write_format(headers: &HeaderMap) -> Option<Format> {
    let mut parts = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(PROTOBUF) {
        return None;
    }
    let named = parts.find_map(|part| part.strip_prefix("proto="));
    match named.map(|name| name.trim_matches('"')) {
        None | Some("prometheus.WriteRequest") => Some(Format::RemoteWrite(Version::V1)),
        Some("io.prometheus.write.v2.Request") => Some(Format::RemoteWrite(Version::V2)),
        Some(_) => None,
    }
}

fn transport_of(format: Option<Format>) -> Transport {
    match format {
        Some(Format::Protobuf) => Transport::HttpProtobuf,
        Some(Format::Json) => Transport::HttpJson,
        Some(Format::RemoteWrite(_)) => Transport::RemoteWrite,
        None => Transport::Http,
    }
}

/// The coding of a body. OTLP knows one coding at a time, and so does every agent; remote write knows only one.
fn coding_of(target: Target, headers: &HeaderMap) -> Result<Coding, Refused> {
    let value = headers.get(CONTENT_ENCODING);
    if target == Target::RemoteWrite {
        let named = value.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(SNAPPY));
        return named.then_some(Coding::Snappy).ok_or_else(|| {
            Refused::new(Cause::WrongEncoding, "a remote write is compressed with snappy")
                .remedy("the sender does not speak Prometheus' remote write")
        });
    }
    let Some(value) = value else { return Ok(Coding::Identity) };
    let name = value.to_str().unwrap_or("?");
    let known =
        if name.trim().is_empty() { Some(Coding::Identity) } else { Coding::from_name(name) };
    known.ok_or_else(|| {
        Refused::new(
            Cause::WrongEncoding,
            format!("content encoding {:?} is not taken; {} are", shown(name), Coding::NAMES),
        )
        .remedy("set OTEL_EXPORTER_OTLP_COMPRESSION to gzip or none")
    })
}

fn wrong_path(path: &str) -> Refused {
    let hint = paths::hint(path);
    let message = format!("nothing is taken at {}: {hint}", shown(path));
    Refused::new(Cause::WrongPath, message).remedy(hint)
}

fn wrong_method(method: &Method, path: &str) -> Refused {
    let message = format!("{} takes POST, not {}", shown(path), shown(method.as_str()));
    Refused::new(Cause::WrongMethod, message)
        .remedy("this is where agents send data; people find the pages at /")
}

fn wrong_content_type(target: Target, headers: &HeaderMap) -> Refused {
    let found = match headers.get(CONTENT_TYPE) {
        Some(value) => format!("{:?}", shown(value.to_str().unwrap_or("?"))),
        None => "no content type".to_owned(),
    };
    if target == Target::RemoteWrite {
        let message = format!(
            "the content type must be {PROTOBUF}, of prometheus.WriteRequest or io.prometheus.write.v2.Request; found {found}"
        );
        return Refused::new(Cause::WrongContentType, message)
            .remedy("for OTLP use /v1/traces, /v1/metrics and /v1/logs");
    }
    Refused::new(
        Cause::WrongContentType,
        format!("the content type must be {PROTOBUF} or {JSON}; found {found}"),
    )
    .remedy("set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf (or grpc)")
}

/// What a sender wrote, cut to a length fit for an answer.
fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(200)]
}

fn success(signal: Signal, format: Format, taken: &Taken) -> Response {
    let partial = taken.partial.as_ref();
    let body = match format {
        Format::Protobuf => response::success_protobuf(partial),
        Format::Json => response::success_json(signal, partial),
        Format::RemoteWrite(_) => return written(format, taken),
    };
    respond(StatusCode::OK, format, body)
}

/// The answer to a remote write. Where some of it was refused, the status says that sending it again is of no use.
fn written(format: Format, taken: &Taken) -> Response {
    let refused = taken.partial.as_ref().filter(|partial| partial.rejected > 0);
    let mut response = match refused {
        Some(partial) => {
            respond(StatusCode::BAD_REQUEST, format, partial.message.clone().into_bytes())
        }
        None => respond(StatusCode::NO_CONTENT, format, Vec::new()),
    };
    let counts = [
        ("x-prometheus-remote-write-samples-written", taken.accepted - taken.histograms),
        ("x-prometheus-remote-write-histograms-written", taken.histograms),
        ("x-prometheus-remote-write-exemplars-written", 0),
    ];
    for (name, count) in counts {
        response.headers_mut().insert(name, HeaderValue::from(count));
    }
    response
}

/// Refuses, counts and notes it.
async fn refuse(
    shared: &Arc<Shared>,
    call: &Call,
    target: Target,
    mut request: Incoming,
    refused: &Refused,
) -> Response {
    let format = format_of(target, &call.headers);
    let transport = transport_of(format);
    shared.metrics.answered(signal_of(target), transport, refused.cause.name());
    shared.attempts.note(Noted {
        at: shared.clock.now(),
        sender: call.sender,
        transport: transport.name(),
        path: &call.path,
        result: AttemptResult::Refused(refused.cause.name()),
        code: u32::from(refused.http_status().as_u16()),
        message: &refused.message,
        remedy: &refused.remedy,
        tier: None,
    });
    // Who asks "may I send?" is answered before sending.
    if !call.headers.contains_key(EXPECT) {
        shared.drain(&mut request.body).await;
    }
    let format = match target {
        Target::RemoteWrite => Format::RemoteWrite(Version::V1),
        // Who sent neither is hardly an agent; JSON can be read by people.
        _ => format.unwrap_or(Format::Json),
    };
    let body = match format {
        Format::Protobuf => refused.status().protobuf(),
        Format::Json => refused.status().json(),
        Format::RemoteWrite(_) => refused.message.clone().into_bytes(),
    };
    let mut response = respond(refused.http_status(), format, body);
    add_headers(response.headers_mut(), refused);
    response
}

fn add_headers(headers: &mut HeaderMap, refused: &Refused) {
    if let Some(seconds) = refused.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    match refused.cause {
        Cause::WrongMethod => drop(headers.insert(ALLOW, HeaderValue::from_static("POST"))),
        Cause::WrongEncoding => {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(Coding::NAMES));
        }
        Cause::NoKey | Cause::UnknownKey => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
}

fn respond(status: StatusCode, format: Format, body: Vec<u8>) -> Response {
    let content_type = match format {
        Format::Protobuf => PROTOBUF,
        Format::Json => JSON,
        Format::RemoteWrite(_) => TEXT,
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
