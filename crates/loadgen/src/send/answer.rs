//! What an answer to an export means, by OTLP's specification: accepted (perhaps in part), come later, or refused.
//! Pure: replies in, meaning out.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde_json::Value as Json;

use super::link::Reply;
use crate::wire::{Field, fields};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted {
        rejected: u64,
        message: String,
    },
    /// Resend the same bytes, after the time given if one was given.
    Later(Option<Duration>),
    /// With everything a person needs to see why.
    Refused(String),
}

pub(crate) fn of_http(reply: &Reply) -> Answer {
    match reply.status {
        StatusCode::OK => accepted(http_partial_success(reply)),
        // To a remote write.
        StatusCode::NO_CONTENT => Answer::Accepted { rejected: 0, message: String::new() },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Answer::Later(retry_after(&reply.headers))
        }
        other => Answer::Refused(format!("{other}: {}", readable(&reply.body))),
    }
}

const GRPC_RESOURCE_EXHAUSTED: u32 = 8;
const GRPC_UNAVAILABLE: u32 = 14;

pub(crate) fn of_grpc(reply: &Reply) -> Answer {
    if reply.status != StatusCode::OK {
        return Answer::Refused(format!(
            "{} instead of a gRPC answer: {}",
            reply.status,
            readable(&reply.body)
        ));
    }
    let said = |name| header(&reply.trailers, name).or_else(|| header(&reply.headers, name));
    let Some(status) = said("grpc-status").and_then(|s| s.parse::<u32>().ok()) else {
        return Answer::Refused("the answer has no grpc-status".to_owned());
    };
    let hint =
        said("grpc-status-details-bin").and_then(|details| retry_info(details).ok().flatten());
    match status {
        0 => accepted(unframe(&reply.body).and_then(protobuf_partial_success)),
        GRPC_UNAVAILABLE => Answer::Later(hint),
        // Without RetryInfo the specification has exporters give up.
        GRPC_RESOURCE_EXHAUSTED if hint.is_some() => Answer::Later(hint),
        other => {
            Answer::Refused(format!("grpc-status {other}: {}", said("grpc-message").unwrap_or("")))
        }
    }
}

fn accepted(partial: Result<(u64, String)>) -> Answer {
    match partial {
        Ok((rejected, message)) => Answer::Accepted { rejected, message },
        Err(error) => {
            Answer::Refused(format!("a success answer that is no export response: {error:#}"))
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Seconds; the other form, a date, is not used towards machines and counts as no hint.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn readable(body: &[u8]) -> String {
    const ENOUGH: usize = 500;
    String::from_utf8_lossy(&body[..body.len().min(ENOUGH)]).into_owned()
}

fn http_partial_success(reply: &Reply) -> Result<(u64, String)> {
    let kind = reply.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if kind.starts_with("application/json") {
        return json_partial_success(&reply.body);
    }
    ensure!(kind.starts_with("application/x-protobuf"), "its content-type is '{kind}'");
    protobuf_partial_success(&reply.body)
}

fn json_partial_success(body: &[u8]) -> Result<(u64, String)> {
    let answer: Json = serde_json::from_slice(body).context("it is no JSON")?;
    let partial = &answer["partialSuccess"];
    let rejected = ["rejectedSpans", "rejectedDataPoints"].map(|name| &partial[name]);
    let rejected = rejected.into_iter().find(|count| !count.is_null()).unwrap_or(&Json::Null);
    let rejected = rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok()).unwrap_or(0);
    Ok((rejected, partial["errorMessage"].as_str().unwrap_or("").to_owned()))
}

/// `ExportTraceServiceResponse { partial_success = 1 { rejected_spans = 1, error_message = 2 } }`; that of metrics has
/// its count in the same place.
fn protobuf_partial_success(body: &[u8]) -> Result<(u64, String)> {
    let (mut rejected, mut message) = (0, String::new());
    for partial in messages(body, 1)? {
        for field in fields(partial)? {
            match field {
                (1, Field::Number(count)) => rejected = count,
                (2, Field::Bytes(text)) => message = readable(text),
                _ => {}
            }
        }
    }
    Ok((rejected, message))
}

/// The one message of a unary answer.
fn unframe(body: &[u8]) -> Result<&[u8]> {
    let (prefix, message) = body.split_at_checked(5).context("it has no gRPC frame")?;
    ensure!(prefix[0] == 0, "it is compressed, which was not asked for");
    let length = u32::from_be_bytes(prefix[1..].try_into().expect("four of five bytes"));
    ensure!(
        length as usize == message.len(),
        "its frame says {length} bytes and holds {}",
        message.len()
    );
    Ok(message)
}

/// `google.rpc.Status { details = 3: Any { type_url = 1, value = 2: RetryInfo { retry_delay = 1 } } }`
fn retry_info(details: &str) -> Result<Option<Duration>> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let status = GeneralPurpose::new(&STANDARD, lenient).decode(details)?;
    for any in messages(&status, 3)? {
        let is_retry_info =
            messages(any, 1)?.iter().any(|url| url.ends_with(b"google.rpc.RetryInfo"));
        for info in messages(any, 2)?.into_iter().filter(|_| is_retry_info) {
            if let Some(delay) = messages(info, 1)?.first() {
                return Ok(Some(duration(delay)?));
            }
        }
    }
    Ok(None)
}

/// `google.protobuf.Duration { seconds = 1, nanos = 2 }`
fn duration(message: &[u8]) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for field in fields(message)? {
        match field {
            (1, Field::Number(seconds)) => total += Duration::from_secs(seconds),
            (2, Field::Number(nanos)) => total += Duration::from_nanos(nanos),
            _ => {}
        }
    }
    Ok(total)
}

