//! The HTTP door: GraphQL over HTTP, sockets and streams, node IRIs, the vocabulary, GraphiQL, the dashboard and
//! health.

mod assets;
mod dashboard;
mod document;
mod entity_tag;
mod graphql;
mod health;
mod layers;
mod negotiation;
mod operation;
mod request;
mod resource;
mod router;
mod server;
mod sse;
mod streams;
mod topic;
mod unsubscribe;
mod vocabulary;
mod websocket;

pub use server::{Server, serve};
pub use streams::Patience;
