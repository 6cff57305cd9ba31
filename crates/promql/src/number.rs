//! Numbers, instants and durations as Prometheus' HTTP API writes and reads them.

use std::fmt::Write;

/// A value as the API has it: as few digits as tell it from every other double, an exponent only beyond 1e21 and below
/// 1e-6.
pub fn text(value: f64) -> String {
    let mut out = String::new();
    write_text(value, &mut out);
    out
}

/// Appends what [`text`] gives.
pub fn write_text(value: f64, out: &mut String) {
    let size = value.abs();
    let written = if size != 0.0 && size.is_finite() && !(1e-6..1e21).contains(&size) {
        write_exponent(value, out)
    } else {
        return write_plain(value, out);
    };
    written.expect("a String takes everything");
}

/// Appends a value without an exponent, as `count_values` makes labels of it.
pub(crate) fn write_plain(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        write!(out, "{value}").expect("a String takes everything");
    }
}

/// An exponent has a sign and two digits at least.
fn write_exponent(value: f64, out: &mut String) -> std::fmt::Result {
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    write!(out, "{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// Reads an upper bound or a value.
pub(crate) fn read(text: &str) -> Option<f64> {
    match text {
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        text => text.parse().ok(),
    }
}

/// Reads an instant, Unix seconds or RFC 3339, as Unix milliseconds.
pub fn read_time(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return millis(seconds);
    }
    let format = &time::format_description::well_known::Rfc3339;
    let at = time::OffsetDateTime::parse(text, format).ok()?;
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// Reads a duration, seconds or as `1h30m`, as milliseconds above 0.
pub fn read_duration(text: &str) -> Option<i64> {
    let millis = match text.parse::<f64>() {
        Ok(seconds) => millis(seconds)?,
        Err(_) => {
            let duration = promql_parser::util::parse_duration(text).ok()?;
            i64::try_from(duration.as_millis()).ok()?
        }
    };
    (millis > 0).then_some(millis)
}

/// Beyond any date, and far from where sums of instants would overflow.
const MOST_SECONDS: f64 = 9e12;

fn millis(seconds: f64) -> Option<i64> {
    (seconds.abs() <= MOST_SECONDS).then(|| (seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (value, said) in [
            (0.0, "0"),
            (-0.5, "-0.5"),
            (1e6, "1000000"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (1e-6, "0.000001"),
            (2.5e-7, "2.5e-07"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(text(value), said);
        }
        for bound in ["+Inf", "-Inf", "0.005", "1e+06"] {
            assert!(read(bound).is_some(), "{bound}");
        }
        assert_eq!(read("x"), None);
    }

    #[test]
    fn instants_and_durations_are_seconds_or_what_people_write() {
        assert_eq!(read_time("1435781451.781"), Some(1_435_781_451_781));
        assert_eq!(read_time("2015-07-01T20:10:51.781Z"), Some(1_435_781_451_781));
        assert_eq!(read_time("1e3"), Some(1_000_000));
        for wrong in ["", "yesterday", "NaN", "Inf", "1e300"] {
            assert_eq!(read_time(wrong), None, "{wrong}");
        }
        assert_eq!(read_duration("15"), Some(15_000));
        assert_eq!(read_duration("0.5"), Some(500));
        assert_eq!(read_duration("1h30m"), Some(5_400_000));
        for wrong in ["", "0", "-5", "5 minutes", "NaN"] {
            assert_eq!(read_duration(wrong), None, "{wrong}");
        }
    }
}
