//! The macros by which the rest of the product states a fact once.
//!
//! - [`macro@resource`] on a struct: row field → GraphQL field → IRI; on an `impl`: edge → IRI.
//! - [`macro@terms`] on an enum: stored string → GraphQL value → IRI.
//! - [`macro@filter`] on a struct: GraphQL `where` input → rule → SQL expression.

mod connections;
mod edges;
mod filter;
mod iri;
mod resource;
mod terms;
mod thing;

use proc_macro::TokenStream;
use syn::{Item, ItemEnum, ItemImpl, ItemStruct, parse_macro_input};

/// Describes a node of the graph.
///
/// On a struct, `#[resource(class = "customers:Order", collection = "orders", table = entity::order)]`
/// turns the fields into a GraphQL object, a decoder of database rows and a writer of JSON-LD. Each field needs
/// exactly one of
/// - `#[key]`: the primary key, column `id`;
/// - `#[iri("schema:name")]`: a fact, with its property; `rdf:type` adds the value to the node's types;
/// - `#[foreign]`: a foreign key, which the links follow and no face shows.
///
/// and may have `#[column(name)]` (the column, if it is called otherwise), `#[personal]` (personal data: nullable,
/// shown by right only) or `#[derived(expression)]` (computed from the fields above it and `reading`, not a column), or
/// `#[currency]` (that of the amounts below it). `class_of = "…"` lists further classes that the node may be an
/// instance of, for the domain of its properties; `deleted_at = …` names the column that is null until a row is
/// deleted.
///
/// On the `impl` of its links, each `async fn` is an edge with `#[iri("schema:customer")]`, or
/// `#[iri("^schema:customer")]` when it follows the property backwards. `#[states("customers", self.customer_id)]` has
/// the node's own documents state the edge, `#[pages]` links the page of related nodes. `#[figure]` marks what is no
/// edge but a value that takes a read of its own, which no document states; `#[view]` what has no IRI, as it tells
/// facts of another time. `id` and `jsonLd` are added, and lists take pages as in [`macro@connections`].
#[proc_macro_attribute]
pub fn resource(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let result = match parse_macro_input!(item as Item) {
        Item::Struct(item) => resource::expand(arguments.into(), item),
        Item::Impl(item) => edges::expand(item),
        other => Err(syn::Error::new_spanned(other, "#[resource] goes on a struct or an impl")),
    };
    result.unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Describes an enum whose values are terms: `#[terms("schema:OrderStatus")]`, and `#[iri("…")]` on each variant.
///
/// Adds the GraphQL enum with the IRIs in its SDL, and `Term`; with `#[terms("…", column)]` also how it is stored.
#[proc_macro_attribute]
pub fn terms(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemEnum);
    terms::expand(arguments.into(), item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Describes a value with fields of its own and no IRI: `#[thing("schema:PostalAddress", column =
/// entity::order::Place)]`, and `#[iri("…")]` on each field. `column` names the type that a row holds, whose fields
/// have the same names.
#[proc_macro_attribute]
pub fn thing(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemStruct);
    thing::expand(arguments.into(), item).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Gives each `async fn` that takes `pages: Pages<Order>` the arguments of a connection in its place: `first`, `after`,
/// `last`, `before`, `where` and `orderBy`. Goes above `#[Object]`.
#[proc_macro_attribute]
pub fn connections(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemImpl);
    connections::expand(item).into()
}

/// Describes a `where` input: `#[filter(table = entity::order)]`, with `deleted_at = …` where rows can be deleted.
///
/// Each field needs one of
/// - `#[column(Name)]`: the column that its comparison reads;
/// - `#[expression(function)]`: a function from the reading to an SQL expression, which asks it for instants;
/// - `#[edge(column = Name)]`: related rows whose column holds this row's key;
/// - `#[edge(to = Name)]`: the one row whose key this row's column holds;
/// - `#[edge(through = entity::table, from = Name, to = Name)]`: related rows by a table between.
///
/// An edge may add `only = function`, a function to the condition that related rows fulfil to count. `#[personal]`
/// marks a condition on personal data. `and`, `or` and `not` are added.
#[proc_macro_attribute]
pub fn filter(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemStruct);
    filter::expand(arguments.into(), item).unwrap_or_else(syn::Error::into_compile_error).into()
}
