//! What a request asks for: only the columns that it shows are read.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
};

use super::{code, coded};
use crate::store::{Columns, Read, Reading, Record};

/// The same reading, of those columns alone that the selection at the end of `path` shows. Several fields may stand at
/// a place of the path: all of them count.
pub fn narrowed<T: Record>(ctx: &Context<'_>, paths: &[&[&str]]) -> Reading {
    let reading = ctx.data_unchecked::<Reading>();
    let mut columns = Columns::NONE;
    for path in paths {
        columns = columns.and(shown::<T>(ctx, &ctx.item.node.selection_set.node, path));
    }
    Reading { columns, ..*reading }
}

/// Whether one of `names` is selected.
pub fn selects(ctx: &Context<'_>, names: &[&str]) -> bool {
    has_any(ctx, &ctx.item.node.selection_set.node, names)
}

fn shown<T: Record>(ctx: &Context<'_>, selection: &SelectionSet, path: &[&str]) -> Columns {
    let mut columns = Columns::NONE;
    for item in &selection.items {
        columns = columns.and(match &item.node {
            Selection::Field(field) => match path.split_first() {
                None => T::columns_of(&field.node.name.node),
                Some((name, rest)) if field.node.name.node == *name => {
                    shown::<T>(ctx, &field.node.selection_set.node, rest)
                }
                Some(_) => Columns::NONE,
            },
            other => fragment(ctx, other).map_or(Columns::NONE, |selection| shown::<T>(ctx, selection, path)),
        });
    }
    columns
}

fn has_any(ctx: &Context<'_>, selection: &SelectionSet, names: &[&str]) -> bool {
    selection.items.iter().any(|item| match &item.node {
        Selection::Field(field) => names.contains(&field.node.name.node.as_str()),
        other => fragment(ctx, other).is_some_and(|selection| has_any(ctx, selection, names)),
    })
}

/// What a fragment selects, whatever type of node it is for.
fn fragment<'a>(ctx: &'a Context<'_>, item: &'a Selection) -> Option<&'a SelectionSet> {
    match item {
        Selection::Field(_) => None,
        Selection::InlineFragment(fragment) => Some(&fragment.node.selection_set.node),
        Selection::FragmentSpread(spread) => {
            let fragment = ctx.query_env.fragments.get(&spread.node.fragment_name.node)?;
            Some(&fragment.node.selection_set.node)
        }
    }
}

impl<T: OutputType> OutputType for Read<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match self.get() {
            Some(value) => value.resolve(ctx, field).await,
            // Never: a read has the columns of all fields that are selected.
            None => Err(coded("the value was not read", Some(field.pos), code::INTERNAL)),
        }
    }
}
