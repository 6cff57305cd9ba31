//! How a sample is told by the one before of its series.
//!
//! A byte: the role in the lowest two bits, then whether the time is as far from the one before as that one was from its own,
//! then how the value follows. Then the step in milliseconds, unless it is the same, and what the value needs.

use model::varint::{put_signed, take_signed};

use super::super::{
    super::samples::chunk::{is_decimal, put_xor, scaled, take_xor, unscaled},
    CountedSample, Role,
};

/// Decimal places that are looked for: a head has no time for more.
const MAX_PLACES: u8 = 3;

const ROLE: u8 = 0b11;
const SAME_STEP: u8 = 1 << 2;
const VALUE: u8 = 0b11 << 3;
/// Bit by bit.
const SAME_VALUE: u8 = 0;
/// A difference of integers, at the same decimal places.
const DIFFERENCE: u8 = 1 << 3;
/// Decimal places and an integer.
const DECIMAL: u8 = 2 << 3;
/// By exclusive or.
const BITS: u8 = 3 << 3;

/// The sample before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    at_ms: i64,
    value: f64,
    /// From the one before it; 0 where that is too far.
    step_ms: i32,
    /// Those of the value.
    places: Option<u8>,
}

impl State {
    /// Appends the next sample.
    pub(super) fn put(&mut self, sample: &CountedSample, out: &mut Vec<u8>) {
        let at_ms = sample.at_ms();
        let step_ms = at_ms.wrapping_sub(self.at_ms);
        let head = out.len();
        out.push(0);
        let mut mode = sample.role() as u8;
        if step_ms == i64::from(self.step_ms) {
            mode |= SAME_STEP;
        } else {
            put_signed(out, step_ms);
        }
        out[head] = mode | self.put_value(sample.value, out);
        self.moved(at_ms, step_ms);
    }

    /// Takes the next sample off the front; nothing where it is damaged.
    pub(super) fn take(&mut self, series: u64, bytes: &mut &[u8]) -> Option<CountedSample> {
        let (&mode, rest) = bytes.split_first()?;
        *bytes = rest;
        let is_same = mode & SAME_STEP != 0;
        let step_ms = if is_same { i64::from(self.step_ms) } else { take_signed(bytes)? };
        self.take_value(mode & VALUE, bytes)?;
        self.moved(self.at_ms.wrapping_add(step_ms), step_ms);
        Some(CountedSample::new(series, self.at_ms, self.value, Role::of(mode & ROLE)))
    }

    fn moved(&mut self, at_ms: i64, step_ms: i64) {
        (self.at_ms, self.step_ms) = (at_ms, i32::try_from(step_ms).unwrap_or_default());
    }

    fn put_value(&mut self, value: f64, out: &mut Vec<u8>) -> u8 {
        let before = std::mem::replace(&mut self.value, value);
        if value.to_bits() == before.to_bits() {
            return SAME_VALUE;
        }
        if let Some(places) = self.places
            && is_decimal(value, places)
        {
            put_signed(out, scaled(value, places) as i64 - scaled(before, places) as i64);
            return DIFFERENCE;
        }
        self.places = (0..=MAX_PLACES).find(|places| is_decimal(value, *places));
        match self.places {
            Some(places) => {
                out.push(places);
                put_signed(out, scaled(value, places) as i64);
                DECIMAL
            }
            None => {
                put_xor(value.to_bits() ^ before.to_bits(), out);
                BITS
            }
        }
    }

    fn take_value(&mut self, mode: u8, bytes: &mut &[u8]) -> Option<()> {
        match mode {
            SAME_VALUE => {}
            DIFFERENCE => {
                let places = self.places?;
                let integer = (scaled(self.value, places) as i64).wrapping_add(take_signed(bytes)?);
                self.value = unscaled(integer, places);
            }
            DECIMAL => {
                let (&places, rest) = bytes.split_first().filter(|(at, _)| **at <= MAX_PLACES)?;
                *bytes = rest;
                self.places = Some(places);
                self.value = unscaled(take_signed(bytes)?, places);
            }
            _ => {
                self.places = None;
                self.value = f64::from_bits(self.value.to_bits() ^ take_xor(bytes)?);
            }
        }
        Some(())
    }
}
