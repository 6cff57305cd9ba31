//! What the API measures of itself: requests by route, and how long they took.

use std::sync::Arc;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use daemon::clock::SharedClock;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::deps::{Answered, Observer};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Requested {
    method: &'static str,
    /// As routed, `/api/v1/traces/{trace_id}`: never what a stranger made up.
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Routed {
    route: String,
}

#[derive(Clone, Debug)]
pub(crate) struct RequestMetrics {
    clock: SharedClock,
    observer: Arc<dyn Observer>,
    requests: Family<Requested, Counter>,
    seconds: Family<Routed, Histogram, fn() -> Histogram>,
}

impl RequestMetrics {
    /// The registry puts the product's name in front of every name.
    pub(crate) fn register(
        registry: &mut Registry,
        clock: SharedClock,
        observer: Arc<dyn Observer>,
    ) -> RequestMetrics {
        let buckets: fn() -> Histogram = || Histogram::new(exponential_buckets(0.001, 4.0, 8));
        let metrics = RequestMetrics {
            clock,
            observer,
            requests: Family::default(),
            seconds: Family::new_with_constructor(buckets),
        };
        registry.register("api_requests", "Answered requests", metrics.requests.clone());
        registry.register(
            "api_request_seconds",
            "Time from a request's head to its answer's head",
            metrics.seconds.clone(),
        );
        metrics
    }

    /// Measures every request of `router`.
    pub(crate) fn around(self, router: Router) -> Router {
        router.route_layer(from_fn_with_state(Arc::new(self), measure))
    }
}

async fn measure(
    State(metrics): State<Arc<RequestMetrics>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(String::new, |path| path.as_str().to_owned());
    let method = method_label(request.method());
    let (began, started) = (metrics.clock.now(), metrics.clock.monotonic());
    let response = next.run(request).await;
    let took = metrics.clock.monotonic().saturating_sub(started);
    metrics.seconds.get_or_create(&Routed { route: route.clone() }).observe(took.as_secs_f64());
    let status = response.status().as_u16();
    metrics.requests.get_or_create(&Requested { method, route: route.clone(), status }).inc();
    metrics.observer.answered(Answered { method, route, status, began, took });
    response
}

/// Methods are free text on the wire; a label is not.
fn method_label(method: &http::Method) -> &'static str {
    const KNOWN: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "DELETE"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[derive(Debug, Default)]
    struct Heard(std::sync::Mutex<Vec<Answered>>);

    impl Observer for Heard {
        fn answered(&self, request: Answered) {
            self.0.lock().unwrap().push(request);
        }
    }

    #[tokio::test]
    async fn whoever_listens_hears_of_each_request_by_its_route() {
        let heard = Arc::new(Heard::default());
        let clock = daemon::clock::SystemClock::shared();
        let metrics =
            RequestMetrics::register(&mut Registry::default(), clock, Arc::clone(&heard) as _);
        let gone = axum::routing::get(|| async { http::StatusCode::GONE });
        let router = metrics.around(Router::new().route("/things/{id}", gone));
        let request = Request::get("/things/7?x=y").body(axum::body::Body::empty()).unwrap();
        tower::ServiceExt::oneshot(router, request).await.unwrap();
        let heard = heard.0.lock().unwrap();
        let [Answered { method, route, status, .. }] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((*method, route.as_str(), *status), ("GET", "/things/{id}", 410));
    }

    #[test]
    fn names_have_the_products_prefix_once() {
        let mut all = Registry::default();
        let clock = daemon::clock::SystemClock::shared();
        let observer = Arc::new(Heard::default());
        let registry = all.sub_registry_with_prefix("vedette");
        let metrics = RequestMetrics::register(registry, clock, observer);
        let route = "/healthz".to_owned();
        metrics.seconds.get_or_create(&Routed { route: route.clone() }).observe(0.1);
        metrics.requests.get_or_create(&Requested { method: "GET", route, status: 200 }).inc();
        let mut text = String::new();
        encode(&mut text, &all).unwrap();
        let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let families: Vec<&str> = families.collect();
        assert_eq!(
            families,
            ["vedette_api_requests counter", "vedette_api_request_seconds histogram"]
        );
    }
}
