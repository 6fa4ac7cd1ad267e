//! Communications: the messages to customers, sent, waiting or held back.
//!
//! A message passes the [`gate`] when it is queued, in the transaction of whatever brings it about, and again when it
//! is sent, after that is committed. What it says is written only then, from a template.

mod attempt;
mod automatic;
pub mod delivery;
mod filter;
pub mod gate;
mod input;
mod links;
pub mod mailing;
mod mutation;
mod node;
pub mod operations;
mod preview;
mod query;
pub mod retry;
pub mod settings;
mod taking;
pub mod unsubscription;
pub mod writing;

pub use attempt::{
    CommunicationAttempt, CommunicationAttemptOrderBy, CommunicationAttemptRelation, CommunicationAttemptWhere,
};
pub use automatic::Automatic;
pub use filter::{
    CommunicationChannelComparison, CommunicationOrderBy, CommunicationPurposeComparison, CommunicationRelation,
    CommunicationWhere,
};
pub use mutation::CommunicationMutation;
pub use node::Communication;
pub use operations::Consequence;
pub use query::CommunicationQuery;
