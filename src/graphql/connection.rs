//! Relay connections: lists in pages, at a root or below each of many nodes.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use async_graphql::{Context, Object, SimpleObject, TypeName};
use sea_orm::sea_query::{Expr, ExprTrait};
use tokio::try_join;
use uuid::Uuid;

use super::{
    Listed, Pages,
    comparison::Where,
    selection::{narrowed, selects},
    write_cursor,
};
use crate::{
    app::App,
    auth::Viewer,
    failure::{Failure, Outcome},
    filter::{Asked, Rule, Scope},
    store::{self, Join, Page, Reading, Siblings, Sort, Window},
};

/// Where a connection shows its nodes.
const NODES: &[&[&str]] = &[&["nodes"], &["edges", "node"]];

/// A page of a list of nodes, with the cursors that lead to the next.
#[derive(Clone, Debug)]
pub struct Connection<T: Listed> {
    page: Arc<Page<T>>,
    sort: Arc<str>,
    has_previous: bool,
    has_next: bool,
    total: i64,
}

/// A node in a list, with the cursor of its place.
#[derive(Clone, Debug)]
pub struct Edge<T: Listed> {
    page: Arc<Page<T>>,
    sort: Arc<str>,
    index: usize,
}

/// Where a page stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether nodes follow the page.
    has_next_page: bool,
    /// Whether nodes precede the page. Reading forwards, it is taken to be so after any cursor.
    has_previous_page: bool,
    /// The cursor of the first node; null if the page is empty.
    start_cursor: Option<String>,
    /// The cursor of the last node, from which the next page goes on; null if the page is empty.
    end_cursor: Option<String>,
}

impl<T: Listed> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", <T as async_graphql::OutputType>::type_name()).into()
    }
}

impl<T: Listed> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <T as async_graphql::OutputType>::type_name()).into()
    }
}

/// A page of a list, by the Relay connection specification. Pages keep their place while nodes are added and removed:
/// a page begins after the node that its cursor names, whether or not that node is still there.
#[Object(name_type)]
impl<T: Listed> Connection<T> {
    /// The nodes of the page, in the list's order.
    async fn nodes(&self) -> Vec<&T> {
        self.page.rows.iter().map(|row| &row.node).collect()
    }

    /// The nodes of the page with their cursors.
    async fn edges(&self) -> Vec<Edge<T>> {
        (0..self.page.rows.len())
            .map(|index| Edge { page: Arc::clone(&self.page), sort: Arc::clone(&self.sort), index })
            .collect()
    }

    /// Where the page stands in the list.
    async fn page_info(&self) -> PageInfo {
        let cursor = |row: &store::Row<T>| write_cursor(&self.sort, &row.position);
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.page.rows.first().map(cursor),
            end_cursor: self.page.rows.last().map(cursor),
        }
    }

    /// How many nodes the whole list has. Counted only when asked for.
    async fn total_count(&self) -> i64 {
        self.total
    }
}

/// A place in a list.
#[Object(name_type)]
impl<T: Listed> Edge<T> {
    /// The node.
    async fn node(&self) -> &T {
        &self.page.rows[self.index].node
    }

    /// The node's place, for `after` and `before`.
    async fn cursor(&self) -> String {
        write_cursor(&self.sort, &self.page.rows[self.index].position)
    }
}

impl<T: Listed> Connection<T> {
    fn new(page: Arc<Page<T>>, sort: Arc<str>, window: &Window, total: i64) -> Self {
        let (has_previous, has_next) = if window.is_backward {
            (page.has_more || window.after.is_some(), window.before.is_some())
        } else {
            (window.after.is_some(), page.has_more || window.before.is_some())
        };
        Self { page, sort, has_previous, has_next, total }
    }
}

/// A page of all nodes of a type; `search` is a further condition.
///
/// # Errors
/// [`Failure::Malformed`] for arguments that cannot be, [`Failure::Forbidden`] for those that look at personal data
/// without the right.
pub async fn listed<T: Listed>(ctx: &Context<'_>, pages: Pages<T>, search: Option<Expr>) -> Outcome<Connection<T>> {
    let database = &ctx.data_unchecked::<App>().database;
    let (sort, window) = section(ctx, &pages)?;
    let condition = [condition(ctx, pages.filter)?, search].into_iter().flatten().reduce(Expr::and);
    let page = async {
        if has_page(ctx) {
            let reading = narrowed::<T>(ctx, NODES);
            store::page::<T>(database, &reading, condition.clone(), &sort, &window).await
        } else {
            Ok(Page::default())
        }
    };
    let count = async { if is_counted(ctx) { store::count::<T>(database, condition.clone()).await } else { Ok(0) } };
    let (page, total) = try_join!(page, count)?;
    Ok(Connection::new(Arc::new(page), sort.name.into(), &window, total))
}

