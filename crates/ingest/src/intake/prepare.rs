//! From a body as sent to records for the journal: inflated, converted, checked, cut. Values in, values out.

use bytes::Bytes;

use super::{
    budget::{NoRoom, Reservation},
    inflate::{Coding, InflateError, inflate},
    refused::Refused,
};
use crate::otlp::{
    Signal,
    json::{self, JsonError},
    schema::{EXPORT_LOGS, EXPORT_METRICS, EXPORT_TRACE, Message},
    slice::{self, Cut, Refusal, Rules},
    wire::WireError,
};
use crate::remote_write::{self, ConvertError, Version};

/// What a body is before compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Format {
    Protobuf,
    Json,
    RemoteWrite(Version),
}

/// A body as sent.
pub(super) struct Payload {
    pub(super) signal: Signal,
    pub(super) format: Format,
    pub(super) coding: Coding,
    pub(super) body: Bytes,
}

/// A request ready to be appended.
pub(super) struct Prepared {
    pub(super) cut: Cut,
    pub(super) fingerprint: u64,
    /// How many of the accepted points are native histograms of a remote write.
    pub(super) histograms: u64,
}

/// Why a request could not be prepared.
#[derive(Debug)]
pub(super) enum PrepareError {
    /// Beyond the cap on inflated bytes.
    TooBig,
    NoRoom(NoRoom),
    Damaged(std::io::Error),
    Json(JsonError),
    Wire(WireError),
    RemoteWrite(ConvertError),
}

/// Prepares a request whose inflated protobuf is at most `cap` bytes, paying for what it holds on top of the body.
/// Afterwards only the records are paid for.
pub(super) fn prepare(
    payload: &Payload,
    cap: usize,
    rules: &Rules,
    reservation: &mut Reservation,
) -> Result<Prepared, PrepareError> {
    let inflated = inflated(payload, cap, reservation)?;
    if let Format::RemoteWrite(version) = payload.format {
        return prepare_write(version, &inflated, cap, rules, reservation);
    }
    let request = converted(payload, &inflated, cap, reservation)?;
    reservation.grow(request.len()).map_err(PrepareError::NoRoom)?;
    let cut = slice::cut(payload.signal, &request, rules).map_err(PrepareError::Wire)?;
    let fingerprint = twox_hash::XxHash3_64::oneshot(&request);
    let records = cut.slices.iter().map(|slice| slice.bytes.len()).sum();
    drop(request);
    drop(inflated);
    reservation.resize(records).map_err(PrepareError::NoRoom)?;
    Ok(Prepared { cut, fingerprint, histograms: 0 })
}

/// Prepares a remote write. Its series become OTLP, in which each point has its labels: that is paid for as it is known.
fn prepare_write(
    version: Version,
    request: &[u8],
    cap: usize,
    rules: &Rules,
    reservation: &mut Reservation,
) -> Result<Prepared, PrepareError> {
    // Symbols that many series share make a request many times as large.
    reservation.grow(4 * request.len()).map_err(PrepareError::NoRoom)?;
    let cap = cap.min(32 * request.len() + 4096);
    let converted = remote_write::convert(version, request, cap).map_err(|error| match error {
        ConvertError::TooBig { .. } => PrepareError::TooBig,
        error => PrepareError::RemoteWrite(error),
    })?;
    let (samples, histograms) = (Bytes::from(converted.samples), Bytes::from(converted.histograms));
    let bytes = samples.len() + histograms.len();
    // The records are as large again.
    let more = (2 * bytes).saturating_sub(4 * request.len());
    reservation.grow(more).map_err(PrepareError::NoRoom)?;
    let cut =
        |request: &Bytes| slice::cut(Signal::Metrics, request, rules).map_err(PrepareError::Wire);
    let mut whole = cut(&samples)?;
    let histograms = cut(&histograms)?;
    let accepted = histograms.accepted;
    whole.absorb(histograms);
    whole.refused.count(Refusal::GaugeHistogram, converted.gauge_histograms);
    let fingerprint = twox_hash::XxHash3_64::oneshot(request);
    let records = whole.slices.iter().map(|slice| slice.bytes.len()).sum();
    reservation.resize(records).map_err(PrepareError::NoRoom)?;
    Ok(Prepared { cut: whole, fingerprint, histograms: accepted })
}

fn inflated(
    payload: &Payload,
    cap: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, PrepareError> {
    if payload.coding == Coding::Identity {
        let fits = payload.body.len() <= cap;
        return if fits { Ok(payload.body.clone()) } else { Err(PrepareError::TooBig) };
    }
    let inflated = inflate(payload.coding, &payload.body, cap, reservation);
    inflated.map(Bytes::from).map_err(|error| match error {
        InflateError::TooBig => PrepareError::TooBig,
        InflateError::NoRoom(room) => PrepareError::NoRoom(room),
        InflateError::Damaged(error) => PrepareError::Damaged(error),
    })
}

fn converted(
    payload: &Payload,
    inflated: &Bytes,
    cap: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, PrepareError> {
    if payload.format == Format::Protobuf {
        return Ok(inflated.clone());
    }
    // Lists of short numbers grow when they become protobuf; nearly all else shrinks. So as much again is paid for
    // beforehand, and the rest, bounded by the cap, once it is known.
    reservation.grow(inflated.len()).map_err(PrepareError::NoRoom)?;
    let request = json::to_protobuf(inflated, message_of(payload.signal), cap);
    let request = request.map_err(|error| match error {
        JsonError::TooBig { .. } => PrepareError::TooBig,
        error => PrepareError::Json(error),
    })?;
    let more = request.len().saturating_sub(inflated.len());
    reservation.grow(more).map_err(PrepareError::NoRoom)?;
    Ok(request.into())
}

fn message_of(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &EXPORT_TRACE,
        Signal::Metrics => &EXPORT_METRICS,
        Signal::Logs => &EXPORT_LOGS,
    }
}

impl PrepareError {
    /// What the sender is told.
    pub(super) fn refused(self, payload: &Payload, shared: &super::Shared) -> Refused {
        match self {
            PrepareError::TooBig => {
                Refused::too_big("the inflated body", shared.config.limits.inflated_bytes)
            }
            PrepareError::NoRoom(room) => shared.no_room(room),
            PrepareError::Damaged(error) => {
                let coding = payload.coding;
                Refused::malformed("body", format!("the body is not valid {coding:?}: {error}"))
            }
            PrepareError::Json(JsonError::Invalid { path, problem }) => {
                let message = format!("the body is not valid OTLP/JSON: {path}: {problem}");
                Refused::malformed(path, message)
            }
            PrepareError::Json(error) => Refused::malformed("body", error.to_string()),
            PrepareError::RemoteWrite(error) => {
                Refused::malformed("body", format!("the body is no valid remote write: {error}"))
            }
            PrepareError::Wire(error) => {
                let field = error.to_string();
                let field = field.split(':').next().unwrap_or("body");
                Refused::malformed(field, format!("the body is not valid OTLP protobuf: {error}"))
            }
        }
    }
}
