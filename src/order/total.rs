//! What an order comes to.

/// A line of an order in the figures that its amount is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// How many, at least 1.
    pub quantity: i32,
    /// Price of one, in ten-thousandths of a minor unit.
    pub unit_price: i64,
    /// Discount on the whole line, in ten-thousandths of a minor unit.
    pub discount: i64,
}

/// How many of the units of a line make a minor unit.
const PARTS: i128 = 10_000;

/// What the lines come to in minor units, rounded half up as a whole. Nothing when it is out of range.
///
/// The order's total is this less its discount, plus shipping and tax: those are whole minor units, so that
/// nothing is rounded after the lines.
#[must_use]
pub fn subtotal(lines: impl IntoIterator<Item = Line>) -> Option<i64> {
    let exact: i128 = lines
        .into_iter()
        .map(|line| i128::from(line.unit_price) * i128::from(line.quantity) - i128::from(line.discount))
        .sum();
    (exact + PARTS / 2).div_euclid(PARTS).try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_rounded_together_and_half_up() {
        let line = |quantity, unit_price, discount| Line { quantity, unit_price, discount };
        let cases = [
            (vec![], Some(0)),
            (vec![line(1, 4_999, 0)], Some(0)),
            (vec![line(1, 5_000, 0)], Some(1)),
            (vec![line(1, 4_999, 0), line(1, 1, 0)], Some(1)),
            (vec![line(3, 10_000, 5_001)], Some(2)),
            (vec![line(i32::MAX, i64::MAX, 0)], None),
        ];

        for (lines, expected) in cases {
            assert_eq!(subtotal(lines.clone()), expected, "{lines:?}");
        }
    }
}
