//! How counts are written: whole ones without a fraction, since most are whole and people read them.

use serde::Serializer;

/// Whole numbers above this are not exact in an `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn count<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && value.abs() < EXACT {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    #[derive(Serialize)]
    struct Counted(#[serde(serialize_with = "super::count")] f64);

    #[test]
    fn a_whole_count_has_no_fraction_and_a_sampled_one_keeps_it() {
        let text = |value| serde_json::to_string(&Counted(value)).unwrap();
        assert_eq!([text(12.0), text(12.5), text(-1.0)], ["12", "12.5", "-1"]);
    }
}