/// All occurrences of a length-delimited field.
fn messages(message: &[u8], number: u32) -> Result<Vec<&[u8]>> {
    let of_number = |(field, value)| match value {
        Field::Bytes(bytes) if field == number => Some(bytes),
        _ => None,
    };
    Ok(fields(message)?.into_iter().filter_map(of_number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{put_bytes, put_number};
    use bytes::Bytes;

    fn reply(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Reply {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        Reply { status, headers, body: Bytes::copy_from_slice(body), trailers: HeaderMap::new() }
    }

    fn wrap(field: u32, inner: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes(&mut out, field, inner);
        out
    }

    fn retry_details(seconds: u64) -> String {
        let mut delay = Vec::new();
        put_number(&mut delay, 1, seconds);
        let info = wrap(1, &delay);
        let any = [wrap(1, b"type.googleapis.com/google.rpc.RetryInfo"), wrap(2, &info)].concat();
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(wrap(3, &any))
    }

    #[test]
    fn an_empty_success_accepts_all() {
        let answer = of_http(&reply(200, &[("content-type", "application/x-protobuf")], b""));
        assert_eq!(answer, Answer::Accepted { rejected: 0, message: String::new() });
    }

    #[test]
    fn a_success_of_unknown_type_is_no_acknowledgement() {
        let answer = of_http(&reply(200, &[("content-type", "text/html")], b"<html>"));
        assert!(matches!(answer, Answer::Refused(why) if why.contains("text/html")));
    }

    #[test]
    fn what_was_rejected_is_read_from_json_as_text_and_as_number() {
        for body in [
            r#"{"partialSuccess":{"rejectedSpans":"3"}}"#,
            r#"{"partialSuccess":{"rejectedSpans":3}}"#,
            r#"{"partialSuccess":{"rejectedDataPoints":"3"}}"#,
        ] {
            let answer =
                of_http(&reply(200, &[("content-type", "application/json")], body.as_bytes()));
            assert_eq!(answer, Answer::Accepted { rejected: 3, message: String::new() });
        }
    }

    #[test]
    fn overload_is_later_and_says_whether_it_said_when() {
        let hinted = of_http(&reply(429, &[("retry-after", "7")], b""));
        assert_eq!(hinted, Answer::Later(Some(Duration::from_secs(7))));
        assert_eq!(of_http(&reply(503, &[], b"")), Answer::Later(None));
    }

    #[test]
    fn anything_else_is_refused_with_its_body() {
        assert_eq!(
            of_http(&reply(401, &[], b"unknown key")),
            Answer::Refused("401 Unauthorized: unknown key".to_owned())
        );
    }

    #[test]
    fn grpc_exhaustion_is_later_only_with_retry_info() {
        let details = retry_details(2);
        let hinted =
            reply(200, &[("grpc-status", "8"), ("grpc-status-details-bin", &details)], b"");
        assert_eq!(of_grpc(&hinted), Answer::Later(Some(Duration::from_secs(2))));
        assert!(matches!(of_grpc(&reply(200, &[("grpc-status", "8")], b"")), Answer::Refused(_)));
        assert_eq!(of_grpc(&reply(200, &[("grpc-status", "14")], b"")), Answer::Later(None));
    }

    #[test]
    fn grpc_partial_success_is_read_from_its_frame() {
        let mut partial = Vec::new();
        put_number(&mut partial, 1, 4);
        put_bytes(&mut partial, 2, b"too old");
        let message = wrap(1, &partial);
        let framed = [&[0, 0, 0, 0, message.len() as u8][..], &message].concat();
        let answer = of_grpc(&reply(200, &[("grpc-status", "0")], &framed));
        assert_eq!(answer, Answer::Accepted { rejected: 4, message: "too old".to_owned() });
    }

    #[test]
    fn a_grpc_answer_without_status_or_with_a_lying_frame_is_refused() {
        assert!(matches!(of_grpc(&reply(200, &[], b"")), Answer::Refused(_)));
        let lying = reply(200, &[("grpc-status", "0")], &[0, 0, 0, 0, 9, 1]);
        assert!(matches!(of_grpc(&lying), Answer::Refused(_)));
    }
}
