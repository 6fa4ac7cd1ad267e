//! Segments: named sets of customers, chosen by hand or by a rule.

pub mod built_in;
pub mod computation;
