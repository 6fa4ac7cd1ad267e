//! Churn: how likely customers are to leave, and when they have.

pub mod operations;
mod risk;

pub use risk::{ChurnRisk, Habits, high_from, risk, risk_expression};
