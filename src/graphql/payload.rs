//! What mutations answer: the node that was written, and `userErrors`.

use async_graphql::{Context, ID};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::selection::narrowed;
use crate::{
    app::App,
    failure::Outcome,
    rejection::Rejection,
    semantics::Resource,
    store::{self, Reading, Record},
};

/// What became of a mutation. It names nodes by their keys, so that it can be kept whatever the base of IRIs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The node that was written. None when the rules refused.
    pub key: Option<Uuid>,
    /// Why the rules refused.
    pub errors: Vec<Rejection>,
}

/// The node that a mutation wrote, as it is now.
///
/// # Errors
/// When the database fails.
pub async fn written<T: Record>(ctx: &Context<'_>, written: &Written) -> Outcome<Option<T>> {
    let Some(key) = written.key else { return Ok(None) };
    let app = ctx.data_unchecked::<App>();
    // The mutation took place after the instant of the request.
    let reading = Reading { now: app.clock.now(), ..narrowed::<T>(ctx, &[&[]]) };
    store::row_by_key::<T>(&app.database, &reading, key).await
}

/// The key of the node of type `T` that the argument at `path` names.
///
/// # Errors
/// [`crate::failure::Failure::Malformed`] when it is not the IRI of such a node.
pub fn key_of<T: Resource>(ctx: &Context<'_>, path: &str, id: &ID) -> Outcome<Uuid> {
    ctx.data_unchecked::<App>().base.parse_in(path, id.as_str(), T::DESCRIPTION.collection)
}

/// The id of the node of type `T` that a mutation took away.
#[must_use]
pub fn deleted_id<T: Resource>(ctx: &Context<'_>, written: &Written) -> Option<ID> {
    written.key.map(|key| ID(ctx.data_unchecked::<App>().base.node(T::DESCRIPTION.collection, key)))
}

/// Declares the payload of mutations that write one type of node, or that take one away.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident deletes $node:ty) => {
        crate::graphql::payload!(@declare $(#[$doc])* $name {
            /// The id of what was taken away. Null when nothing was.
            async fn deleted_id(&self, ctx: &::async_graphql::Context<'_>) -> ::core::option::Option<::async_graphql::ID> {
                crate::graphql::deleted_id::<$node>(ctx, &self.0)
            }
        });
    };
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $node:ty }) => {
        crate::graphql::payload!(@declare $(#[$doc])* $name {
            $(#[$field_doc])*
            async fn $field(
                &self,
                ctx: &::async_graphql::Context<'_>,
            ) -> ::core::option::Option<crate::failure::Outcome<$node>> {
                crate::graphql::written(ctx, &self.0).await.transpose()
            }
        });
    };
    (@declare $(#[$doc:meta])* $name:ident { $($field:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(crate::graphql::Written);

        impl From<crate::graphql::Written> for $name {
            fn from(written: crate::graphql::Written) -> Self {
                Self(written)
            }
        }

        $(#[$doc])*
        #[::async_graphql::Object]
        impl $name {
            $($field)*

            /// Why nothing was changed. Empty when it was.
            async fn user_errors(&self) -> &[crate::rejection::Rejection] {
                &self.0.errors
            }
        }
    };
}

pub(crate) use payload;
