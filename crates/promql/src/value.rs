//! What expressions result in.

use model::remote_write::ENDED;

use crate::labels::Labels;

/// No value: at a step, which is told by the same bits, or as a sample that says that its series has ended.
pub const ABSENT: f64 = f64::from_bits(ENDED);

/// Whether it is [`ABSENT`]; other NaNs are values.
pub fn is_absent(value: f64) -> bool {
    value.to_bits() == ENDED
}

/// The instants at which an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Unix milliseconds of the first.
    pub start_ms: i64,
    /// From one to the next; above 0.
    pub step_ms: i64,
    /// How many; at least one.
    pub count: usize,
    /// Unix milliseconds of the end that was asked for, which no step need fall on.
    pub until_ms: i64,
}

impl Steps {
    /// One instant, Unix milliseconds.
    pub fn one(at_ms: i64) -> Steps {
        Steps { start_ms: at_ms, step_ms: 1, count: 1, until_ms: at_ms }
    }

    /// Unix milliseconds of a step.
    pub fn at(&self, step: usize) -> i64 {
        self.start_ms + self.step_ms * step as i64
    }

    /// Unix milliseconds of the last one.
    pub fn end_ms(&self) -> i64 {
        self.at(self.count - 1)
    }

    /// All instants.
    pub fn iter(&self) -> impl Iterator<Item = i64> + use<> {
        let steps = *self;
        (0..steps.count).map(move |step| steps.at(step))
    }
}

/// A series with a value, or [`ABSENT`], at each step.
#[derive(Clone, Debug, PartialEq)]
pub struct Stepped {
    pub labels: Labels,
    pub values: Vec<f64>,
}

impl Stepped {
    /// The values that are there, with their steps.
    pub fn present(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.values.iter().copied().enumerate().filter(|(_, value)| !is_absent(*value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.iter().all(|value| is_absent(*value))
    }

    /// The same labels, with what `of` makes of each value.
    pub(crate) fn map(&mut self, of: impl Fn(f64) -> f64) {
        self.values.iter_mut().filter(|value| !is_absent(**value)).for_each(|v| *v = of(*v));
    }
}

/// A series with the samples of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    pub labels: Labels,
    /// Unix milliseconds, ascending, none twice.
    pub samples: Vec<(i64, f64)>,
}

/// What an expression results in.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One number a step.
    Scalar(Vec<f64>),
    Text(String),
    Vector(Vec<Stepped>),
    /// Only of one step.
    Matrix(Vec<Sampled>),
}
