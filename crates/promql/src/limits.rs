//! What one query may take.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::Error;

/// What one query may take. All of it together bounds its memory: a sample takes 16 bytes, a point of a result 8.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Series that its selectors find.
    pub series: usize,
    /// Samples that it reads.
    pub samples: usize,
    /// Points that any part of it results in: series times steps.
    pub points: usize,
    /// Set when nobody waits for the answer any more.
    pub stop: Arc<AtomicBool>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { series: 50_000, samples: 4_000_000, points: 4_000_000, stop: Arc::default() }
    }
}

/// What a sample takes while it is read, worked on and answered, in bytes: some of it is there twice for a moment.
const SAMPLE: usize = 32;
/// And a series: labels, and room for its samples.
const SERIES: usize = 1024;

impl Limits {
    /// Of a query that may take so many bytes of memory.
    pub fn of_memory(bytes: usize) -> Limits {
        let samples = bytes / 2 / SAMPLE;
        Limits { series: bytes / 4 / SERIES, samples, points: samples, ..Limits::default() }
    }

    /// Whether results of so many series at so many steps may be made.
    pub(crate) fn points(&self, series: usize, steps: usize) -> Result<(), Error> {
        let (what, most) = ("make too many points", self.points);
        let instead = "ask for a shorter range, a wider step, or fewer series by more matchers";
        if series.saturating_mul(steps) > most {
            return Err(Error::TooLarge { what, most, instead });
        }
        self.go_on()
    }

    pub(crate) fn too_many_series(&self) -> Error {
        let instead = "select fewer by more matchers";
        Error::TooLarge { what: "select too many series", most: self.series, instead }
    }

    pub(crate) fn too_many_samples(&self) -> Error {
        let instead = "ask for a shorter range, or select fewer series by more matchers";
        Error::TooLarge { what: "read too many samples", most: self.samples, instead }
    }

    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// An error once nobody waits for the answer any more.
    pub(crate) fn go_on(&self) -> Result<(), Error> {
        if self.is_over() { Err(Error::Stopped) } else { Ok(()) }
    }
}
