//! Which path means what, and what to tell who asks for another.

use crate::otlp::Signal;

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// OTLP/HTTP.
    Http(Signal),
    /// `Export` of a gRPC service.
    GrpcMethod(Signal),
    /// Prometheus remote write.
    RemoteWrite,
    /// Something else.
    Unknown,
}

/// An older name of the same paths, which reverse proxies in front of agents use.
const ALIAS: &str = "/otis/ingest";

/// The paths of OTLP/gRPC begin so.
const GRPC: &str = "/opentelemetry.proto.collector.";

/// Where Prometheus sends to.
const REMOTE_WRITE: &str = "/prometheus/api/v1/write";

/// What a path stands for.
pub(super) fn target_of(path: &str) -> Target {
    if let Some(method) = path.strip_prefix(GRPC) {
        return match method {
            "trace.v1.TraceService/Export" => Target::GrpcMethod(Signal::Traces),
            "metrics.v1.MetricsService/Export" => Target::GrpcMethod(Signal::Metrics),
            "logs.v1.LogsService/Export" => Target::GrpcMethod(Signal::Logs),
            _ => Target::Unknown,
        };
    }
    match path.strip_prefix(ALIAS).unwrap_or(path) {
        "/v1/traces" => Target::Http(Signal::Traces),
        "/v1/metrics" => Target::Http(Signal::Metrics),
        "/v1/logs" => Target::Http(Signal::Logs),
        REMOTE_WRITE => Target::RemoteWrite,
        _ => Target::Unknown,
    }
}

/// Whether only an agent asks for such a path.
pub(super) fn is_agents(path: &str) -> bool {
    let below = |prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let has_prefix = below("/v1") || below("/v1development") || below(ALIAS);
    has_prefix || path.starts_with(GRPC) || path == REMOTE_WRITE
}

/// What is at fault with a path that stands for nothing, and how to mend it.
pub(super) fn hint(path: &str) -> &'static str {
    let lower = path.to_ascii_lowercase();
    let trimmed = lower.trim_end_matches('/');
    let says = |words: &[&str]| words.iter().any(|word| trimmed.contains(word));
    if trimmed.is_empty() {
        return "the exporter's URL has no path: set OTEL_EXPORTER_OTLP_ENDPOINT, to which agents add /v1/traces and so \
                on, or give the signal's own endpoint with its path, such as …/v1/traces";
    }
    if trimmed.matches("/v1/").count() > 1 {
        return "the path is there twice: OTEL_EXPORTER_OTLP_ENDPOINT is the URL without /v1/traces, which agents add";
    }
    if trimmed.ends_with("/profiles") {
        return "profiles are not taken; traces, metrics and logs are";
    }
    if trimmed.starts_with(GRPC) {
        return "this path takes gRPC only; for OTLP/HTTP use /v1/traces, /v1/metrics and /v1/logs";
    }
    if says(&["zipkin", "/api/v2/spans", "/api/traces", "/api/v1/spans"]) {
        return "Zipkin and Jaeger formats are not taken: send OTLP to /v1/traces";
    }
    if says(&["/write", "prometheus", "prom/"]) {
        return "Prometheus' remote write goes to /prometheus/api/v1/write";
    }
    if says(&["trace", "span"]) {
        return "traces go to /v1/traces";
    }
    if says(&["metric"]) {
        return "metrics go to /v1/metrics";
    }
    if says(&["log"]) {
        return "logs go to /v1/logs";
    }
    "traces go to /v1/traces, metrics to /v1/metrics, logs to /v1/logs"
}

/// What to tell who calls a gRPC method that there is not.
pub(super) fn grpc_hint(path: &str) -> &'static str {
    let lower = path.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["profiles"]) {
        return "profiles are not taken; traces, metrics and logs are";
    }
    if lower.find(GRPC).is_some_and(|at| at > 0) {
        return "for OTLP/gRPC the endpoint has no path: set OTEL_EXPORTER_OTLP_ENDPOINT to https://host:port";
    }
    if says(&["grpc.health", "grpc.reflection"]) {
        return "of gRPC only OTLP's Export methods are served; GET /healthz of the HTTPS address tells whether the \
                server lives";
    }
    if says(&["jaeger", "opencensus", "zipkin", "skywalking"]) {
        return "only OTLP is taken: set the exporter, or the Collector in between, to OTLP";
    }
    "OTLP's methods are Export of opentelemetry.proto.collector.trace.v1.TraceService, \
     opentelemetry.proto.collector.metrics.v1.MetricsService and opentelemetry.proto.collector.logs.v1.LogsService"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_both_transports_and_the_alias_are_known() {
        for (path, expected) in [
            ("/v1/traces", Target::Http(Signal::Traces)),
            ("/otis/ingest/v1/metrics", Target::Http(Signal::Metrics)),
            (
                "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                Target::GrpcMethod(Signal::Logs),
            ),
            ("/prometheus/api/v1/write", Target::RemoteWrite),
            ("/v1/traces/", Target::Unknown),
            ("/v1/trace", Target::Unknown),
            ("/otis/ingest", Target::Unknown),
            ("/opentelemetry.proto.collector.trace.v1.TraceService/Import", Target::Unknown),
        ] {
            assert_eq!(target_of(path), expected, "{path}");
        }
    }

    #[test]
    fn agents_paths_are_told_from_pages() {
        for path in ["/v1", "/v1/x", "/otis/ingest/v1/trace", "/prometheus/api/v1/write"] {
            assert!(is_agents(path), "{path}");
        }
        for path in
            ["/", "/v1x", "/api/v1/traces", "/prometheus/api/v1/query", "/controller/rest", "/otis"]
        {
            assert!(!is_agents(path), "{path}");
        }
    }

    #[test]
    fn a_hint_fits_the_mistake() {
        for (path, expected) in [
            ("/", "has no path"),
            ("/v1/traces/v1/traces", "twice"),
            ("/v1/trace", "traces go to /v1/traces"),
            ("/v1/traces/", "traces go to /v1/traces"),
            ("/V1/Metric", "metrics go to /v1/metrics"),
            ("/v1/log", "logs go to /v1/logs"),
            ("/api/v2/spans", "Zipkin"),
            ("/v1development/profiles", "profiles are not taken"),
            ("/v1/prometheus/write", "goes to /prometheus/api/v1/write"),
            ("/x", "traces go to /v1/traces, metrics"),
        ] {
            assert!(hint(path).contains(expected), "{path}: {}", hint(path));
        }
    }

    #[test]
    fn a_hint_to_a_caller_of_grpc_is_about_grpc() {
        for (path, expected) in [
            ("/helloworld.Greeter/SayHello", "collector.trace.v1.TraceService"),
            ("/", "collector.logs.v1.LogsService"),
            ("/opentelemetry.proto.collector.trace.v1.TraceService/Import", "methods are Export"),
            (
                "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
                "profiles are not taken",
            ),
            ("/otlp/opentelemetry.proto.collector.trace.v1.TraceService/Export", "has no path"),
            ("/grpc.health.v1.Health/Check", "/healthz"),
            ("/jaeger.api_v2.CollectorService/PostSpans", "only OTLP"),
        ] {
            assert!(grpc_hint(path).contains(expected), "{path}: {}", grpc_hint(path));
        }
    }
}
