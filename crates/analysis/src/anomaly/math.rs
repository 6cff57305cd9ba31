//! Logarithm and power as the same bits on every machine: the C library's differ in their last digits.

/// log₂ of a positive, finite number, to about 2e-6: the exponent's bits and a series of the mantissa's
/// (atanh series, <https://en.wikipedia.org/wiki/Logarithm#Inverse_hyperbolic_tangent>).
pub(super) fn log2(x: f32) -> f32 {
    let bits = x.max(f32::MIN_POSITIVE).to_bits();
    let mut exponent = (bits >> 23) as i32 - 127;
    let mut mantissa = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    if mantissa > std::f32::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let t2 = t * t;
    let series = t * (2.0 + t2 * (2.0 / 3.0 + t2 * (0.4 + t2 * (2.0 / 7.0))));
    exponent as f32 + series * std::f32::consts::LOG2_E
}

pub(super) fn ln(x: f32) -> f32 {
    log2(x) * std::f32::consts::LN_2
}

/// 2ˣ, to about 1e-5, for |x| ≤ 120.
pub(super) fn exp2(x: f32) -> f32 {
    let x = x.clamp(-120.0, 120.0);
    let whole = x.floor();
    let f = (x - whole) * std::f32::consts::LN_2;
    let series = 1.0
        + f * (1.0
            + f * (0.5 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f / 720.0)))));
    series * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_power_agree_with_the_library_to_five_digits() {
        let mut x = 1e-30_f32;
        while x < 1e30 {
            assert!((log2(x) - x.log2()).abs() <= 4e-6 * x.log2().abs().max(1.0), "{x}");
            assert!((exp2(log2(x)) / x - 1.0).abs() < 1e-4, "{x}");
            x *= 1.37;
        }
        assert_eq!(log2(1.0), 0.0);
        assert_eq!(exp2(3.0), 8.0);
    }
}
