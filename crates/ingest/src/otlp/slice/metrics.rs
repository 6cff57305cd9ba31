//! Points: refused with unusable times, texts, buckets or temporality; partitioned by resource; cut below the metric, since one
//! metric may hold more points than a record.

use super::{Cutting, Place, Refusal, Shape, head::Head};
use crate::otlp::{
    metrics::{
        Buckets, Data, ExponentialPoint, HistogramPoint, Metric, NumberPoint, SummaryPoint,
        Temporality,
    },
    schema::{self, EXPORT_METRICS, Field, Kind, METRIC, Message, RESOURCE_METRICS, SCOPE_METRICS},
    value::AttributeList,
    wire::{Entry, Fields, Raw, WireError},
};

pub(super) static SHAPE: Shape = Shape {
    request: &EXPORT_METRICS,
    resource: &RESOURCE_METRICS,
    scope: &SCOPE_METRICS,
    take,
    count: count_points,
};

/// The data messages hold their points in field 1.
const POINTS: u32 = 1;

fn take(cutting: &mut Cutting<'_>, place: &Place<'_>, raw: &[u8]) -> Result<(), WireError> {
    let Some((data, message)) = data_of(raw)? else {
        cutting.leaves_out = true;
        return Ok(());
    };
    let body = data.bytes()?;
    if let Some(why) = fault_of(raw, &data, message)? {
        cutting.refuse(why, count_points(raw));
        return Ok(());
    }
    let metric_head = Head::read(raw, METRIC.name, |number| schema::data_of(number).is_none())?;
    let data_head = Head::read(body, message.name, |number| number != POINTS)?;
    let metric = cutting.level(super::CHILDREN, &metric_head);
    let levels = [place.resource, place.scope, metric, cutting.level(data.number, &data_head)];
    let partition = super::partition_of_resource(place.resource_bytes);
    let full = place.full.map(|(streams, scope)| Ok((streams, scope, Metric::read(raw)?.name)));
    let full = full.transpose()?;
    for entry in Fields::new(body, message.name) {
        let entry = entry?;
        if entry.number != POINTS {
            continue;
        }
        let Some(point) = usable_point(cutting, entry.bytes()?, data.number, message)? else {
            continue;
        };
        let attributes = point.attributes;
        let exceeds = cutting.rules.limits.exceeded_by(attributes, entry.bytes()?.len())?;
        if let Some((streams, scope, name)) = full
            && let Some(why) = streams.refusal(scope, name, attributes)
        {
            cutting.refuse(why, 1);
            continue;
        }
        if cutting.put(partition, &levels, POINTS, entry.bytes()?) && exceeds {
            cutting.cut.oversized += 1;
        }
    }
    Ok(())
}

/// The data of a metric and its message: the last of the five, as protobuf's `oneof` says.
fn data_of(metric: &[u8]) -> Result<Option<(Entry<'_>, &'static Message)>, WireError> {
    let mut data = None;
    for entry in Fields::new(metric, METRIC.name) {
        let entry = entry?;
        data = schema::data_of(entry.number).map(|message| (entry, message)).or(data);
    }
    Ok(data)
}

/// Why the metric itself, its points aside, is unusable.
fn fault_of(
    raw: &[u8],
    data: &Entry<'_>,
    message: &'static Message,
) -> Result<Option<Refusal>, WireError> {
    let faults = [
        schema::check_except(raw, &METRIC, data.number),
        schema::check_except(data.bytes()?, message, POINTS),
    ];
    for fault in faults {
        if let Err(error) = fault {
            super::spare(error)?;
            return Ok(Some(Refusal::of(&error)));
        }
    }
    let metric = Metric::read(raw)?;
    Ok(if metric.name.is_empty() {
        Some(Refusal::NoName)
    } else if !says_how_it_adds_up(&metric.data) {
        Some(Refusal::Temporality)
    } else {
        None
    })
}

/// Whether the points can be added up at all: OTLP forbids senders to leave a sum's or histogram's temporality open,
/// since nobody could tell a change from a total.
fn says_how_it_adds_up(data: &Data<'_>) -> bool {
    match data {
        Data::Sum { temporality, .. }
        | Data::Histogram { temporality, .. }
        | Data::ExponentialHistogram { temporality, .. } => {
            *temporality != Temporality::Unspecified
        }
        Data::Gauge(_) | Data::Summary(_) | Data::None => true,
    }
}

/// A point, if it may be taken.
fn usable_point<'a>(
    cutting: &mut Cutting<'_>,
    raw: &'a [u8],
    data: u32,
    message: &'static Message,
) -> Result<Option<Point<'a>>, WireError> {
    let Some(Field { kind: Kind::Message(point), .. }) = message.by_number(POINTS) else {
        unreachable!("every data message holds points in field 1");
    };
    if let Err(error) = schema::check(raw, point) {
        super::spare(error)?;
        cutting.refuse(Refusal::of(&error), 1);
        return Ok(None);
    }
    let point = Point::read(raw, data)?;
    if !point.buckets_fit {
        cutting.refuse(Refusal::Buckets, 1);
        return Ok(None);
    }
    Ok(cutting.in_time(point.time_ns).then_some(point))
}

/// What intake decides on, whatever the kind of point.
struct Point<'a> {
    time_ns: u64,
    attributes: AttributeList<'a>,
    buckets_fit: bool,
}

impl<'a> Point<'a> {
    fn read(raw: &'a [u8], data: u32) -> Result<Point<'a>, WireError> {
        Ok(match data {
            9 => {
                let point = HistogramPoint::read(raw)?;
                let counts = point.bucket_counts.len();
                let buckets_fit = counts == 0 || counts == point.explicit_bounds.len() + 1;
                Point { time_ns: point.time_ns, attributes: point.attributes, buckets_fit }
            }
            10 => {
                let point = ExponentialPoint::read(raw)?;
                let buckets_fit = in_range(&point.positive) && in_range(&point.negative);
                Point { time_ns: point.time_ns, attributes: point.attributes, buckets_fit }
            }
            11 => {
                let point = SummaryPoint::read(raw)?;
                Point { time_ns: point.time_ns, attributes: point.attributes, buckets_fit: true }
            }
            _ => {
                let point = NumberPoint::read(raw)?;
                Point { time_ns: point.time_ns, attributes: point.attributes, buckets_fit: true }
            }
        })
    }
}

/// Whether the last bucket's index is a number at all.
fn in_range(buckets: &Buckets<'_>) -> bool {
    i32::try_from(buckets.counts.iter().count())
        .is_ok_and(|count| buckets.offset.checked_add(count).is_some())
}

/// How many points a metric holds; 0 where it cannot be read.
fn count_points(metric: &[u8]) -> u64 {
    let Ok(Some((Entry { raw: Raw::Bytes(body), .. }, _))) = data_of(metric) else { return 0 };
    let points = Fields::new(body, "Metric").filter_map(Result::ok);
    points.filter(|entry| entry.number == POINTS).count() as u64
}
