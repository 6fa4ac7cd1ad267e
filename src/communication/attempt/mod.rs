//! Attempts: each time that a message was tried to be handed over, kept for good.

mod filter;
mod links;
mod node;

pub use filter::{CommunicationAttemptOrderBy, CommunicationAttemptRelation, CommunicationAttemptWhere};
pub use node::CommunicationAttempt;
