//! What a run leads to: nothing.

use derive::resource;

use super::LifetimeValueRun;

#[resource]
impl LifetimeValueRun {}
