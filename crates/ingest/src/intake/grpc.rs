//! OTLP/gRPC: three unary methods, written by hand over HTTP/2.
//!
//! A whole gRPC stack would bring its own listener, its own body types and its own limits for three methods that take
//! one message and give one back. What is needed of gRPC is the frame of a message (a flag, four bytes of length), the
//! status in the trailers, and its names for codings.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};

use super::{
    Call, Shared,
    attempts::{AttemptResult, Noted},
    export::Export,
    inflate::Coding,
    metrics::Transport,
    paths::{self, Target},
    prepare::{Format, Payload},
    refused::{Cause, Refused, code},
};
use crate::otlp::{
    Signal,
    response::{self, PartialSuccess},
};

/// A flag and four bytes of length before each message.
const PREFIX: usize = 5;

const GRPC: &str = "application/grpc";
const ACCEPTED_CODINGS: HeaderValue = HeaderValue::from_static("identity,gzip,zstd");

/// Whether a request speaks gRPC.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    content_type(headers).is_some_and(|value| {
        let rest = value.get(..GRPC.len()).filter(|start| start.eq_ignore_ascii_case(GRPC));
        rest.is_some() && !value[GRPC.len()..].starts_with('-')
    })
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

/// Answers a gRPC call.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    call: Call,
    target: Target,
    mut body: Body,
) -> Response {
    let signal = match target {
        Target::GrpcMethod(signal) => Some(signal),
        _ => None,
    };
    match serve(shared, &call, target, &mut body).await {
        Ok(partial) => {
            shared.metrics.answered(signal, Transport::Grpc, "ok");
            success(partial.as_ref())
        }
        Err(refused) => {
            shared.metrics.answered(signal, Transport::Grpc, refused.cause.name());
            shared.attempts.note(Noted {
                at: shared.clock.now(),
                sender: call.sender,
                transport: Transport::Grpc.name(),
                path: &call.path,
                result: AttemptResult::Refused(refused.cause.name()),
                code: refused.code(),
                message: &refused.message,
                remedy: &refused.remedy,
                tier: None,
            });
            shared.drain(&mut body).await;
            failure(&refused)
        }
    }
}

async fn serve(
    shared: &Arc<Shared>,
    call: &Call,
    target: Target,
    body: &mut Body,
) -> Result<Option<PartialSuccess>, Refused> {
    let signal = method_of(target, &call.path)?;
    check_content_type(&call.headers)?;
    let account = shared.account_of(&call.headers, call.key_rule)?;
    let encoding = encoding_of(&call.headers)?;
    let (body, reservation) = shared.read_body(&call.headers, body, PREFIX).await?;
    let (coding, message) = unframe(body, encoding)?;
    let payload = Payload { signal, format: Format::Protobuf, coding, body: message };
    shared
        .export(Export {
            payload,
            reservation,
            account,
            transport: Transport::Grpc,
            sender: call.sender,
            path: call.path.clone(),
        })
        .await
        .map(|taken| taken.partial)
}

fn method_of(target: Target, path: &str) -> Result<Signal, Refused> {
    match target {
        Target::GrpcMethod(signal) => Ok(signal),
        Target::Http(_) | Target::RemoteWrite => {
            Err(Refused::new(Cause::WrongPath, "this path takes HTTP, not gRPC")
                .remedy("for OTLP/gRPC the endpoint has no path: https://host:port")
                .grpc_code(code::UNIMPLEMENTED))
        }
        Target::Unknown => {
            let hint = paths::grpc_hint(path);
            let message =
                format!("unknown method {}: {hint}", &path[..path.floor_char_boundary(200)]);
            Err(Refused::new(Cause::WrongPath, message).remedy(hint).grpc_code(code::UNIMPLEMENTED))
        }
    }
}

/// The messages are protobuf, said or not.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refused> {
    let value = content_type(headers).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    match media_type.get(GRPC.len()..) {
        Some("") => Ok(()),
        Some(suffix) if suffix.eq_ignore_ascii_case("+proto") => Ok(()),
        _ => Err(Refused::new(
            Cause::WrongContentType,
            "of gRPC's message formats only protobuf is taken (application/grpc or application/grpc+proto)",
        )),
    }
}

/// How compressed messages of this call are compressed.
fn encoding_of(headers: &HeaderMap) -> Result<Coding, Refused> {
    let Some(value) = headers.get("grpc-encoding") else { return Ok(Coding::Identity) };
    value.to_str().ok().and_then(Coding::from_name).ok_or_else(|| {
        Refused::new(
            Cause::WrongEncoding,
            format!("this grpc-encoding is not taken; {} are", Coding::NAMES),
        )
        .remedy("set OTEL_EXPORTER_OTLP_COMPRESSION to gzip or none")
    })
}

