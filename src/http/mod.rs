//! The HTTP door: GraphQL, node IRIs, the vocabulary, GraphiQL and health.

mod assets;
mod graphql;
mod health;
mod layers;
mod negotiation;
mod resource;
mod router;
mod server;
mod vocabulary;

pub use server::{Server, serve};
