//! What every node type does in the same way.

use std::sync::Arc;

use async_graphql::{Context, ID};
use sea_orm::sea_query::Expr;
use uuid::Uuid;

use super::{Listed, connection::place, selection::narrowed};
use crate::{
    app::App,
    auth::Viewer,
    failure::{Failure, Outcome},
    semantics::{Document, Links, Resource},
    store::{self, Join, Record, Siblings, Window},
};

/// The IRI of a node.
pub fn node_id<T: Record + Resource>(ctx: &Context<'_>, node: &T) -> ID {
    ID(ctx.data_unchecked::<App>().base.node(T::DESCRIPTION.collection, node.key()))
}

/// The JSON-LD document of a node.
///
/// # Errors
/// When the node cannot be written, which no node should cause.
pub fn node_document<T: Record + Resource + Links>(
    ctx: &Context<'_>,
    node: &T,
) -> async_graphql::Result<serde_json::Value> {
    let document = Document {
        node,
        base: &ctx.data_unchecked::<App>().base,
        shows_personal: ctx.data_unchecked::<Viewer>().reads_personal(),
    };
    Ok(serde_json::to_value(document).map_err(|error| Failure::from(anyhow::Error::new(error)))?)
}

/// The node with this IRI, if there is one.
///
/// # Errors
/// [`Failure::Malformed`] when it is not the IRI of a node of type `T`.
pub async fn find_by_id<T: Record + Resource>(ctx: &Context<'_>, id: &ID) -> Outcome<Option<T>> {
    let app = ctx.data_unchecked::<App>();
    let key = app.base.parse_in("id", id.as_str(), T::DESCRIPTION.collection)?;
    let reading = narrowed::<T>(ctx, &[&[]]);
    store::row_by_key::<T>(&app.database, &reading, key).await
}

/// The node for which `condition` holds, if there is one; the condition is unique.
///
/// # Errors
/// When the database fails.
pub async fn find_by<T: Record>(ctx: &Context<'_>, condition: Expr) -> Outcome<Option<T>> {
    store::row::<T>(&ctx.data_unchecked::<App>().database, &narrowed::<T>(ctx, &[&[]]), condition).await
}

/// The node that the foreign key `key` in `column` leads to, read together with those of the siblings.
///
/// # Errors
/// When the database fails.
pub async fn follow<T: Record>(
    ctx: &Context<'_>,
    siblings: &Siblings,
    column: &'static str,
    key: Option<Uuid>,
) -> Outcome<Option<T>> {
    let app = ctx.data_unchecked::<App>();
    let Some(key) = key else { return Ok(None) };
    let nodes = siblings.share(place(ctx), || async {
        let (keys, reading) = (siblings.foreign_keys(column), narrowed::<T>(ctx, &[&[]]));
        store::rows_by_key::<T>(&app.database, &reading, keys).await.map(Arc::new)
    });
    Ok(nodes.await?.get(&key).cloned())
}

/// The node of another type that has the same key, as whatever there is once of each has. It is read together with
/// those of the siblings.
///
/// # Errors
/// When the database fails.
pub async fn twin<T: Record>(ctx: &Context<'_>, siblings: &Siblings, key: Uuid) -> Outcome<Option<T>> {
    let app = ctx.data_unchecked::<App>();
    let nodes = siblings.share(place(ctx), || async {
        let reading = narrowed::<T>(ctx, &[&[]]);
        store::rows_by_key::<T>(&app.database, &reading, siblings.keys()).await.map(Arc::new)
    });
    Ok(nodes.await?.get(&key).cloned())
}

/// The node for which `condition` holds, which is unique and the same for all siblings. It is read once for them.
///
/// # Errors
/// When the database fails.
pub async fn common<T: Record>(
    ctx: &Context<'_>,
    siblings: &Siblings,
    condition: impl FnOnce() -> Expr,
) -> Outcome<Option<T>> {
    let app = ctx.data_unchecked::<App>();
    let node = siblings.share(place(ctx), || async {
        store::row::<T>(&app.database, &narrowed::<T>(ctx, &[&[]]), condition()).await.map(Arc::new)
    });
    Ok(Option::clone(&*node.await?))
}

/// The first of the nodes that hang on `parent` and fulfil `condition`, in the default order of their type. It is
/// read together with those of the siblings.
///
/// # Errors
/// When the database fails.
pub async fn first<T: Listed>(
    ctx: &Context<'_>,
    (siblings, parent): (&Siblings, Uuid),
    join: Join,
    condition: impl FnOnce() -> Expr,
) -> Outcome<Option<T>> {
    let app = ctx.data_unchecked::<App>();
    let pages = siblings.share(place(ctx), || async {
        let sort = T::OrderBy::default().into();
        let window = Window { limit: 1, after: None, before: None, is_backward: false };
        let (parents, reading) = (siblings.keys(), narrowed::<T>(ctx, &[&[]]));
        let pages =
            store::page_by_parent::<T>(&app.database, &reading, parents, join, Some(condition()), &sort, &window);
        pages.await.map(Arc::new)
    });
    Ok(pages.await?.get(&parent).and_then(|page| page.rows.first()).map(|row| row.node.clone()))
}