/// The one message of a unary call.
fn unframe(body: Bytes, encoding: Coding) -> Result<(Coding, Bytes), Refused> {
    let Some((prefix, rest)) = body.split_first_chunk::<PREFIX>() else {
        return Err(Refused::malformed("body", "the call carries no whole message"));
    };
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
    if length != rest.len() {
        let found = rest.len();
        let message = if length > found {
            format!("the message ends after {found} of {length} bytes")
        } else {
            format!("{} bytes follow the message of a unary call", found - length)
        };
        return Err(Refused::malformed("body", message));
    }
    let coding = match prefix[0] {
        0 => Coding::Identity,
        1 if encoding == Coding::Identity => {
            let message = "the message is marked as compressed, but grpc-encoding names no coding";
            return Err(Refused::malformed("body", message).grpc_code(code::INTERNAL));
        }
        1 => encoding,
        flag => {
            return Err(Refused::malformed("body", format!("{flag} is no flag of a message")));
        }
    };
    Ok((coding, body.slice(PREFIX..)))
}

fn success(partial: Option<&PartialSuccess>) -> Response {
    let message = response::success_protobuf(partial);
    let mut frame = BytesMut::with_capacity(PREFIX + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).expect("answers are a few kilobytes"));
    frame.put_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(code::OK));
    let body = Full::new(frame.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
    respond(Body::new(body))
}

/// A refusal has no message; its status comes with the headers ("trailers-only").
fn failure(refused: &Refused) -> Response {
    let status = refused.status();
    let mut response = respond(Body::empty());
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(status.code));
    headers.insert("grpc-message", percent_encoded(&status.message));
    let details = STANDARD_NO_PAD.encode(status.protobuf());
    let details = HeaderValue::from_str(&details).expect("base64 is fit for headers");
    headers.insert("grpc-status-details-bin", details);
    response
}

fn respond(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    headers.insert("grpc-accept-encoding", ACCEPTED_CODINGS);
    response
}

/// As gRPC writes texts into headers: all but printable ASCII, and the percent sign, as `%XX`.
fn percent_encoded(text: &str) -> HeaderValue {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    // Headers are to stay small: intermediaries refuse more than some kilobytes of them.
    for byte in text[..text.floor_char_boundary(1024)].bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
    HeaderValue::from_str(&encoded).expect("printable ASCII is fit for headers")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))])
    }

    #[test]
    fn grpc_is_told_from_its_relatives() {
        for value in ["application/grpc", "application/grpc+proto", "Application/gRPC;x=y"] {
            assert!(is_grpc(&headers(value)), "{value}");
            assert!(check_content_type(&headers(value)).is_ok(), "{value}");
        }
        assert!(is_grpc(&headers("application/grpc+json")));
        assert!(check_content_type(&headers("application/grpc+json")).is_err());
        for value in ["application/grpc-web", "application/json", "app", ""] {
            assert!(!is_grpc(&headers(value)), "{value}");
        }
    }

    #[test]
    fn a_frame_that_does_not_hold_one_message_is_refused() {
        let check = |body: &'static [u8], encoding, expected: Result<(Coding, &[u8]), &str>| match (
            unframe(Bytes::from_static(body), encoding),
            expected,
        ) {
            (Ok((coding, message)), Ok(expected)) => assert_eq!((coding, &message[..]), expected),
            (Err(refused), Err(expected)) => {
                assert!(refused.message.contains(expected), "{}", refused.message);
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        };
        check(b"\0\0\0\0\x02hi", Coding::Gzip, Ok((Coding::Identity, b"hi")));
        check(b"\x01\0\0\0\x02hi", Coding::Gzip, Ok((Coding::Gzip, b"hi")));
        check(b"\0\0\0\0\0", Coding::Identity, Ok((Coding::Identity, b"")));
        check(b"", Coding::Identity, Err("no whole message"));
        check(b"\0\0\0\0", Coding::Identity, Err("no whole message"));
        check(b"\0\0\0\0\x05hi", Coding::Identity, Err("ends after 2 of 5 bytes"));
        check(b"\0\xff\xff\xff\xffhi", Coding::Identity, Err("ends after 2 of 4294967295"));
        check(b"\0\0\0\0\x01hi", Coding::Identity, Err("1 bytes follow"));
        check(b"\x01\0\0\0\x02hi", Coding::Identity, Err("names no coding"));
        check(b"\x02\0\0\0\x02hi", Coding::Gzip, Err("2 is no flag"));
    }

    #[test]
    fn texts_in_headers_are_percent_encoded() {
        assert_eq!(percent_encoded("50 % of ü\n"), "50 %25 of %C3%BC%0A");
    }
}
