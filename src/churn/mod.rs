//! Churn: how likely customers are to leave.

mod risk;

pub use risk::{ChurnRisk, Habits, risk, risk_expression};
