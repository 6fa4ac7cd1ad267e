//! How orders proceed.

use entity::order::{self, OrderStatus};

/// Whether an order that is in one state may come to another. Source: schema.org's `OrderStatus`; an order that was
/// delivered is refunded instead of cancelled.
#[must_use]
pub fn may_become(from: OrderStatus, to: OrderStatus) -> bool {
    use OrderStatus::{Cancelled, Delivered, InTransit, Processing};
    matches!((from, to), (Processing, InTransit | Delivered | Cancelled) | (InTransit, Delivered | Cancelled))
}

/// Whether an order took the step to `to` already: it is there, or it is delivered and left on its way there.
#[must_use]
pub fn has_become(order: &order::Model, to: OrderStatus) -> bool {
    let has_left = order.status == OrderStatus::Delivered && order.shipped_at.is_some();
    order.status == to || (to == OrderStatus::InTransit && has_left)
}

/// The state as it stands in a sentence: "the order is …".
#[must_use]
pub fn in_words(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Processing => "being processed",
        OrderStatus::InTransit => "in transit",
        OrderStatus::Delivered => "delivered",
        OrderStatus::Cancelled => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_only_go_forward() {
        use OrderStatus::{Cancelled, Delivered, InTransit, Processing};
        let allowed = [
            (Processing, InTransit),
            (Processing, Delivered),
            (Processing, Cancelled),
            (InTransit, Delivered),
            (InTransit, Cancelled),
        ];

        for from in [Processing, InTransit, Delivered, Cancelled] {
            for to in [Processing, InTransit, Delivered, Cancelled] {
                assert_eq!(may_become(from, to), allowed.contains(&(from, to)), "{from:?} to {to:?}");
            }
        }
    }
}
