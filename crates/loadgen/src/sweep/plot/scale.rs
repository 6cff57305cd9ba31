//! The axis below a panel: a mark where each point lies, at equal steps of magnitude when they lie far apart.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// Points so many times apart are drawn by their magnitude.
const WIDE: f64 = 8.0;
/// Left and right of the points, as a share of the space between the first and the last.
const MARGIN: f64 = 0.06;

/// Of at least one point; they rise.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    points: Vec<f64>,
    is_wide: bool,
}

impl Scale {
    pub(super) fn of(points: &[f64]) -> Self {
        let (first, last) = (points[0], points[points.len() - 1]);
        Self { points: points.to_vec(), is_wide: first > 0.0 && last / first >= WIDE }
    }

    fn place(&self, value: f64) -> f64 {
        if self.is_wide { value.log10() } else { value }
    }

    /// From 0 at the left to 1 at the right.
    fn share(&self, value: f64) -> f64 {
        let Range { start, end } = self.range();
        let (start, length) = (self.place(start), self.place(end) - self.place(start));
        if length == 0.0 {
            return 0.5;
        }
        MARGIN + (self.place(value) - start) / length * (1.0 - 2.0 * MARGIN)
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * self.share(*value)).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, _: H) -> Vec<f64> {
        self.points.clone()
    }

    fn range(&self) -> Range<f64> {
        self.points[0]..self.points[self.points.len() - 1]
    }
}

impl ValueFormatter<f64> for Scale {
    fn format(value: &f64) -> String {
        short(*value)
    }
}

/// Thousands as `k`; as many decimals as a scale needs.
pub(super) fn short(value: f64) -> String {
    match value {
        value if value >= 1_000.0 && value % 100.0 == 0.0 => format!("{}k", value / 1_000.0),
        value if value >= 10.0 || value == value.trunc() => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(points: &[f64], wanted: &[i32]) {
        let scale = Scale::of(points);
        let places: Vec<i32> = points.iter().map(|point| scale.map(point, (0, 100))).collect();
        assert_eq!(places, wanted);
    }

    #[test]
    fn points_lie_within_their_panel_by_number_or_by_magnitude() {
        check(&[12.0, 24.0, 36.0], &[6, 50, 94]);
        check(&[10.0, 100.0, 1000.0], &[6, 50, 94]);
        check(&[10.0, 20.0, 30.0, 70.0], &[6, 21, 35, 94]);
        check(&[7.0], &[50]);
    }

    #[test]
    fn numbers_are_told_in_short() {
        let told = [0.0, 0.5, 12.0, 500.0, 1_000.0, 2_500.0, 100_000.0].map(short);
        assert_eq!(told, ["0", "0.5", "12", "500", "1k", "2.5k", "100k"]);
    }
}
