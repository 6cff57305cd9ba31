use super::{check, load, over};

const REQUESTS: &str = r#"
    errors{method="get", code="500"} 24
    errors{method="get", code="404"} 30
    errors{method="put", code="501"} 3
    errors{method="post", code="500"} 6
    errors{method="post", code="404"} 21
    requests{method="get"} 600
    requests{method="del"} 34
    requests{method="post"} 120
"#;

#[test]
fn series_go_together_by_their_labels_as_the_documentation_s_examples_do() {
    check(
        &load(REQUESTS),
        0,
        &[
            (
                r#"errors{code="500"} / ignoring(code) requests"#,
                r#"{method="get"} 0.04; {method="post"} 0.05"#,
            ),
            (
                "errors / ignoring(code) group_left requests",
                r#"{code="404", method="get"} 0.05; {code="404", method="post"} 0.175; {code="500", method="get"} 0.04; {code="500", method="post"} 0.05"#,
            ),
            (
                "requests * on(method) group_right errors{code=\"500\"}",
                r#"{code="500", method="get"} 14400; {code="500", method="post"} 720"#,
            ),
            (
                "errors / ignoring(code) requests",
                "error: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
            ),
        ],
    );
    let found = super::at(&load(REQUESTS), "requests / ignoring(code) errors", 0);
    assert!(
        found.starts_with("error: found duplicate series for the match group {method="),
        "{found}"
    );
}

#[test]
fn labels_of_the_one_side_come_along_when_asked_for() {
    let source = load("a{x=\"1\", y=\"2\"} 10\nb{x=\"1\", version=\"3\"} 2");
    check(
        &source,
        0,
        &[
            ("a * on(x) group_left(version) b", r#"{version="3", x="1", y="2"} 20"#),
            ("a * on(x) b", r#"{x="1"} 20"#),
            ("a * ignoring(y, version) b", r#"{x="1"} 20"#),
            ("a > on(x) b", r#"{x="1"} 10"#),
            ("a > ignoring(y, version) b", r#"a{x="1"} 10"#),
            ("a < bool on(x) group_left b", r#"{x="1", y="2"} 0"#),
        ],
    );
}

#[test]
fn numbers_and_series() {
    let source = load("v{a=\"1\"} 7\nv{a=\"2\"} -7");
    check(
        &source,
        0,
        &[
            ("v % 4", r#"{a="1"} 3; {a="2"} -3"#),
            ("2 ^ v{a=\"1\"}", r#"{a="1"} 128"#),
            ("-v", r#"{a="1"} -7; {a="2"} 7"#),
            ("v > 0", r#"v{a="1"} 7"#),
            ("0 < v", r#"v{a="1"} 7"#),
            ("v > bool 0", r#"{a="1"} 1; {a="2"} 0"#),
            ("1 + 2 * 3 - 2 ^ 3 ^ 0", "5"),
            ("1 > bool 2", "0"),
            ("1 / 0", "+Inf"),
            ("v{a=\"1\"} atan2 0", r#"{a="1"} 1.570796327"#),
            ("1 > 2", "error: parse error: comparisons between scalars must use BOOL modifier"),
            ("\"some\"", "some"),
        ],
    );
}

#[test]
fn sets_are_told_step_by_step() {
    let source = load("a{x=\"1\"} 1 1 1\na{x=\"2\"} 2 2 2\nb{x=\"1\", y=\"9\"} _ 5 stale");
    let both = |expression| over(&source, expression, 0, 20).replace('\n', "; ");
    assert_eq!(both("a and on(x) b"), r#"a{x="1"} 1@10"#);
    assert_eq!(both("a unless on(x) b"), r#"a{x="1"} 1@0 1@20; a{x="2"} 2@0 2@10 2@20"#);
    assert_eq!(both("b or ignoring(y) a{x=\"1\"}"), r#"a{x="1"} 1@0 1@20; b{x="1", y="9"} 5@10"#);
}

#[test]
fn two_series_that_lose_what_tells_them_apart_are_an_error_only_at_the_same_step() {
    let same = load("a 1\nb 2");
    let found = super::at(&same, "-{__name__=~\"a|b\"}", 0);
    assert_eq!(found, "error: vector cannot contain metrics with the same labelset: {}");
    let one_after_the_other = load("a 1 stale\nb _ 2");
    assert_eq!(over(&one_after_the_other, "-{__name__=~\"a|b\"}", 0, 10), "{} -1@0 -2@10");
}
