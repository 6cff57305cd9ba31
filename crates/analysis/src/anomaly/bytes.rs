//! A series' state as bytes: every field, little-endian, in one order. What reads it back gives the same verdicts, bit by bit.
//!
//! Whoever stores many of them adds the checksum.

use super::{kind::Kind, load::Load, series::Series};

/// The first byte; another order of fields is another version.
const VERSION: u8 = 3;
/// Before version 2 nothing was known of how long surprise lasts, before version 3 nothing of the last jump, of how often an
/// anomaly came back and for how many points a series has been unusual. All else is as it was: nothing has to be learnt anew.
const WITHOUT_LASTING: u8 = 1;
const WITHOUT_RETURNS: u8 = 2;

/// Bytes that are no state of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadState {
    #[error(
        "a series' state has version {0}; this program reads versions {WITHOUT_LASTING} to {VERSION}"
    )]
    Version(u8),
    #[error("a series' state is cut short")]
    Short,
    #[error("a series' state goes on for {0} bytes behind its end")]
    Long(usize),
    #[error("a series' state names kind {0}, which there is not")]
    Kind(u8),
}

/// Puts fields one after another.
struct Writer<'b>(&'b mut Vec<u8>);
/// Takes them back in the same order.
struct Reader<'b>(&'b [u8]);

/// One walk over the fields serves both directions, so that they cannot disagree.
trait Walk {
    type Stop;
    fn bytes<const N: usize>(&mut self, bytes: &mut [u8; N]) -> Result<(), Self::Stop>;

    fn byte(&mut self, value: &mut u8) -> Result<(), Self::Stop> {
        let mut bytes = [*value];
        self.bytes(&mut bytes)?;
        *value = bytes[0];
        Ok(())
    }

    fn flag(&mut self, value: &mut bool) -> Result<(), Self::Stop> {
        let mut byte = u8::from(*value);
        self.byte(&mut byte)?;
        *value = byte != 0;
        Ok(())
    }

    fn short(&mut self, value: &mut u16) -> Result<(), Self::Stop> {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes)?;
        *value = u16::from_le_bytes(bytes);
        Ok(())
    }

    /// A byte that is stored as two, as it was in every version.
    fn small(&mut self, value: &mut u8) -> Result<(), Self::Stop> {
        let mut wide = u16::from(*value);
        self.short(&mut wide)?;
        *value = u8::try_from(wide).unwrap_or(u8::MAX);
        Ok(())
    }

    fn word(&mut self, value: &mut u32) -> Result<(), Self::Stop> {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes)?;
        *value = u32::from_le_bytes(bytes);
        Ok(())
    }

    fn number(&mut self, value: &mut f32) -> Result<(), Self::Stop> {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes)?;
        *value = f32::from_le_bytes(bytes);
        Ok(())
    }

    fn series(&mut self, s: &mut Series) -> Result<(), Self::Stop> {
        self.word(&mut s.last)?;
        self.word(&mut s.calm)?;
        self.number(&mut s.points)?;
        self.number(&mut s.step)?;
        let mut total = s.total.to_le_bytes();
        self.bytes(&mut total)?;
        s.total = f64::from_le_bytes(total);
        self.number(&mut s.burst)?;
        self.number(&mut s.drift)?;
        for (quantile, index) in s.tails.quantiles.iter_mut().zip(&mut s.tails.indices) {
            self.number(quantile)?;
            self.number(index)?;
        }
        self.model(s)?;
        self.episodes(s)
    }

    fn model(&mut self, s: &mut Series) -> Result<(), Self::Stop> {
        let m = &mut s.model;
        let Load { mean, variance, covariance } = &mut m.load;
        for number in [&mut m.level, &mut m.seasonal_level, mean, variance, covariance] {
            self.number(number)?;
        }
        for number in m.off.iter_mut().chain(&mut m.weekend_off) {
            self.number(number)?;
        }
        let others = [&mut m.follow, &mut m.jump, &mut m.peak, &mut m.resolution, &mut m.previous];
        for number in others {
            self.number(number)?;
        }
        self.number(&mut m.season.unit)?;
        for knot in m.season.knots.as_flattened_mut() {
            let mut bytes = knot.to_le_bytes();
            self.bytes(&mut bytes)?;
            *knot = i16::from_le_bytes(bytes);
        }
        for hours in &mut m.season.hours {
            self.byte(hours)?;
        }
        for spread in &mut m.spread {
            self.short(spread)?;
        }
        self.number(&mut m.hour_sum)?;
        self.number(&mut m.hour_size)?;
        self.small(&mut m.hour_points)?;
        self.small(&mut m.hour)?;
        self.flag(&mut m.seasonal)?;
        self.flag(&mut m.weekends)
    }

    fn episodes(&mut self, s: &mut Series) -> Result<(), Self::Stop> {
        let e = &mut s.episodes;
        let numbers = [
            &mut e.count,
            &mut e.days,
            &mut e.excess,
            &mut e.peak,
            &mut e.told,
            &mut e.quiet,
            &mut e.previous,
            &mut e.uncritical,
        ];
        for number in numbers {
            self.number(number)?;
        }
        self.short(&mut e.open_points)?;
        self.byte(&mut e.recent)?;
        self.byte(&mut e.level)?;
        self.flag(&mut e.opened)?;
        self.word(&mut e.onset)
    }

    fn returns(&mut self, s: &mut Series) -> Result<(), Self::Stop> {
        self.number(&mut s.model.last_jump)?;
        self.byte(&mut s.episodes.reopened)?;
        self.short(&mut s.unusual)
    }
}

impl Walk for Writer<'_> {
    type Stop = std::convert::Infallible;

    fn bytes<const N: usize>(&mut self, bytes: &mut [u8; N]) -> Result<(), Self::Stop> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

impl Walk for Reader<'_> {
    type Stop = BadState;

    fn bytes<const N: usize>(&mut self, bytes: &mut [u8; N]) -> Result<(), BadState> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(BadState::Short)?;
        *bytes = *first;
        self.0 = rest;
        Ok(())
    }
}

impl Series {
    /// Adds the state to `out`.
    pub fn to_bytes(&self, out: &mut Vec<u8>) {
        out.extend([VERSION, self.kind.number()]);
        let mut state = self.clone();
        let Ok(()) = Writer(out).series(&mut state);
        let Ok(()) = Writer(out).number(&mut state.episodes.lasting);
        let Ok(()) = Writer(out).returns(&mut state);
    }

    /// Reads a state back.
    ///
    /// # Errors
    /// When the bytes are of another version, or not exactly one state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Series, BadState> {
        let [version, kind, rest @ ..] = bytes else { return Err(BadState::Short) };
        if !(WITHOUT_LASTING..=VERSION).contains(version) {
            return Err(BadState::Version(*version));
        }
        let kind = Kind::of_number(*kind).ok_or(BadState::Kind(*kind))?;
        let mut series = Series::new(kind, &super::Config::default());
        let mut reader = Reader(rest);
        reader.series(&mut series)?;
        if *version > WITHOUT_LASTING {
            reader.number(&mut series.episodes.lasting)?;
        }
        if *version > WITHOUT_RETURNS {
            reader.returns(&mut series)?;
        }
        match reader.0.len() {
            0 => Ok(series),
            behind => Err(BadState::Long(behind)),
        }
    }
}
