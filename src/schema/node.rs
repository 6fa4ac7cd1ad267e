//! Any node by its IRI: the one place that lists all types of nodes.
#![expect(missing_docs, reason = "the interface's macro makes methods without any")]

use std::collections::HashMap;

use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::try_join_all;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::{
    address::Address,
    app::App,
    communication::{Communication, CommunicationAttempt},
    consent::Consent,
    contact_point::ContactPoint,
    customer::Customer,
    event::CustomerEvent,
    failure::{Failure, Outcome},
    graphql::LARGEST_SIZE,
    job::JobRun,
    lifetime_value::LifetimeValueRun,
    loyalty::{LoyaltyMembership, LoyaltyProgram, LoyaltyTier},
    order::Order,
    order_item::OrderItem,
    product::Product,
    refund::Refund,
    rfm::{RfmRun, RfmScore},
    segment::Segment,
    semantics::{Base, Document, Kind, Resource},
    store::{self, Reading},
};

/// Declares the types of nodes: each is a variant of [`Node`] too.
macro_rules! nodes {
    ($($type:ident),* $(,)?) => {
        /// A thing with an IRI: whoever holds its id can fetch, link and cite it.
        #[derive(Clone, Debug, Interface)]
        #[graphql(
            field(
                name = "id",
                ty = "ID",
                desc = "The IRI of the node: its key in every interface, and a URL that answers with the node.",
                directive = entity::term::iri::apply("http://www.w3.org/ns/json-ld#id".to_owned(), None)
            ),
            field(
                name = "json_ld",
                ty = "serde_json::Value",
                desc = "The node as a JSON-LD document: what a GET on its IRI answers, without what the viewer may not see.",
                directive = entity::term::iri::apply("http://www.w3.org/ns/json-ld#JsonLdDocument".to_owned(), None)
            )
        )]
        pub enum Node {
            $(
                #[doc = concat!("A node of type `", stringify!($type), "`.")]
                $type($type),
            )*
        }

        /// All types of nodes.
        pub const KINDS: &[Kind] = &[$(Kind::of::<$type>()),*];

        /// Reads the node of a collection with this key.
        ///
        /// # Errors
        /// [`Failure::Malformed`] when there is no such collection.
        pub async fn load(app: &App, reading: &Reading, collection: &str, key: Uuid) -> Outcome<Option<Node>> {
            $(
                if collection == $type::DESCRIPTION.collection {
                    return Ok(store::row_by_key::<$type>(&app.database, reading, key).await?.map(Node::$type));
                }
            )*
            Err(unknown(collection))
        }

        /// Reads the nodes of a collection with these keys, in one statement. Keys without a node are left out.
        ///
        /// # Errors
        /// [`Failure::Malformed`] when there is no such collection.
        pub async fn load_all(
            app: &App,
            reading: &Reading,
            collection: &str,
            keys: Vec<Uuid>,
        ) -> Outcome<HashMap<Uuid, Node>> {
            $(
                if collection == $type::DESCRIPTION.collection {
                    let nodes = store::rows_by_key::<$type>(&app.database, reading, keys).await?;
                    return Ok(nodes.into_iter().map(|(key, node)| (key, Node::$type(node))).collect());
                }
            )*
            Err(unknown(collection))
        }

        impl NodeDocument<'_> {
            /// The node as N-Quads.
            ///
            /// # Errors
            /// When a value is none that RDF has.
            pub fn to_quads(&self) -> serde_json::Result<String> {
                let Self { node, base, shows_personal } = *self;
                match node {
                    $(Node::$type(node) => Document { node, base, shows_personal }.to_quads(),)*
                }
            }
        }

        impl Serialize for NodeDocument<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let Self { node, base, shows_personal } = *self;
                match node {
                    $(Node::$type(node) => Document { node, base, shows_personal }.serialize(serializer),)*
                }
            }
        }
    };
}

nodes! {
    Customer,
    Address,
    ContactPoint,
    Order,
    OrderItem,
    Refund,
    Product,
    Segment,
    LoyaltyProgram,
    LoyaltyTier,
    LoyaltyMembership,
    LifetimeValueRun,
    Communication,
    CommunicationAttempt,
    Consent,
    CustomerEvent,
    RfmScore,
    RfmRun,
    JobRun,
}

/// The JSON-LD document of a node of any type: see [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct NodeDocument<'a> {
    /// The node.
    pub node: &'a Node,
    /// Where IRIs begin.
    pub base: &'a Base,
    /// Whether personal data is written.
    pub shows_personal: bool,
}

/// The root fields about nodes of any type.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The node with this id, whatever its type. Null if there is none.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The node's IRI.")] id: ID) -> Option<Outcome<Node>> {
        find(ctx, &id).await.transpose()
    }

    /// The nodes with these ids, whatever their types: one for each id, in the same order, null where there is none.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The nodes' IRIs: at most 250.")] ids: Vec<ID>,
    ) -> Option<Outcome<Vec<Option<Node>>>> {
        let most = usize::try_from(LARGEST_SIZE).unwrap_or(usize::MAX);
        if ids.len() > most {
            let message = format!("ids: expected at most {most}, not {}", ids.len());
            return Some(Err(Failure::Malformed(message)));
        }
        Some(find_all(ctx, &ids).await)
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Outcome<Option<Node>> {
    let (app, reading) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Reading>());
    let (collection, key) = app.base.parse("id", id.as_str())?;
    load(app, reading, collection, key).await.map_err(|failure| of_argument("id", failure))
}

/// The nodes with these ids, read in one statement for each collection.
async fn find_all(ctx: &Context<'_>, ids: &[ID]) -> Outcome<Vec<Option<Node>>> {
    let (app, reading) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Reading>());
    let names = ids.iter().map(|id| app.base.parse("ids", id.as_str())).collect::<Outcome<Vec<_>>>()?;
    let mut collections: HashMap<&str, Vec<Uuid>> = HashMap::new();
    for (collection, key) in &names {
        collections.entry(collection).or_default().push(*key);
    }
    let reads = collections.into_iter().map(async |(collection, keys)| {
        let nodes = load_all(app, reading, collection, keys).await;
        Ok::<_, Failure>((collection, nodes.map_err(|failure| of_argument("ids", failure))?))
    });
    let found: HashMap<_, _> = try_join_all(reads).await?.into_iter().collect();
    Ok(names.iter().map(|(collection, key)| found.get(collection)?.get(key).cloned()).collect())
}

/// The same failure, telling the argument that is malformed.
fn of_argument(argument: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Malformed(message) => Failure::Malformed(format!("{argument}: {message}")),
        other => other,
    }
}

fn unknown(collection: &str) -> Failure {
    let known: Vec<_> = KINDS.iter().map(|kind| kind.description.collection).collect();
    Failure::malformed(format!("there is no collection {collection:?}; expected one of {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_types_share_a_name_or_a_collection() {
        let names: HashSet<_> = KINDS.iter().map(|kind| kind.description.name).collect();
        let collections: HashSet<_> = KINDS.iter().map(|kind| kind.description.collection).collect();

        assert_eq!((names.len(), collections.len()), (KINDS.len(), KINDS.len()));
    }
}
