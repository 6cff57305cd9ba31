//! Repeatable random numbers: SplitMix64. Chosen because its output is a bijection of a counter, so ids drawn
//! from one stream never repeat, and because its sequence will not change with a library's version. Not for secrets.

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

#[derive(Debug, Clone)]
pub(crate) struct Draws {
    state: u64,
}

impl Draws {
    /// Streams of one seed do not overlap for 2^40 draws each, for up to 2^24 streams.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let position = mix(seed.wrapping_add(1)).wrapping_add(stream << 40);
        Self { state: position.wrapping_mul(STEP) }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number below `bound`; the bias of the multiply-shift is far below what a load test could notice.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// True in `share` (0 to 1) of the draws.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 <= share && share > 0.0
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Draws;
    use std::collections::HashSet;

    #[test]
    fn streams_of_one_seed_never_share_a_number() {
        let mut seen = HashSet::new();
        for stream in 0..8 {
            let mut draws = Draws::new(7, stream);
            assert!(
                (0..10_000).all(|_| seen.insert(draws.next())),
                "stream {stream} repeats a number"
            );
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let take = |seed| {
            let mut draws = Draws::new(seed, 3);
            (0..5).map(|_| draws.next()).collect::<Vec<_>>()
        };
        assert_eq!(take(42), take(42));
        assert_ne!(take(42), take(43));
    }
}