/// The lists that hang on several parents, each by its parent.
struct Lists<T> {
    pages: HashMap<Uuid, Arc<Page<T>>>,
    counts: HashMap<Uuid, i64>,
    sort: Arc<str>,
    window: Window,
}

/// A page of the nodes that hang on `parent`. It is read together with the pages of its siblings, in one statement.
///
/// # Errors
/// As [`listed`].
pub async fn related<T: Listed>(
    ctx: &Context<'_>,
    (siblings, parent): (&Siblings, Uuid),
    join: Join,
    pages: Pages<T>,
) -> Outcome<Connection<T>> {
    related_where(ctx, (siblings, parent), join, pages, None).await
}

/// As [`related`]; `only` is a further condition.
///
/// # Errors
/// As [`listed`].
pub async fn related_where<T: Listed>(
    ctx: &Context<'_>,
    (siblings, parent): (&Siblings, Uuid),
    join: Join,
    pages: Pages<T>,
    only: Option<Expr>,
) -> Outcome<Connection<T>> {
    let read = || async { lists(ctx, siblings.keys(), join, pages, only).await.map(Arc::new) };
    let lists = siblings.share(place(ctx), read);
    let lists: Arc<Lists<T>> = lists.await?;
    let page = lists.pages.get(&parent).cloned().unwrap_or_default();
    let total = lists.counts.get(&parent).copied().unwrap_or_default();
    Ok(Connection::new(page, Arc::clone(&lists.sort), &lists.window, total))
}

async fn lists<T: Listed>(
    ctx: &Context<'_>,
    parents: Vec<Uuid>,
    join: Join,
    pages: Pages<T>,
    only: Option<Expr>,
) -> Outcome<Lists<T>> {
    let database = &ctx.data_unchecked::<App>().database;
    let (sort, window) = section(ctx, &pages)?;
    let condition = [condition(ctx, pages.filter)?, only].into_iter().flatten().reduce(Expr::and);
    let read = async {
        if !has_page(ctx) {
            return Ok(HashMap::new());
        }
        let reading = narrowed::<T>(ctx, NODES);
        store::page_by_parent::<T>(database, &reading, parents.clone(), join, condition.clone(), &sort, &window).await
    };
    let count = async {
        if !is_counted(ctx) {
            return Ok(HashMap::new());
        }
        store::count_by_parent::<T>(database, parents.clone(), join, condition.clone()).await
    };
    let (pages, counts) = try_join!(read, count)?;
    let pages = pages.into_iter().map(|(parent, page)| (parent, Arc::new(page))).collect();
    Ok(Lists { pages, counts, sort: sort.name.into(), window })
}

/// The place in the document that is being resolved.
#[must_use]
pub fn place(ctx: &Context<'_>) -> usize {
    std::ptr::from_ref(ctx.item).addr()
}

fn is_counted(ctx: &Context<'_>) -> bool {
    selects(ctx, &["totalCount"])
}

fn has_page(ctx: &Context<'_>) -> bool {
    selects(ctx, &["nodes", "edges", "pageInfo"])
}

/// The order and the part of the list that are asked for.
fn section<T: Listed>(ctx: &Context<'_>, pages: &Pages<T>) -> Outcome<(Sort, Window)> {
    let sort = pages.sort();
    // The order tells what it sorts by, and cursors carry it.
    if sort.is_personal && !ctx.data_unchecked::<Viewer>().reads_personal() {
        return Err(Failure::Forbidden(format!("orderBy: {} is personal data", sort.name)));
    }
    let window = pages.window(&sort)?;
    Ok((sort, window))
}

/// The condition that a `where` comes to for who asks.
///
/// # Errors
/// [`Failure::Malformed`] and [`Failure::Forbidden`] by [`Scope::condition`].
pub fn condition<W: Where>(ctx: &Context<'_>, filter: Option<W>) -> Outcome<Option<Expr>> {
    filter.map(|filter| rule(ctx, filter).map(|(_, condition)| condition)).transpose()
}

/// The rule that a `where` states, and the condition that it comes to for who asks.
///
/// # Errors
/// As [`condition`].
pub fn rule<W: Where>(ctx: &Context<'_>, filter: W) -> Outcome<(Rule, Expr)> {
    let (app, reading) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Reading>());
    let scope = Scope {
        reading: *reading,
        dialect: app.database.dialect(),
        reads_personal: ctx.data_unchecked::<Viewer>().reads_personal(),
        asked: Asked::Some,
        states_bounds: true,
    };
    let rule = filter.into().keyed(W::SUBJECT, &app.base)?;
    let condition = scope.condition(W::SUBJECT, &rule)?;
    Ok((rule, condition))
}
