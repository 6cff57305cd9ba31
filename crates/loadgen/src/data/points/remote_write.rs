//! The series of one node as a `prometheus.WriteRequest` (remote write 1.0), encoded once with blanks for times and values:
//! every time of our days takes six bytes as a varint.

use super::catalogue::{CHANNEL, Kind, Metric};
use super::encoding::Slot;
use crate::wire::{put_bytes, put_header};

/// Bytes of a time in milliseconds.
const TIME_BYTES: usize = 6;

/// The encoded request of a node, and where the values of its series lie.
pub(crate) fn request(metrics: &[Metric], job: &str, instance: &str) -> (Vec<u8>, Vec<Slot>) {
    let (mut request, mut slots) = (Vec::new(), Vec::new());
    for metric in metrics {
        for channel in metric.channels {
            let (series, slot) = series(&name(metric), job, instance, channel);
            put_header(&mut request, 1, series.len());
            slots.push(slot.moved(request.len()));
            request.extend_from_slice(&series);
        }
    }
    (request, slots)
}

/// As Prometheus' client libraries name it.
pub(crate) fn name(metric: &Metric) -> String {
    let name = metric.name.replace('.', "_");
    if metric.kind == Kind::Counter { format!("{name}_total") } else { name }
}

/// Labels by name, then one sample with blank value and time.
fn series(name: &str, job: &str, instance: &str, channel: &str) -> (Vec<u8>, Slot) {
    let mut out = Vec::new();
    let labels = [("__name__", name), (CHANNEL, channel), ("instance", instance), ("job", job)];
    for (key, value) in labels {
        let mut label = Vec::new();
        put_bytes(&mut label, 1, key.as_bytes());
        put_bytes(&mut label, 2, value.as_bytes());
        put_bytes(&mut out, 1, &label);
    }
    const KEY: usize = 1;
    put_header(&mut out, 2, KEY + 8 + KEY + TIME_BYTES);
    out.push(1 << 3 | 1);
    let value = out.len();
    out.extend_from_slice(&[0; 8]);
    out.push(2 << 3);
    let time = out.len();
    out.extend_from_slice(&[0; TIME_BYTES]);
    (out, Slot { time, value })
}

/// A time as a varint of its full length.
pub(crate) fn stamp(out: &mut [u8], mut ms: u64) {
    for (at, byte) in out[..TIME_BYTES].iter_mut().enumerate() {
        let more = if at + 1 < TIME_BYTES { 0x80 } else { 0 };
        *byte = (ms & 0x7f) as u8 | more;
        ms >>= 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Field, fields};

    #[test]
    fn a_stamped_request_is_one_that_prometheus_could_have_sent() {
        let metric = Metric {
            name: "shop.orders.completed".to_owned(),
            unit: "{item}",
            kind: Kind::Counter,
            channels: &["web", "app", "store"],
        };
        let (mut bytes, slots) = request(&[metric], "shop/cart", "pod-1");
        assert_eq!(slots.len(), 3);
        for slot in &slots {
            stamp(&mut bytes[slot.time..], 1_800_000_000_123);
            bytes[slot.value..slot.value + 8].copy_from_slice(&2.5f64.to_le_bytes());
        }
        let all = fields(&bytes).unwrap();
        assert_eq!(all.len(), 3);
        let Field::Bytes(series) = all[0].1 else { panic!("a message") };
        let series = fields(series).unwrap();
        let label = |at: usize| {
            let Field::Bytes(label) = series[at].1 else { panic!("a message") };
            fields(label).unwrap().into_iter().map(|(_, field)| field).collect::<Vec<_>>()
        };
        let text = |text: &'static str| Field::Bytes(text.as_bytes());
        assert_eq!(label(0), [text("__name__"), text("shop_orders_completed_total")]);
        assert_eq!(label(3), [text("job"), text("shop/cart")]);
        let Field::Bytes(sample) = series[4].1 else { panic!("a message") };
        let bits = Field::Number(2.5f64.to_bits());
        let wanted = [(1, bits), (2, Field::Number(1_800_000_000_123))];
        assert_eq!(fields(sample).unwrap(), wanted);
    }
}
