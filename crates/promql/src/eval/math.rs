//! Functions of single numbers.

/// The function of a name, where it takes each value for itself.
pub(super) fn function(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sgn" => sign,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "deg" => f64::to_degrees,
        "rad" => f64::to_radians,
        _ => return None,
    })
}

/// 1, -1, or what else the value is: 0 or NaN.
fn sign(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        value
    }
}

/// To the nearest multiple; of two as near the greater.
pub(super) fn round(value: f64, to: f64) -> f64 {
    // By the inverse, which is exact for multiples such as 0.1.
    let inverse = 1.0 / to;
    (value * inverse + 0.5).floor() / inverse
}

/// The greater of two; NaN where either is.
pub(super) fn at_least(value: f64, least: f64) -> f64 {
    if value.is_nan() || least.is_nan() { f64::NAN } else { value.max(least) }
}

/// The lesser of two; NaN where either is.
pub(super) fn at_most(value: f64, most: f64) -> f64 {
    if value.is_nan() || most.is_nan() { f64::NAN } else { value.min(most) }
}
