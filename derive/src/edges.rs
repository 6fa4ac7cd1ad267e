//! `#[resource]` on an `impl`: a node's edges.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, ImplItem, ImplItemFn, ItemImpl, LitStr, Result, ReturnType, Token, Type, parse::ParseStream};

use crate::{
    connections,
    iri::{self, Name},
};

pub fn expand(mut item: ItemImpl) -> Result<TokenStream> {
    let target = item.self_ty.clone();
    let mut edges = Vec::new();
    let mut figures = Vec::new();
    let mut writes = Vec::new();
    for member in &mut item.items {
        let ImplItem::Fn(function) = member else {
            return Err(Error::new_spanned(member, "an edge is an async fn"));
        };
        if iri::take(&mut function.attrs, "figure").is_some() {
            figures.push(expand_figure(function)?);
        } else if iri::take(&mut function.attrs, "view").is_none() {
            expand_edge(function, &mut edges, &mut writes)?;
        }
    }
    let members = &item.items;
    Ok(quote! {
        #[::async_graphql::ComplexObject]
        impl #target {
            /// The IRI of the node: its key in every interface, and a URL that answers with the node.
            #[graphql(directive = ::entity::term::iri::apply(
                "http://www.w3.org/ns/json-ld#id".to_owned(), ::core::option::Option::None,
            ))]
            pub async fn id(&self, ctx: &::async_graphql::Context<'_>) -> ::async_graphql::ID {
                crate::graphql::node_id(ctx, self)
            }

            /// The node as a JSON-LD document: what a GET on its IRI answers, without what the viewer may not see.
            #[graphql(directive = ::entity::term::iri::apply(
                "http://www.w3.org/ns/json-ld#JsonLdDocument".to_owned(), ::core::option::Option::None,
            ))]
            pub async fn json_ld(&self, ctx: &::async_graphql::Context<'_>) -> ::async_graphql::Result<::serde_json::Value> {
                crate::graphql::node_document(ctx, self)
            }

            #(#members)*
        }

        impl crate::semantics::Links for #target {
            const EDGES: &'static [crate::semantics::Edge] = &[#(#edges),*];
            const FIGURES: &'static [crate::semantics::Fact] = &[#(#figures),*];

            fn state_edges<W: crate::semantics::Statements>(
                &self, writer: &mut W, base: &crate::semantics::Base,
            ) -> ::core::result::Result<(), W::Error> {
                let _ = (&writer, base);
                #(#writes)*
                ::core::result::Result::Ok(())
            }
        }
    })
}

/// A value that takes a read of its own. It is named as facts are, and no document states it.
fn expand_figure(function: &mut ImplItemFn) -> Result<TokenStream> {
    let name = property(function)?;
    let ident = &function.sig.ident;
    let label = iri::camel_case(&ident.to_string());
    let comment = iri::description(&function.attrs, ident)?;
    let value = returned(function, "a figure returns a value")?;
    let directive = iri::directive(&name);
    function.attrs.push(syn::parse_quote!(#[graphql(#directive)]));
    let property = name.prefixed;
    Ok(quote! {
        crate::semantics::Fact {
            name: #label,
            property: #property,
            range: <#value as crate::semantics::value::Value>::RANGE,
            comment: #comment,
            is_personal: false,
        }
    })
}

/// The property that `#[iri]` names.
fn property(function: &mut ImplItemFn) -> Result<Name> {
    let attribute = iri::take(&mut function.attrs, "iri")
        .ok_or_else(|| Error::new_spanned(&function.sig.ident, "needs #[iri(\"…\")]"))?;
    Name::parse(&attribute.parse_args::<LitStr>()?)
}

/// What the function comes to, without what wraps it.
fn returned(function: &ImplItemFn, expected: &str) -> Result<Type> {
    let target = match &function.sig.output {
        ReturnType::Type(_, ty) => connections::innermost(ty),
        ReturnType::Default => None,
    };
    target.ok_or_else(|| Error::new_spanned(&function.sig, expected))
}

fn expand_edge(function: &mut ImplItemFn, edges: &mut Vec<TokenStream>, writes: &mut Vec<TokenStream>) -> Result<()> {
    let name = property(function)?;
    let has_pages = iri::take(&mut function.attrs, "pages").is_some();
    let states = iri::take(&mut function.attrs, "states")
        .map(|attribute| {
            attribute.parse_args_with(|input: ParseStream<'_>| {
                let collection: LitStr = input.parse()?;
                input.parse::<Token![,]>()?;
                Ok((collection, input.parse::<Expr>()?))
            })
        })
        .transpose()?;

    let ident = &function.sig.ident;
    let label = iri::camel_case(&ident.to_string());
    let comment = iri::description(&function.attrs, ident)?;
    let directive = iri::directive(&name);
    function.attrs.push(syn::parse_quote!(#[graphql(#directive)]));
    if let Some((collection, key)) = &states {
        let place = edges.len();
        writes.push(quote! {
            if let ::core::option::Option::Some(key) = ::core::option::Option::from(#key) {
                writer.edge(&<Self as crate::semantics::Links>::EDGES[#place], &base.node(#collection, key))?;
            }
        });
    }
    let (property, is_inverse) = (name.prefixed, name.is_inverse);
    let target = returned(function, "an edge returns nodes")?;
    edges.push(quote! {
        crate::semantics::Edge {
            name: #label,
            property: #property,
            is_inverse: #is_inverse,
            has_pages: #has_pages,
            target: <#target as crate::semantics::Resource>::DESCRIPTION.class,
            comment: #comment,
        }
    });
    connections::take_pages(function);
    Ok(())
}
