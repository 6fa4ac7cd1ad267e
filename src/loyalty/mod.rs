//! Loyalty: programs whose tiers customers reach by what they spend.

pub mod built_in;
pub mod standing;
