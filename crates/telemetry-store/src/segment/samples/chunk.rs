//! Samples of one series, one after the other, as few bytes as their regularity allows.
//!
//! Format 2: a byte whose low two bits say how the times follow, the next three how the values do; then the times, then the
//! values. How many there are and the first time stand beside it. Numbers are varints, signed ones in zigzag.
//! - Times (Unix milliseconds): one step for all, or a first step and then the changes of it.
//! - Values that are decimal numbers of few places: a byte with the places, the first as an integer, then differences, or
//!   changes of the difference (counters that rise steadily), or how far each difference is above the least of them, in as
//!   many bits as the largest needs (not in format 1); whichever is shorter; or one for all.
//! - Other values: 64 bits, each combined with the one before by exclusive or, of which the bytes between the outer zero
//!   bytes are written (after "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015, in whole bytes).
//! - Distributions: count and buckets as differences from the one before; bounds where they change.

use model::{
    distribution::{Buckets, Distribution},
    varint::{put, put_signed, take, take_signed, zigzag},
};

/// A chunk holds no more samples.
pub const MAX_SAMPLES: usize = 512;
/// Nor a distribution more buckets.
const MAX_BUCKETS: u64 = 4096;
/// Decimal places that are looked for.
const MAX_PLACES: u8 = 6;
/// Up to here every integer is a double of its own.
const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;

const TIMES: u8 = 0b11;
const ONE_STEP: u8 = 0;
const STEPS: u8 = 1;

const VALUES: u8 = 0b111 << 2;
const ONE_VALUE: u8 = 0;
const DIFFERENCES: u8 = 1 << 2;
const CHANGES: u8 = 2 << 2;
const BITS: u8 = 3 << 2;
const DISTRIBUTIONS: u8 = 4 << 2;
const PACKED: u8 = 5 << 2;

const SHAPE: u8 = 0b11;
const NO_BUCKETS: u8 = 0;
const SAME_BOUNDS: u8 = 1;
const NEW_BOUNDS: u8 = 2;
const EXPONENTIAL: u8 = 3;
const HAS_SUM: u8 = 1 << 2;
const HAS_MIN: u8 = 1 << 3;
const HAS_MAX: u8 = 1 << 4;

/// What was measured at some times; as many values as times.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Numbers(Vec<f64>),
    Distributions(Vec<Distribution>),
}

/// The samples of a series, by time.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Unix milliseconds, ascending; at least one.
    pub times: Vec<i64>,
    pub values: Values,
}

/// Appends a chunk of numbers.
pub(super) fn encode_numbers(times: &[i64], values: &[f64], out: &mut Vec<u8>) {
    let head = out.len();
    out.push(0);
    let mode = put_times(times, out);
    let values_mode = match places(values) {
        Some(places) => put_decimals(values, places, out),
        None => {
            put_bits(values, out);
            BITS
        }
    };
    out[head] = mode | values_mode;
}

/// Appends a chunk of distributions.
pub(super) fn encode_distributions<'d>(
    times: &[i64],
    values: impl Iterator<Item = &'d Distribution>,
    out: &mut Vec<u8>,
) {
    let head = out.len();
    out.push(0);
    out[head] = put_times(times, out) | DISTRIBUTIONS;
    let mut before = None;
    for value in values {
        put_distribution(value, before, out);
        before = Some(value);
    }
}

/// Reads a chunk of `count` samples the first of which is at `first_ms`; nothing where it is damaged.
pub(super) fn decode(count: usize, first_ms: i64, mut bytes: &[u8]) -> Option<Chunk> {
    let (&mode, rest) = bytes.split_first()?;
    bytes = rest;
    if count == 0 || count > MAX_SAMPLES {
        return None;
    }
    let times = take_times(mode & TIMES, count, first_ms, &mut bytes)?;
    let values = match mode & VALUES {
        ONE_VALUE | DIFFERENCES | CHANGES => {
            Values::Numbers(take_decimals(mode & VALUES, count, &mut bytes)?)
        }
        PACKED => Values::Numbers(take_packed_decimals(count, &mut bytes)?),
        BITS => Values::Numbers(take_bits(count, &mut bytes)?),
        DISTRIBUTIONS => {
            let mut all: Vec<Distribution> = Vec::with_capacity(count);
            for _ in 0..count {
                let next = take_distribution(all.last(), &mut bytes)?;
                all.push(next);
            }
            Values::Distributions(all)
        }
        _ => return None,
    };
    Some(Chunk { times, values })
}

