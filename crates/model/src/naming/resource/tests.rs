//! Resources as agents send them.

use expect_test::{Expect, expect};

use super::*;
use crate::recorded::{NODEJS, PYTHON, Recording, SHOP, attributes};

fn check(expected: Expect) {
    let sender = Some("10.0.0.9".parse().unwrap());
    let table: Vec<String> = [PYTHON, NODEJS, SHOP]
        .into_iter()
        .flat_map(Recording::resources)
        .map(|line| {
            let identity = identify(&attributes(line), sender, &Template::default());
            let ResourceIdentity { application, tier, node_base, host, agent, .. } = identity;
            format!(
                "{application} / {tier} / {node_base}, host {}, {agent}",
                host.unwrap_or_default()
            )
        })
        .collect();
    expected.assert_eq(&(table.join("\n") + "\n"));
}

#[test]
fn every_recorded_resource_has_its_place() {
    check(expect![[r#"
        Default / mailer / 10.0.0.9, host , opentelemetry python 1.45.1
        Default / worker / 10.0.0.9, host , opentelemetry python 1.45.1
        Default / stock / 10.0.0.9, host , opentelemetry python 1.45.1
        Default / shop / 10.0.0.9, host , opentelemetry python 1.45.1
        Default / cron / 10.0.0.9, host , opentelemetry python 1.45.1
        Default / mailer / 10.0.0.9, host , opentelemetry python 1.45.1
        Default / nodeweb / web1, host web1, opentelemetry nodejs 2.12.0
        Default / stock / 10.0.0.9, host , opentelemetry python 1.45.1
        Default / stock2 / 10.0.0.9, host , opentelemetry python 1.45.1
        hotel / lobby / hotel-host, host hotel-host, opentelemetry nodejs 2.12.0
        post / cron / post-host, host post-host, opentelemetry python 1.45.1
        post / desk / post-host, host post-host, opentelemetry python 1.45.1
        post / worker / post-host, host post-host, opentelemetry python 1.45.1
        post / worker / post-host, host post-host, opentelemetry python 1.45.1
        post / worker / post-host, host post-host, opentelemetry python 1.45.1
        shop / notify / shop-host, host shop-host, opentelemetry nodejs 2.12.0
        shop / order / shop-host, host shop-host, opentelemetry nodejs 2.12.0
        shop / catalog / shop-host, host shop-host, opentelemetry python 1.45.1
        shop / web / shop-host, host shop-host, opentelemetry nodejs 2.12.0
        shop / cart / shop-host, host shop-host, opentelemetry python 1.45.1
        shop / fulfilment / shop-host, host shop-host, opentelemetry python 1.45.1
        shop / payment / shop-host, host shop-host, opentelemetry python 1.45.1
    "#]]);
}

fn made(sent: &[(&'static str, &'static str)]) -> ResourceIdentity {
    let attributes = sent.iter().map(|(key, value)| (*key, Value::Str(value))).collect();
    identify(&attributes, None, &Template::default())
}

#[test]
fn a_node_is_named_by_the_first_of_its_names() {
    let sent = [
        ("service.name", "cart"),
        ("service.instance.id", "b55bc0c1-f753-49dc-be46-4f7e1c5eb411"),
        ("container.id", "fafdf12a560216a7434a59e4afc9fefe"),
        ("host.name", "web1"),
        ("container.name", "cart-1"),
        ("faas.name", "cart-function"),
        ("k8s.pod.name", "cart-7d9f-x2x"),
    ];
    for (more, expected) in
        [(3, "cart"), (4, "web1"), (5, "cart-1"), (6, "cart-function"), (7, "cart-7d9f-x2x")]
    {
        assert_eq!(made(&sent[..more]).node_base, expected);
    }
    let attributes = [("service.name", Value::Str("cart"))].into_iter().collect();
    let sender = "::ffff:10.0.0.9".parse().unwrap();
    assert_eq!(identify(&attributes, Some(sender), &Template::default()).node_base, "10.0.0.9");
}

#[test]
fn a_restart_is_another_process_of_the_same_node() {
    let [before, after] = ["4ff7044d", "d84f9be4"].map(|id| {
        made(&[("service.name", "cart"), ("host.name", "web1"), ("service.instance.id", id)])
    });
    assert_eq!(before.node_base, after.node_base);
    assert_ne!(before.process, after.process);
}

#[test]
fn a_process_is_told_by_anything_that_differs() {
    let base = [("service.name", "cart"), ("host.name", "web1")];
    let mut processes = vec![made(&base).process];
    for (key, value) in [
        ("service.instance.id", "1"),
        ("container.id", "1"),
        ("process.pid", "1"),
        ("k8s.pod.uid", "1"),
    ] {
        processes.push(made(&[base[0], base[1], (key, value)]).process);
    }
    processes.push(made(&[base[0], ("host.name", "web2")]).process);
    let count = processes.len();
    processes.sort_unstable();
    processes.dedup();
    assert_eq!(processes.len(), count);
}

#[test]
fn a_runtime_that_starts_anew_for_each_request_is_one_process() {
    let [one, other] = ["a", "b"].map(|id| {
        made(&[
            ("telemetry.sdk.language", "php"),
            ("host.name", "web1"),
            ("service.instance.id", id),
            ("process.pid", id),
        ])
    });
    assert!(one.ephemeral);
    assert_eq!(one.process, other.process);
}

#[test]
fn a_service_without_a_name_is_told_what_to_do() {
    for sent in [&[][..], &[("service.name", "unknown_service:node")], &[("service.name", " ")]] {
        let identity = made(sent);
        assert!(identity.tier.starts_with("unknown_service"));
        assert!(identity.hints[0].contains("OTEL_SERVICE_NAME"), "{:?}", identity.hints);
    }
    assert!(made(&[("service.name", "cart")]).hints.is_empty());
}
