//! Refunds: money returned to customers, for an order or on its own.

mod filter;
mod links;
mod node;

pub use filter::{RefundOrderBy, RefundRelation, RefundWhere};
pub use node::Refund;
