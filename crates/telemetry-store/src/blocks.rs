//! A list that is never copied while it grows: blocks of moderate size instead of one that is there twice meanwhile.

/// Bytes of a block.
const BLOCK: usize = 64 * 1024;

/// Values in the order they came.
#[derive(Clone, Debug)]
pub struct Blocks<T> {
    blocks: Vec<Vec<T>>,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Blocks { blocks: Vec::new() }
    }
}

impl<T> Blocks<T> {
    const LENGTH: usize = if size_of::<T>() == 0 { BLOCK } else { BLOCK / size_of::<T>() };

    /// Adds one that came later.
    pub fn push(&mut self, value: T) {
        match self.blocks.last_mut() {
            Some(block) if block.len() < Self::LENGTH.max(1) => block.push(value),
            // The first one grows from nothing: most lists are short.
            None => self.blocks.push(vec![value]),
            Some(_) => {
                let mut block = Vec::with_capacity(Self::LENGTH.max(1));
                block.push(value);
                self.blocks.push(block);
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }
}

impl<T> Extend<T> for Blocks<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl<T> IntoIterator for Blocks<T> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.blocks.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_order_over_many_blocks() {
        let (mut all, mut later) = (Blocks::default(), Blocks::default());
        (0..30_000u64).for_each(|value| all.push(value));
        later.extend(30_000..50_000);
        all.extend(later);
        assert!(all.blocks.len() > 5);
        assert!(all.iter().copied().eq(0..50_000));
        assert!(all.into_iter().eq(0..50_000));
    }
}
