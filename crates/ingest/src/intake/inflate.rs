//! Undoing gzip, zstd and Snappy, to a cap that no ratio gets around.

use std::io::{self, BufRead, Read};

use super::budget::{NoRoom, Reservation};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Zstd,
    /// Snappy's block format, which remote write alone uses.
    Snappy,
}

impl Coding {
    /// The coding of a `Content-Encoding` or `grpc-encoding`, where it is taken.
    pub(super) fn from_name(name: &str) -> Option<Coding> {
        let name = name.trim();
        [("identity", Coding::Identity), ("gzip", Coding::Gzip), ("zstd", Coding::Zstd)]
            .into_iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .map(|(_, coding)| coding)
    }

    /// What is taken, as headers list it.
    pub(super) const NAMES: &'static str = "gzip, zstd, identity";
}

/// Why a body could not be inflated.
#[derive(Debug)]
pub(super) enum InflateError {
    /// More than the cap.
    TooBig,
    NoRoom(NoRoom),
    Damaged(io::Error),
}

/// zstd's own recommendation for what decoders take; larger windows cost their size in memory.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Paid for from the budget at a time.
const STEP: usize = 64 << 10;

/// Inflates `body`, all members or frames of it, to at most `cap` bytes, paying for them as they come.
pub(super) fn inflate(
    coding: Coding,
    body: &[u8],
    cap: usize,
    reservation: &mut Reservation,
) -> Result<Vec<u8>, InflateError> {
    match coding {
        Coding::Identity => read_all(body, cap, reservation),
        Coding::Gzip => read_all(flate2::bufread::MultiGzDecoder::new(body), cap, reservation),
        Coding::Zstd => {
            read_all(zstd_reader(body).map_err(InflateError::Damaged)?, cap, reservation)
        }
        Coding::Snappy => unsnap(body, cap, reservation),
    }
}

fn zstd_reader<R: BufRead>(body: R) -> io::Result<zstd::Decoder<'static, R>> {
    let mut decoder = zstd::Decoder::with_buffer(body)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}

/// A block says its length first.
fn unsnap(body: &[u8], cap: usize, reservation: &mut Reservation) -> Result<Vec<u8>, InflateError> {
    let damaged = |error: snap::Error| InflateError::Damaged(io::Error::other(error));
    let length = snap::raw::decompress_len(body).map_err(damaged)?;
    if length > cap {
        return Err(InflateError::TooBig);
    }
    reservation.grow(length).map_err(InflateError::NoRoom)?;
    snap::raw::Decoder::new().decompress_vec(body).map_err(damaged)
}

fn read_all(
    mut reader: impl Read,
    cap: usize,
    reservation: &mut Reservation,
) -> Result<Vec<u8>, InflateError> {
    let mut out = Vec::new();
    let mut paid = 0;
    loop {
        if out.len() == paid {
            reservation.grow(STEP).map_err(InflateError::NoRoom)?;
            paid += STEP;
        }
        let room = (paid - out.len()).min(cap + 1 - out.len()) as u64;
        let read =
            reader.by_ref().take(room).read_to_end(&mut out).map_err(InflateError::Damaged)?;
        if out.len() > cap {
            return Err(InflateError::TooBig);
        }
        if read == 0 {
            return Ok(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::intake::budget::Budget;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn encoded(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        match coding {
            Coding::Identity => bytes.to_vec(),
            Coding::Gzip => gzip(bytes),
            Coding::Zstd => zstd::encode_all(bytes, 3).unwrap(),
            Coding::Snappy => snap::raw::Encoder::new().compress_vec(bytes).unwrap(),
        }
    }

    #[test]
    fn what_was_compressed_comes_back() {
        let text: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
        let budget = Budget::new(10 << 20, daemon::memory::Guard::unlimited());
        for coding in [Coding::Identity, Coding::Gzip, Coding::Zstd, Coding::Snappy] {
            let mut reservation = budget.reservation();
            let body = encoded(coding, &text);
            let inflated = inflate(coding, &body, text.len(), &mut reservation).unwrap();
            assert_eq!(inflated, text, "{coding:?}");
            assert!(
                reservation.held() >= text.len() && reservation.held() <= text.len() + 2 * STEP
            );
        }
    }

    #[test]
    fn members_one_after_the_other_are_one_body() {
        let budget = Budget::new(1 << 20, daemon::memory::Guard::unlimited());
        for coding in [Coding::Gzip, Coding::Zstd] {
            let body = [encoded(coding, b"one "), encoded(coding, b"two")].concat();
            let inflated = inflate(coding, &body, 100, &mut budget.reservation()).unwrap();
            assert_eq!(inflated, b"one two", "{coding:?}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_cap_and_at_the_budget() {
        for coding in [Coding::Gzip, Coding::Zstd, Coding::Snappy] {
            let bomb = encoded(coding, &vec![0; 32 << 20]);
            let budget = Budget::new(4 << 20, daemon::memory::Guard::unlimited());
            let mut reservation = budget.reservation();
            let error = inflate(coding, &bomb, 1 << 20, &mut reservation).unwrap_err();
            assert!(matches!(error, InflateError::TooBig), "{coding:?} {error:?}");
            assert!(budget.held() <= (1 << 20) + STEP, "{}", budget.held());
            let error = inflate(coding, &bomb, 64 << 20, &mut reservation).unwrap_err();
            assert!(matches!(error, InflateError::NoRoom(_)), "{coding:?} {error:?}");
        }
    }

    #[test]
    fn damaged_and_cut_bodies_are_refused() {
        let budget = Budget::new(1 << 20, daemon::memory::Guard::unlimited());
        for coding in [Coding::Gzip, Coding::Zstd, Coding::Snappy] {
            let whole = encoded(coding, b"a text that is long enough to be cut");
            for body in [&whole[..whole.len() - 5], b"not compressed at all", &whole[..3]] {
                let error = inflate(coding, body, 1000, &mut budget.reservation()).unwrap_err();
                assert!(matches!(error, InflateError::Damaged(_)), "{coding:?} {body:?} {error:?}");
            }
        }
    }
}
