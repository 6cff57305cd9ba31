//! Which requests only ask whether the service is alive.

use crate::conventions::Facts;

/// Programs that ask for nothing else.
const PROBES: [&str; 4] = ["kube-probe", "ELB-HealthChecker", "GoogleHC", "Consul"];

/// Whether a request is a health check: by its path, or by who asks.
pub(super) fn is_health_check(facts: &Facts<'_>) -> bool {
    if facts.user_agent.is_some_and(|agent| PROBES.iter().any(|probe| agent.starts_with(probe))) {
        return true;
    }
    let path = facts.url_path.or(facts.http_route).unwrap_or_default();
    facts.http_method == Some("GET") && is_health_path(path)
}

fn is_health_path(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    matches!(path, "/livez" | "/readyz" | "/ping")
        || path
            .strip_prefix("/livez")
            .or(path.strip_prefix("/readyz"))
            .is_some_and(|rest| rest.starts_with('/'))
        || path.strip_prefix("/actuator/health").is_some_and(ends_word)
        || path.strip_prefix("/health").is_some_and(|rest| ends_word(rest) || is_health_word(rest))
}

/// `/health/db`, `/health-check`, `/health_status`; but a shop for `/healthy-food` has customers.
fn ends_word(rest: &str) -> bool {
    !rest.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
}

/// The words that are written together with it.
fn is_health_word(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    ["z", "check", "checks", "status", "probe"]
        .iter()
        .any(|word| rest[..end].eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, agent: &str, expected: bool) {
        let facts = Facts {
            http_method: Some(method),
            url_path: Some(path),
            user_agent: Some(agent),
            ..Facts::default()
        };
        assert_eq!(is_health_check(&facts), expected, "{method} {path} {agent}");
    }

    #[test]
    fn the_usual_paths_are_health_checks() {
        for path in [
            "/health",
            "/health/",
            "/healthz",
            "/healthcheck",
            "/healthCheck",
            "/health/live",
            "/health-check",
            "/livez",
            "/readyz",
            "/readyz/etcd",
            "/ping",
            "/actuator/health",
            "/actuator/health/readiness",
        ] {
            check("GET", path, "curl/7.88.1", true);
        }
    }

    #[test]
    fn a_probe_is_known_by_its_name() {
        check("GET", "/", "kube-probe/1.29", true);
        check("GET", "/", "ELB-HealthChecker/2.0", true);
        check("GET", "/", "GoogleHC/1.0", true);
        check("GET", "/", "Consul Health Check", true);
    }

    #[test]
    fn a_customer_is_none() {
        check("POST", "/health", "curl/7.88.1", false);
        check("GET", "/healthcare/patients", "Mozilla/5.0", false);
        check("GET", "/pingpong", "Mozilla/5.0", false);
        check("GET", "/actuator/healthy", "Mozilla/5.0", false);
    }
}
