//! Lifetime value: how likely customers are to buy again, how much, and what that is worth.
//!
//! A statistical model is fitted to what all customers bought, [`bg_nbd`] for when and [`gamma_gamma`] for how much,
//! and applied to each of them. The job `ltv` does so, keeps the fit as a run and what it predicts beside the
//! customers.

pub mod bg_nbd;
mod filter;
pub mod fit;
pub mod gamma_gamma;
mod links;
mod maximum;
mod node;
pub mod predictions;
mod query;
pub mod runs;
pub mod summary;
pub mod value;

pub use filter::{LifetimeValueRunOrderBy, LifetimeValueRunWhere, p_alive_expression, value_expression};
pub use node::LifetimeValueRun;
pub use predictions::weeks_ahead;
pub use query::LifetimeValueQuery;
