//! Settings that say how much and how long.

use std::{fmt, time::Duration};

use toml::Value as Toml;

use super::Value;

/// A number of bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

const BYTE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

const TIME_UNITS: [(&str, u64); 5] =
    [("w", 7 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl ByteSize {
    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = in_largest_unit(self.0, &BYTE_UNITS);
        write!(f, "{count}{unit}")
    }
}

impl Value for ByteSize {
    const ALLOWED: &'static str = "a size of at least one byte such as 512MiB, 4GiB or 1000000";

    fn parse(text: &str) -> Option<Self> {
        let bytes = with_unit(text, &BYTE_UNITS).or_else(|| text.parse().ok())?;
        (bytes > 0).then_some(Self(bytes))
    }

    fn to_toml(&self) -> Toml {
        Toml::String(self.to_string())
    }
}

/// How much memory the process plans with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// By what the machine has.
    Auto,
    Bytes(ByteSize),
}

impl Value for MemoryLimit {
    const ALLOWED: &'static str = "auto, or a size such as 512MiB, 4GiB or 1000000000";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            size => ByteSize::parse(size).map(Self::Bytes),
        }
    }

    fn to_toml(&self) -> Toml {
        match self {
            Self::Auto => Toml::String("auto".to_owned()),
            Self::Bytes(size) => size.to_toml(),
        }
    }
}

/// Whole seconds, at least one.
impl Value for Duration {
    const ALLOWED: &'static str =
        "a length of time of at least a second such as 90s, 30m, 24h, 14d or 2w";

    fn parse(text: &str) -> Option<Self> {
        let seconds = with_unit(text, &TIME_UNITS)?;
        (seconds > 0).then_some(Self::from_secs(seconds))
    }

    fn to_toml(&self) -> Toml {
        // Days read better than weeks: 14d, not 2w.
        let (count, unit) = in_largest_unit(self.as_secs(), &TIME_UNITS[1..]);
        Toml::String(format!("{count}{unit}"))
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let (_, size) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    count.parse::<u64>().ok()?.checked_mul(*size)
}

fn in_largest_unit(amount: u64, units: &[(&'static str, u64)]) -> (u64, &'static str) {
    let fitting = units.iter().find(|(_, size)| amount.is_multiple_of(*size));
    let (unit, size) = fitting.expect("every amount is a multiple of the last unit, which is 1");
    (amount / size, unit)
}
