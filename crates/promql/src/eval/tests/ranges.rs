use super::{at, check, load, over};

#[test]
fn a_selector_means_the_newest_sample_of_five_minutes_until_its_series_ends() {
    let source = load("up 1 2 3\nended 1 stale");
    assert_eq!(over(&source, "up", 10, 30), "up 2@10 3@20 3@30");
    check(
        &source,
        320,
        &[
            ("up", "up 3"),
            ("up offset 310s", "up 2"),
            ("up offset -1m", ""),
            ("up @ 15", "up 2"),
            ("up @ 15 offset 10s", "up 1"),
            ("ended @ 5", "ended 1"),
            ("ended", ""),
        ],
    );
    assert_eq!(at(&source, "up", 321), "");
}

#[test]
fn start_and_end_are_those_of_the_whole_query() {
    let source = load("up 1 2 3 4 5");
    assert_eq!(over(&source, "up @ end() - up @ start()", 10, 30), "{} 2@10 2@20 2@30");
    // No step falls on the end.
    assert_eq!(over(&source, "up @ end() - up @ start()", 15, 30), "{} 2@15 2@25");
}

#[test]
fn a_range_holds_both_of_its_ends_and_no_end_of_a_series() {
    let source = load("up 1 2 3 stale 5");
    check(&source, 40, &[("up[20s]", "up 3@20 5@40"), ("up[20s] offset 10s", "up 2@10 3@20")]);
}

#[test]
fn a_rate_is_extended_to_the_range_s_ends_but_not_to_before_zero() {
    // 12 between the first and the last sample, each 10 s apart; 30 s of the range of 40 s are sampled.
    let source = load("far 1000 1004 1008 1012 1016");
    check(
        &source,
        45,
        &[
            // From 5 to 45 s: the samples of 10 to 40 s, and 5 s at both ends.
            ("increase(far[40s])", "{} 16"),
            ("rate(far[40s])", "{} 0.4"),
            ("delta(far[40s])", "{} 16"),
        ],
    );
    // It was 0 at 10 s: nothing rises before.
    let young = load("young _ _ 2 4 6");
    check(&young, 40, &[("increase(young[40s])", "{} 6"), ("delta(young[40s])", "{} 5")]);
}

#[test]
fn ends_that_are_far_away_are_extended_by_half_a_distance() {
    let source = load("gone 100 110 120 _ _ _ _");
    // 0 to 20 s sampled of 0 to 60 s: 20 s and half of 10.
    check(&source, 60, &[("increase(gone[60s])", "{} 25")]);
}

#[test]
fn a_counter_that_falls_was_reset() {
    let source = load("c 10 14 3 5 4");
    check(
        &source,
        40,
        &[
            // 4 from 10 to 14, then 3 from 0, 2, and 4 from 0.
            ("increase(c[40s])", "{} 13"),
            ("resets(c[40s])", "{} 2"),
            ("changes(c[40s])", "{} 4"),
            ("irate(c[40s])", "{} 0.4"),
            ("idelta(c[40s])", "{} -1"),
            ("rate(c[5s])", ""),
        ],
    );
}

#[test]
fn values_of_a_range_come_to() {
    let source = load("v 1 5 2 4 3");
    check(
        &source,
        40,
        &[
            ("sum_over_time(v[40s])", "{} 15"),
            ("avg_over_time(v[40s])", "{} 3"),
            ("min_over_time(v[40s])", "{} 1"),
            ("max_over_time(v[40s])", "{} 5"),
            ("count_over_time(v[25s])", "{} 3"),
            ("stdvar_over_time(v[40s])", "{} 2"),
            ("stddev_over_time(v[40s])", "{} 1.414213562"),
            ("quantile_over_time(0.25, v[40s])", "{} 2"),
            ("last_over_time(v[40s])", "v 3"),
            ("present_over_time(v[40s])", "{} 1"),
            ("absent_over_time(v[40s])", ""),
            ("absent_over_time(w{a=\"b\", c=~\"d\"}[40s])", "{a=\"b\"} 1"),
        ],
    );
}

#[test]
fn lines_through_samples() {
    let source = load("up 0 5 10 15\nlevel 7 7 7 7");
    check(
        &source,
        30,
        &[
            ("deriv(up[30s])", "{} 0.5"),
            ("predict_linear(up[30s], 60)", "{} 45"),
            ("deriv(level[30s])", "{} 0"),
            ("predict_linear(level[30s], 60)", "{} 7"),
            // 5, then 0.5 × 10 + 0.5 × (5 + 5), then the same: a straight line stays one.
            ("holt_winters(up[30s], 0.5, 0.5)", "{} 15"),
            (
                "holt_winters(up[30s], 2, 0.5)",
                "error: invalid smoothing factor. Expected: 0 < factor < 1, got: 2",
            ),
        ],
    );
}

#[test]
fn a_subquery_is_evaluated_at_multiples_of_its_step() {
    let source = load("up 0 1 2 3 4 5 6 7");
    check(
        &source,
        65,
        &[
            // At 40 and 60.
            ("sum_over_time(up[30s:20s])", "{} 10"),
            ("max_over_time(rate(up[20s])[60s:10s])", "{} 0.1"),
            ("up[30s:20s]", "up 4@40 6@60"),
            ("count_over_time(up[65s:])", "{} 2"),
            ("sum_over_time(up[30s:20s] offset 20s)", "{} 6"),
            ("sum_over_time(up[30s:20s] @ 45)", "{} 6"),
            ("sum_over_time(vector(2)[30s:10s])", "{} 6"),
        ],
    );
    assert_eq!(over(&source, "sum_over_time(up[20s:10s])", 20, 40), "{} 3@20 6@30 9@40");
}
