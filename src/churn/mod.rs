//! Churn: how likely customers are to leave.

mod risk;

pub use risk::{ChurnRisk, Habits, high_from, risk, risk_expression};
