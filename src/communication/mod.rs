//! Communications: the messages to customers, sent, waiting or held back.

mod filter;
mod links;
mod node;

pub use filter::{
    CommunicationChannelComparison, CommunicationOrderBy, CommunicationPurposeComparison, CommunicationRelation,
    CommunicationWhere,
};
pub use node::Communication;
