//! How many spans one sampled span stands for (OpenTelemetry, "TraceState: Probability Sampling").

/// Hexadecimal digits of a full threshold: 56 bits.
const DIGITS: usize = 14;
const FULL: u64 = 1 << 56;

/// The weight by the rejection threshold `ot=th:` of a tracestate: a span is kept with probability
/// (2^56 − T) ÷ 2^56, so it counts for the inverse of it. 1 where there is no threshold or an invalid one.
pub fn weight(trace_state: &str) -> f64 {
    if trace_state.is_empty() {
        return 1.0;
    }
    let threshold = trace_state
        .split(',')
        .find_map(|member| member.trim().strip_prefix("ot="))
        .and_then(|value| value.split(';').find_map(|field| field.strip_prefix("th:")))
        .and_then(threshold);
    threshold.map_or(1.0, |threshold| FULL as f64 / (FULL - threshold) as f64)
}

/// Reads 1 to 14 lower-case digits; trailing zeros may have been left out.
fn threshold(digits: &str) -> Option<u64> {
    let valid = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if !valid || digits.len() > DIGITS {
        return None;
    }
    let value = u64::from_str_radix(digits, 16).ok()?;
    Some(value << (4 * (DIGITS - digits.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(trace_state: &str, expected: f64) {
        let weight = weight(trace_state);
        assert!((weight / expected - 1.0).abs() < 1e-9, "{trace_state}: {weight}");
    }

    #[test]
    fn a_threshold_weights_by_the_inverse_of_its_probability() {
        check("ot=th:0", 1.0);
        check("ot=th:8", 2.0);
        check("ot=th:c", 4.0);
        check("vendor=x, ot=rv:abcdef01234567;th:fd70a4,other=y", 16_777_216.0 / 167_772.0);
        check("ot=th:ffffffffffffff", FULL as f64);
    }

    #[test]
    fn what_is_no_threshold_weights_nothing() {
        for state in [
            "",
            "ot=",
            "ot=th:",
            "ot=th:C",
            "ot=th:+8",
            "ot=th:123456789012345",
            "x=th:8",
            "ot=p:3",
        ] {
            check(state, 1.0);
        }
    }
}
