use super::{check, load, over};

const SERIES: &str = r#"
    v{job="a", node="1"} 1
    v{job="a", node="2"} 3
    v{job="b", node="1"} 8
    v{job="b", node="2"} NaN
"#;

#[test]
fn groups_come_to() {
    check(
        &load(SERIES),
        0,
        &[
            ("sum(v{job=\"a\"})", "{} 4"),
            ("sum by (job) (v)", r#"{job="a"} 4; {job="b"} NaN"#),
            ("sum without (node) (v{job=\"a\"})", r#"{job="a"} 4"#),
            ("avg(v{job=\"a\"})", "{} 2"),
            ("min by (job) (v)", r#"{job="a"} 1; {job="b"} 8"#),
            ("max by (job) (v)", r#"{job="a"} 3; {job="b"} 8"#),
            ("count(v)", "{} 4"),
            ("group by (node) (v)", r#"{node="1"} 1; {node="2"} 1"#),
            ("stddev(v{job=\"a\"})", "{} 1"),
            ("stdvar(v{job=\"a\"})", "{} 1"),
            ("quantile(0.5, v{job=\"a\"})", "{} 2"),
            ("sum by (__name__) (v{job=\"a\"})", "v 4"),
            ("topk(2, v)", r#"v{job="b", node="1"} 8; v{job="a", node="2"} 3"#),
            ("bottomk by (job) (1, v)", r#"v{job="a", node="1"} 1; v{job="b", node="1"} 8"#),
            ("topk(0, v)", ""),
            ("count_values(\"is\", v)", r#"{is="1"} 1; {is="3"} 1; {is="8"} 1; {is="NaN"} 1"#),
            ("count_values(\"1\", v)", "error: invalid label name \"1\""),
            ("sum(nothing)", ""),
        ],
    );
}

#[test]
fn numbers_of_vectors() {
    let source = load("v 2.5\nw -0.5\nday 1435781451");
    check(
        &source,
        0,
        &[
            ("ceil(v)", "{} 3"),
            ("round(v)", "{} 3"),
            ("round(w)", "{} 0"),
            ("round(v, 2)", "{} 2"),
            ("clamp(v, 0, 1)", "{} 1"),
            ("clamp(v, 1, 0)", ""),
            ("clamp_min(w, 0)", "{} 0"),
            ("clamp_max(v, 1)", "{} 1"),
            ("sgn(w)", "{} -1"),
            ("sqrt(vector(16))", "{} 4"),
            ("ln(vector(0))", "{} -Inf"),
            ("deg(vector(pi()))", "{} 180"),
            ("scalar(v)", "2.5"),
            ("scalar({__name__=~\"v|w\"})", "NaN"),
            ("absent(v)", ""),
            ("absent(x{a=\"1\", b!=\"2\", c=\"3\", c=\"4\"})", "{a=\"1\"} 1"),
            ("time()", "0"),
            ("hour(day)", "{} 20"),
            ("day_of_week(day)", "{} 3"),
            ("day_of_year(day)", "{} 182"),
            ("days_in_month(day)", "{} 31"),
            ("year()", "{} 1970"),
            ("histogram_count(v)", "error: the function histogram_count is not supported"),
        ],
    );
    assert_eq!(over(&source, "timestamp(v)", 10, 20), "{} 0@10 0@20");
    assert_eq!(over(&source, "timestamp(v + 1)", 10, 20), "{} 10@10 20@20");
}

#[test]
fn vectors_are_sorted_by_value_where_that_is_asked_for() {
    check(
        &load(SERIES),
        0,
        &[
            ("sort(v{job=\"a\"})", r#"v{job="a", node="1"} 1; v{job="a", node="2"} 3"#),
            ("sort_desc(v{job=\"a\"})", r#"v{job="a", node="2"} 3; v{job="a", node="1"} 1"#),
            ("sort(v{job=\"b\"})", r#"v{job="b", node="1"} 8; v{job="b", node="2"} NaN"#),
        ],
    );
}

#[test]
fn labels_are_made_of_others() {
    let source = load("up{job=\"api-server\", service=\"a:c\"} 1");
    check(
        &source,
        0,
        &[
            (
                r#"label_replace(up, "foo", "$1", "service", "(.*):.*")"#,
                r#"up{foo="a", job="api-server", service="a:c"} 1"#,
            ),
            (
                r#"label_replace(up, "foo", "$1", "service", "(.*):d")"#,
                r#"up{job="api-server", service="a:c"} 1"#,
            ),
            (r#"label_replace(up, "service", "", "service", ".*")"#, r#"up{job="api-server"} 1"#),
            (
                r#"label_join(up, "foo", ",", "job", "service")"#,
                r#"up{foo="api-server,a:c", job="api-server", service="a:c"} 1"#,
            ),
            (
                r#"label_replace(up, "1", "", "service", "a")"#,
                "error: invalid destination label name in label_replace(): 1",
            ),
            (
                r#"label_replace(up, "a", "", "service", "(")"#,
                "error: invalid regular expression in label_replace(): (",
            ),
        ],
    );
}

#[test]
fn quantiles_of_buckets() {
    let source = load(
        r#"
        d_bucket{job="a", le="0.1"} 0 10
        d_bucket{job="a", le="0.2"} 0 30
        d_bucket{job="a", le="+Inf"} 0 40
        d_bucket{job="b", le="+Inf"} 0 40
        d_bucket{job="c", le="x"} 0 40
        "#,
    );
    check(
        &source,
        10,
        &[
            ("histogram_quantile(0.5, d_bucket)", r#"{job="a"} 0.15; {job="b"} NaN"#),
            ("histogram_quantile(0.9, rate(d_bucket{job=\"a\"}[10s]))", r#"{job="a"} 0.2"#),
            ("histogram_quantile(0.5, sum by (le) (d_bucket{job=\"a\"}))", "{} 0.15"),
        ],
    );
}

#[test]
fn what_is_too_much_or_no_expression_is_refused() {
    let source = load("up 1");
    let refusal = |text: &str| super::at(&source, text, 0);
    assert!(refusal("up{").starts_with("error: parse error: "), "{}", refusal("up{"));
    assert!(refusal("{job=~\".*\"}").starts_with("error: parse error: "));
    assert!(refusal("foo(up)").starts_with("error: parse error: "));
    assert!(refusal(&"(".repeat(20_000)).contains("at most 10000 bytes"));
    let deep = format!("{}up{}", "(".repeat(3000), ")".repeat(3000));
    assert!(refusal(&deep).contains("at most 128 deep"));
    assert!(refusal(&vec!["up"; 2000].join(" + ")).contains("at most 128 deep"));
    let regular = vec!["up{a=~\"b\"}"; 33].join(" + ");
    assert!(refusal(&regular).contains("at most 32 matchers"), "{}", refusal(&regular));
    assert!(over(&source, "up[5m]", 0, 10).starts_with("error: invalid expression type"));
    for (start, end, step) in [(0, 12_000, 1), (10, 0, 1), (0, 10, 0), (i64::MIN, i64::MAX, 1)] {
        assert!(crate::query::steps(start, end, step).is_err(), "{start} {end} {step}");
    }
}

#[test]
fn a_query_ends_when_nobody_waits_for_it() {
    let limits = crate::Limits::default();
    limits.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let ended = crate::query::instant(&load("up 1"), &limits, "up", 0);
    assert!(matches!(ended, Err(crate::Error::Stopped)));
}