fn put_times(times: &[i64], out: &mut Vec<u8>) -> u8 {
    let step = |at: usize| times[at].wrapping_sub(times[at - 1]);
    let Some(first) = (times.len() > 1).then(|| step(1)) else { return ONE_STEP };
    put_signed(out, first);
    if (2..times.len()).all(|at| step(at) == first) {
        return ONE_STEP;
    }
    (2..times.len()).for_each(|at| put_signed(out, step(at).wrapping_sub(step(at - 1))));
    STEPS
}

fn take_times(mode: u8, count: usize, first_ms: i64, bytes: &mut &[u8]) -> Option<Vec<i64>> {
    let mut times = Vec::with_capacity(count);
    times.push(first_ms);
    if count > 1 {
        let mut step = take_signed(bytes)?;
        let mut at = first_ms;
        for next in 1..count {
            if next > 1 && mode == STEPS {
                step = step.wrapping_add(take_signed(bytes)?);
            }
            at = at.wrapping_add(step);
            times.push(at);
        }
    }
    matches!(mode, ONE_STEP | STEPS).then_some(times)
}

/// How many decimal places all values have, if few and exactly.
fn places(values: &[f64]) -> Option<u8> {
    let mut places = 0;
    for &value in values {
        while !is_decimal(value, places) {
            places += 1;
            if places > MAX_PLACES {
                return None;
            }
        }
    }
    // One that has fewer places can be too large with more.
    values.iter().all(|value| is_decimal(*value, places)).then_some(places)
}

/// Whether a value is a decimal number of so many places, exactly.
pub(in crate::segment) fn is_decimal(value: f64, places: u8) -> bool {
    let integer = scaled(value, places);
    integer.abs() < MAX_INTEGER && unscaled(integer as i64, places).to_bits() == value.to_bits()
}

/// A decimal number of so many places as an integer.
pub(in crate::segment) fn scaled(value: f64, places: u8) -> f64 {
    (value * POWERS[usize::from(places)]).round()
}

/// What [`scaled`] was made of.
pub(in crate::segment) fn unscaled(integer: i64, places: u8) -> f64 {
    integer as f64 / POWERS[usize::from(places)]
}

