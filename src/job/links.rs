//! What the run of a job leads to: nothing but itself.

use derive::resource;

use super::JobRun;

#[resource]
impl JobRun {}
