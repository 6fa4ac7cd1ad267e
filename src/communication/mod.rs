//! Communications: the messages to customers, sent, waiting or held back.
//!
//! A message passes the [`gate`] when it is queued, in the transaction of whatever brings it about, and again when it is
//! sent, after that is committed. What it says is written only then, from a template.

mod automatic;
pub mod delivery;
mod filter;
pub mod gate;
mod links;
mod node;
pub mod operations;
pub mod retry;
pub mod unsubscription;
pub mod writing;

pub use automatic::Automatic;
pub use filter::{
    CommunicationChannelComparison, CommunicationOrderBy, CommunicationPurposeComparison, CommunicationRelation,
    CommunicationWhere,
};
pub use node::Communication;
pub use operations::Consequence;
