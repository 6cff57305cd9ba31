//! Repeatable draws: the Mersenne Twister (Matsumoto & Nishimura 1998, <https://doi.org/10.1145/272991.272995>), for published
//! random rows were drawn with it and can so be had again exactly.

const SIZE: usize = 624;
const SHIFT: usize = 397;

#[derive(Debug)]
pub(crate) struct Draws {
    state: Box<[u32; SIZE]>,
    next: usize,
}

impl Draws {
    /// Those of a seed, as `random.seed(seed)` makes them in Python: seeded by an array of one number.
    pub(crate) fn new(seed: u32) -> Draws {
        let mut state = Box::new([0_u32; SIZE]);
        state[0] = 19_650_218;
        for i in 1..SIZE {
            state[i] = mixed(state[i - 1], 1_812_433_253).wrapping_add(i as u32);
        }
        let mut i = 1;
        for _ in 0..SIZE {
            state[i] = (state[i] ^ mixed(state[i - 1], 1_664_525)).wrapping_add(seed);
            i = step(&mut state, i);
        }
        for _ in 0..SIZE - 1 {
            state[i] = (state[i] ^ mixed(state[i - 1], 1_566_083_941)).wrapping_sub(i as u32);
            i = step(&mut state, i);
        }
        state[0] = 0x8000_0000;
        Draws { state, next: SIZE }
    }

    /// A number in [0, 1) with 53 bits.
    pub(crate) fn unit(&mut self) -> f64 {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// A place below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    fn word(&mut self) -> u32 {
        if self.next == SIZE {
            self.turn();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn turn(&mut self) {
        for i in 0..SIZE {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % SIZE] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + SHIFT) % SIZE] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }
}

fn mixed(word: u32, factor: u32) -> u32 {
    (word ^ (word >> 30)).wrapping_mul(factor)
}

/// The next place of seeding; the first word is skipped and takes the last one's.
fn step(state: &mut [u32; SIZE], i: usize) -> usize {
    if i + 1 < SIZE {
        return i + 1;
    }
    state[0] = state[SIZE - 1];
    1
}

#[cfg(test)]
mod tests {
    use super::Draws;

    #[test]
    fn draws_are_pythons() {
        let mut draws = Draws::new(42);
        // `random.seed(42); [random.random() for _ in range(3)]`
        for expected in
            [0.639_426_798_457_883_7, 0.025_010_755_222_666_936, 0.275_029_318_369_119_26]
        {
            assert!((draws.unit() - expected).abs() < 1e-15);
        }
    }
}
