use model::id::EntityId;
use telemetry_store::reader::{Instrument, OwnedValue, SampledMetric, Series};

use super::{Labeller, Part, label, names};

fn metric(name: &str, unit: &str, instrument: Instrument) -> SampledMetric {
    SampledMetric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        scope: "app".to_owned(),
        instrument,
        is_delta: false,
    }
}

#[test]
fn names_carry_their_unit_and_kind() {
    use Instrument::{Counter, Gauge, UpDownCounter};
    for (name, unit, instrument, expected) in [
        ("http.server.active_requests", "{request}", UpDownCounter, "http_server_active_requests"),
        ("shop.orders.completed", "{item}", Counter, "shop_orders_completed_total"),
        ("total.requests", "", Counter, "requests_total"),
        ("jvm.memory.used", "By", UpDownCounter, "jvm_memory_used_bytes"),
        ("process.cpu.utilization", "1", Gauge, "process_cpu_utilization_ratio"),
        ("process.cpu.time", "s", Counter, "process_cpu_time_seconds_total"),
        ("request.seconds.sum", "s", Gauge, "request_sum_seconds"),
        ("disk.throughput", "By/s", Gauge, "disk_throughput_bytes_per_second"),
        ("calls", "{call}/s", Gauge, "calls_per_second"),
        ("2xx..count", "", Gauge, "_2xx_count"),
        ("room.temperature", "Cel", Gauge, "room_temperature_celsius"),
        ("used", "furlong", Gauge, "used_furlong"),
        ("load-1m", "", Gauge, "load_1m"),
    ] {
        let found = names(&metric(name, unit, instrument));
        assert_eq!(found, [(expected.to_owned(), Part::Value)], "{name} {unit}");
    }
}

#[test]
fn distributions_have_a_name_for_each_part() {
    let of = |instrument| {
        let all = names(&metric("http.server.request.duration", "s", instrument));
        all.into_iter().map(|(name, _)| name).collect::<Vec<String>>()
    };
    let name = |part: &str| format!("http_server_request_duration_seconds_{part}");
    assert_eq!(of(Instrument::Histogram), [name("bucket"), name("sum"), name("count")]);
    assert_eq!(of(Instrument::Summary), [name("sum"), name("count")]);
}

#[test]
fn labels_are_attributes_with_underscores() {
    for (key, expected) in [
        ("http.route", "http_route"),
        ("1st", "key_1st"),
        ("_a", "key_a"),
        ("__a", "__a"),
        ("ä", "_"),
    ] {
        assert_eq!(label::of(key), expected);
    }
}

fn series(scope: &str, attributes: &[(&str, &str)]) -> Series {
    Series {
        id: 1,
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        instrument: Instrument::Gauge,
        is_delta: false,
        name: "up".to_owned(),
        unit: String::new(),
        scope: scope.to_owned(),
        attributes: attributes
            .iter()
            .map(|&(key, value)| (key.to_owned(), OwnedValue::Str(value.to_owned())))
            .collect(),
    }
}

#[test]
fn what_came_by_remote_write_shows_the_labels_that_were_sent_and_no_others() {
    let sent =
        series(model::remote_write::SCOPE, &[("job", "a/b"), ("x.y", "1"), ("instance", "c")]);
    let labels = Labeller::default().labels(&sent, "up", ("tier", "node"));
    assert_eq!(labels.to_string(), r#"up{instance="c", job="a/b", x.y="1"}"#);
}

#[test]
fn what_came_by_otlp_says_whose_it_is() {
    let sent = series("meter", &[("a.b", "1"), ("a_b", "2"), ("job", "mine")]);
    let labels = Labeller::default().labels(&sent, "up", ("shop/web", "web-1"));
    let expected = r#"up{a_b="1;2", instance="web-1", job="shop/web", otel_scope_name="meter"}"#;
    assert_eq!(labels.to_string(), expected);
}
