//! Quantiles of values.

/// The value below which a share of the values lies, between two of them in proportion; NaN of none, and infinite for
/// shares outside 0 to 1. Leaves the values in order.
pub(super) fn quantile(share: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || share.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&share) {
        return if share < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // NaNs are the least.
    values.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
    let rank = share * (values.len() - 1) as f64;
    let below = rank.floor();
    let at = below as usize;
    let above = (at + 1).min(values.len() - 1);
    values[at] * (1.0 - (rank - below)) + values[above] * (rank - below)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_lies_between_two_values_in_proportion() {
        let of = |share| quantile(share, &mut [3.0, 1.0, 2.0, 10.0]);
        assert_eq!([of(0.0), of(0.5), of(0.75), of(1.0)], [1.0, 2.5, 4.75, 10.0]);
        assert_eq!([of(-0.1), of(1.1)], [f64::NEG_INFINITY, f64::INFINITY]);
        assert!(of(f64::NAN).is_nan() && quantile(0.5, &mut []).is_nan());
        assert_eq!(quantile(1.0, &mut [1.0, f64::NAN]), 1.0);
    }
}
