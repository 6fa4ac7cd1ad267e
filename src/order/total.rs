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

impl Line {
    /// Whether the discount is at most what the line comes to.
    #[must_use]
    pub fn bears_its_discount(&self) -> bool {
        i128::from(self.discount) <= i128::from(self.unit_price) * i128::from(self.quantity)
    }
}

/// What the customer pays in minor units. Nothing when the discount is above the subtotal, or the sum out of range.
#[must_use]
pub fn total(subtotal: i64, discount: i64, shipping: i64, tax: i64) -> Option<i64> {
    let goods = subtotal.checked_sub(discount).filter(|goods| *goods >= 0)?;
    goods.checked_add(shipping)?.checked_add(tax)
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
    #[test]
    fn a_line_bears_a_discount_up_to_what_it_comes_to() {
        let cases = [(0, true), (30_000, true), (30_001, false)];

        for (discount, expected) in cases {
            let line = Line { quantity: 3, unit_price: 10_000, discount };
            assert_eq!(line.bears_its_discount(), expected, "{discount}");
        }
        let large = Line { quantity: i32::MAX, unit_price: i64::MAX, discount: i64::MAX };
        assert!(large.bears_its_discount());
    }

    #[test]
    fn a_total_is_goods_less_discount_plus_shipping_and_tax() {
        let cases = [
            ((1000, 0, 0, 0), Some(1000)),
            ((1000, 100, 495, 71), Some(1466)),
            ((1000, 1000, 0, 0), Some(0)),
            ((1000, 1001, 1, 0), None),
            ((i64::MAX, 0, 1, 0), None),
        ];

        for ((subtotal, discount, shipping, tax), expected) in cases {
            assert_eq!(total(subtotal, discount, shipping, tax), expected, "{subtotal} {discount} {shipping} {tax}");
        }
    }
}