const POWERS: [f64; MAX_PLACES as usize + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

fn put_decimals(values: &[f64], places: u8, out: &mut Vec<u8>) -> u8 {
    let mut integers = [0i64; MAX_SAMPLES];
    let integers = &mut integers[..values.len()];
    for (integer, value) in integers.iter_mut().zip(values) {
        *integer = scaled(*value, places) as i64;
    }
    out.push(places);
    put_signed(out, integers[0]);
    if values.iter().all(|value| value.to_bits() == values[0].to_bits()) {
        return ONE_VALUE;
    }
    let differences = || integers.windows(2).map(|pair| pair[1] - pair[0]);
    let changes = || {
        differences().scan(0, |before, difference| {
            let change = difference - *before;
            *before = difference;
            Some(change)
        })
    };
    let length = |numbers: &mut dyn Iterator<Item = i64>| numbers.map(signed_length).sum::<usize>();
    let (by_difference, by_change) = (length(&mut differences()), length(&mut changes()));
    let (least, most) = differences()
        .fold((i64::MAX, i64::MIN), |(least, most), next| (least.min(next), most.max(next)));
    let width = u64::BITS - most.abs_diff(least).leading_zeros();
    let packed = signed_length(least) + 1 + packed_length(integers.len() - 1, width);
    if packed < by_difference.min(by_change) {
        put_signed(out, least);
        out.push(width as u8);
        put_packed(differences().map(|difference| difference.abs_diff(least)), width, out);
        PACKED
    } else if by_change < by_difference {
        changes().for_each(|change| put_signed(out, change));
        CHANGES
    } else {
        differences().for_each(|difference| put_signed(out, difference));
        DIFFERENCES
    }
}

/// Bytes of a number as [`put_signed`] writes it.
fn signed_length(value: i64) -> usize {
    (u64::BITS - (zigzag(value) | 1).leading_zeros()).div_ceil(7) as usize
}

/// Bytes of so many numbers of `width` bits.
fn packed_length(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// Numbers of `width` bits, the first in the lowest bits.
fn put_packed(numbers: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    let (mut bits, mut filled) = (0u128, 0);
    for number in numbers {
        bits |= u128::from(number) << filled;
        filled += width;
        while filled >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        out.push(bits as u8);
    }
}

fn take_packed(count: usize, width: u32, bytes: &mut &[u8]) -> Option<Vec<u64>> {
    let (packed, rest) = bytes.split_at_checked(packed_length(count, width))?;
    *bytes = rest;
    let mut packed = packed.iter();
    let mask = (1u128 << width) - 1;
    let (mut bits, mut filled) = (0u128, 0);
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        while filled < width {
            bits |= u128::from(*packed.next()?) << filled;
            filled += 8;
        }
        numbers.push((bits & mask) as u64);
        bits >>= width;
        filled -= width;
    }
    Some(numbers)
}

fn take_packed_decimals(count: usize, bytes: &mut &[u8]) -> Option<Vec<f64>> {
    let (&places, rest) = bytes.split_first()?;
    *bytes = rest;
    if places > MAX_PLACES {
        return None;
    }
    let mut integer = take_signed(bytes)?;
    let least = take_signed(bytes)?;
    let (&width, rest) = bytes.split_first()?;
    *bytes = rest;
    if u32::from(width) > u64::BITS {
        return None;
    }
    let differences = take_packed(count - 1, width.into(), bytes)?;
    let mut values = Vec::with_capacity(count);
    values.push(unscaled(integer, places));
    for difference in differences {
        integer = integer.wrapping_add(least.wrapping_add_unsigned(difference));
        values.push(unscaled(integer, places));
    }
    Some(values)
}

fn take_decimals(mode: u8, count: usize, bytes: &mut &[u8]) -> Option<Vec<f64>> {
    let (&places, rest) = bytes.split_first()?;
    *bytes = rest;
    if places > MAX_PLACES {
        return None;
    }
    let mut integer = take_signed(bytes)?;
    let mut values = Vec::with_capacity(count);
    values.push(unscaled(integer, places));
    let mut difference = 0i64;
    for _ in 1..count {
        match mode {
            DIFFERENCES => difference = take_signed(bytes)?,
            CHANGES => difference = difference.wrapping_add(take_signed(bytes)?),
            _ => {}
        }
        integer = integer.wrapping_add(difference);
        values.push(unscaled(integer, places));
    }
    Some(values)
}

fn put_bits(values: &[f64], out: &mut Vec<u8>) {
    let mut before = 0;
    for value in values {
        let bits = value.to_bits();
        put_xor(bits ^ before, out);
        before = bits;
    }
}

fn take_bits(count: usize, bytes: &mut &[u8]) -> Option<Vec<f64>> {
    let mut values = Vec::with_capacity(count);
    let mut bits = 0;
    for _ in 0..count {
        bits ^= take_xor(bytes)?;
        values.push(f64::from_bits(bits));
    }
    Some(values)
}

/// A byte with the number of zero bytes above and below, then the bytes between.
pub(in crate::segment) fn put_xor(bits: u64, out: &mut Vec<u8>) {
    if bits == 0 {
        out.push(8 << 4);
        return;
    }
    let (above, below) = (bits.leading_zeros() / 8, bits.trailing_zeros() / 8);
    out.push((above << 4 | below) as u8);
    out.extend_from_slice(&bits.to_be_bytes()[above as usize..8 - below as usize]);
}

/// Takes what [`put_xor`] wrote off the front; nothing where it is damaged.
pub(in crate::segment) fn take_xor(bytes: &mut &[u8]) -> Option<u64> {
    let (&zeros, rest) = bytes.split_first()?;
    let (above, below) = (usize::from(zeros >> 4), usize::from(zeros & 0xf));
    let length = 8usize.checked_sub(above + below)?;
    let (between, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    let mut all = [0; 8];
    all[above..above + length].copy_from_slice(between);
    Some(u64::from_be_bytes(all))
}

pub(super) fn put_distribution(
    value: &Distribution,
    before: Option<&Distribution>,
    out: &mut Vec<u8>,
) {
    let shape = match (&value.buckets, before.map(|before| &before.buckets)) {
        (Buckets::None, _) => NO_BUCKETS,
        (Buckets::Exponential { .. }, _) => EXPONENTIAL,
        (
            Buckets::Explicit { bounds, counts },
            Some(Buckets::Explicit { bounds: old_bounds, counts: old }),
        ) if bounds == old_bounds && counts.len() == old.len() => SAME_BOUNDS,
        (Buckets::Explicit { .. }, _) => NEW_BOUNDS,
    };
    let has = |value: Option<f64>, flag: u8| if value.is_some() { flag } else { 0 };
    let sums = has(value.sum, HAS_SUM) | has(value.min, HAS_MIN) | has(value.max, HAS_MAX);
    out.push(shape | sums);
    put_difference(value.count, before.map_or(0, |before| before.count), out);
    let old = |of: fn(&Distribution) -> Option<f64>| before.and_then(of).map_or(0, f64::to_bits);
    for (number, old) in [
        (value.sum, old(|before| before.sum)),
        (value.min, old(|before| before.min)),
        (value.max, old(|before| before.max)),
    ] {
        if let Some(number) = number {
            put_xor(number.to_bits() ^ old, out);
        }
    }
    match &value.buckets {
        Buckets::None => {}
        Buckets::Explicit { bounds, counts } => {
            let old: &[u64] = match before.map(|before| &before.buckets) {
                Some(Buckets::Explicit { counts, .. }) if shape == SAME_BOUNDS => counts,
                _ => &[],
            };
            if shape == NEW_BOUNDS {
                put(out, bounds.len() as u64);
                bounds.iter().for_each(|bound| put_xor(bound.to_bits(), out));
            }
            for (at, count) in counts.iter().enumerate() {
                put_difference(*count, old.get(at).copied().unwrap_or(0), out);
            }
        }
        Buckets::Exponential { scale, zero, counts } => {
            put_signed(out, i64::from(*scale));
            put(out, *zero);
            put(out, counts.len() as u64);
            let mut before = 0;
            for (index, count) in counts {
                put_signed(out, i64::from(*index) - before);
                put(out, *count);
                before = i64::from(*index);
            }
        }
    }
}

pub(super) fn take_distribution(
    before: Option<&Distribution>,
    bytes: &mut &[u8],
) -> Option<Distribution> {
    let (&mode, rest) = bytes.split_first()?;
    *bytes = rest;
    let count = take_difference(before.map_or(0, |before| before.count), bytes)?;
    let mut number = |flag: u8, old: Option<f64>| -> Option<Option<f64>> {
        if mode & flag == 0 {
            return Some(None);
        }
        Some(Some(f64::from_bits(take_xor(bytes)? ^ old.map_or(0, f64::to_bits))))
    };
    let sum = number(HAS_SUM, before.and_then(|before| before.sum))?;
    let min = number(HAS_MIN, before.and_then(|before| before.min))?;
    let max = number(HAS_MAX, before.and_then(|before| before.max))?;
    let buckets = match mode & SHAPE {
        NO_BUCKETS => Buckets::None,
        EXPONENTIAL => take_exponential(bytes)?,
        SAME_BOUNDS => {
            let Buckets::Explicit { bounds, counts } = &before?.buckets else { return None };
            let counts = counts.iter().map(|old| take_difference(*old, bytes));
            Buckets::Explicit { counts: counts.collect::<Option<_>>()?, bounds: bounds.clone() }
        }
        _ => {
            let length = take(bytes).filter(|length| *length <= MAX_BUCKETS)?;
            let bounds: Option<Vec<f64>> =
                (0..length).map(|_| take_xor(bytes).map(f64::from_bits)).collect();
            let counts: Option<Vec<u64>> =
                (0..=length).map(|_| take_difference(0, bytes)).collect();
            Buckets::Explicit { bounds: bounds?, counts: counts? }
        }
    };
    Some(Distribution { count, sum, min, max, buckets })
}

fn take_exponential(bytes: &mut &[u8]) -> Option<Buckets> {
    let scale = i32::try_from(take_signed(bytes)?).ok()?;
    let zero = take(bytes)?;
    let length = take(bytes).filter(|length| *length <= MAX_BUCKETS)?;
    let mut counts = Vec::new();
    let mut index = 0i64;
    for _ in 0..length {
        index = index.checked_add(take_signed(bytes)?)?;
        counts.push((i32::try_from(index).ok()?, take(bytes)?));
    }
    Some(Buckets::Exponential { scale, zero, counts })
}

fn put_difference(value: u64, before: u64, out: &mut Vec<u8>) {
    put_signed(out, value.wrapping_sub(before).cast_signed());
}

fn take_difference(before: u64, bytes: &mut &[u8]) -> Option<u64> {
    Some(before.wrapping_add(take_signed(bytes)?.cast_unsigned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(times: &[i64], values: &[f64]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_numbers(times, values, &mut out);
        out
    }

    fn read_numbers(times: &[i64], bytes: &[u8]) -> Vec<u64> {
        let chunk = decode(times.len(), times[0], bytes).expect("it is whole");
        assert_eq!(chunk.times, times);
        let Values::Numbers(values) = chunk.values else { panic!("not numbers") };
        values.into_iter().map(f64::to_bits).collect()
    }

    fn every_second(count: usize) -> Vec<i64> {
        (0..count as i64).map(|at| 1_700_000_000_000 + at * 1000).collect()
    }

    #[test]
    fn regular_samples_take_about_a_byte_or_none() {
        let times = every_second(200);
        assert!(numbers(&times, &[42.0; 200]).len() < 8);
        let counter: Vec<f64> = (0..200).map(|at| f64::from(at * 1000)).collect();
        assert!(numbers(&times, &counter).len() < 220);
        let walk: Vec<f64> = (0..200).map(|at| f64::from(5000 + at * 7 % 50) / 100.0).collect();
        assert!(numbers(&times, &walk).len() < 260, "{}", numbers(&times, &walk).len());
    }

    #[test]
    fn odd_values_come_back_bit_by_bit() {
        let values = [
            0.0,
            -0.0,
            f64::NAN,
            f64::INFINITY,
            f64::MIN_POSITIVE,
            1e300,
            -1e-300,
            0.1,
            1e15,
            0.000_001,
            f64::from_bits(0x7ff0_0000_0000_0002),
        ];
        for count in 1..=values.len() {
            for start in 0..=values.len() - count {
                let (times, values) = (every_second(count), &values[start..start + count]);
                let expected: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
                assert_eq!(read_numbers(&times, &numbers(&times, values)), expected);
            }
        }
    }

    fn any_distribution() -> impl Strategy<Value = Distribution> {
        let buckets = prop_oneof![
            Just(Buckets::None),
            (0usize..3, prop::collection::vec(any::<u64>(), 3)).prop_map(|(shape, counts)| {
                let bounds: &[f64] = [&[][..], &[1.0], &[0.5, 2.5]][shape];
                Buckets::Explicit { bounds: bounds.to_vec(), counts: counts[..=shape].to_vec() }
            }),
            (-10..=20, any::<u64>(), prop::collection::vec((any::<i32>(), any::<u64>()), 0..4))
                .prop_map(|(scale, zero, counts)| Buckets::Exponential { scale, zero, counts }),
        ];
        let number = || prop::option::of(-1e9f64..1e9);
        (any::<u64>(), number(), number(), number(), buckets).prop_map(
            |(count, sum, min, max, buckets)| Distribution { count, sum, min, max, buckets },
        )
    }

    proptest! {
        #[test]
        fn numbers_come_back(rows in prop::collection::vec((any::<i64>(), prop_oneof![
            any::<f64>(), (-100_000i32..100_000).prop_map(|value| f64::from(value) / 100.0), Just(7.0)]), 1..60)) {
            let (mut times, values): (Vec<i64>, Vec<f64>) = rows.into_iter().unzip();
            times.sort_unstable();
            let expected: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(read_numbers(&times, &numbers(&times, &values)), expected);
        }

        #[test]
        fn distributions_come_back(values in prop::collection::vec(any_distribution(), 1..10)) {
            let times = every_second(values.len());
            let mut out = Vec::new();
            encode_distributions(&times, values.iter(), &mut out);
            prop_assert_eq!(
                decode(times.len(), times[0], &out),
                Some(Chunk { times, values: Values::Distributions(values) })
            );
        }

        #[test]
        fn damage_is_no_panic(count in 0usize..600, bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            decode(count, 0, &bytes);
        }
    }
}
