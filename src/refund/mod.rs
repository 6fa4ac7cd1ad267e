//! Refunds: money returned to customers, for an order or on its own.

mod filter;
pub mod input;
mod links;
mod mutation;
mod node;
pub mod operations;

pub use filter::{RefundOrderBy, RefundRelation, RefundWhere};
pub use mutation::RefundMutation;
pub use node::Refund;
