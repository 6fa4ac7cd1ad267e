//! `#[filter]`: what clients may ask of a list.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Field, Fields, Ident, ItemStruct, Path, Result, Type, meta::ParseNestedMeta};

use crate::iri;

/// The arguments of the attribute.
#[derive(Default)]
struct Arguments {
    table: Option<Path>,
    node: Option<Path>,
    deleted_at: Option<Ident>,
}

impl Arguments {
    fn parse(tokens: TokenStream) -> Result<Self> {
        let mut arguments = Self::default();
        let parser = syn::meta::parser(|meta: ParseNestedMeta| {
            if meta.path.is_ident("table") {
                arguments.table = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("node") {
                arguments.node = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("deleted_at") {
                arguments.deleted_at = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("expected table, node or deleted_at"));
            }
            Ok(())
        });
        syn::parse::Parser::parse2(parser, tokens)?;
        Ok(arguments)
    }
}

pub fn expand(arguments: TokenStream, mut item: ItemStruct) -> Result<TokenStream> {
    let Arguments { table, node, deleted_at } = Arguments::parse(arguments)?;
    let table = table.ok_or_else(|| Error::new_spanned(&item.ident, "#[filter] needs table = …"))?;

    let live = iri::optional(deleted_at.map(|column| {
        quote! {
            || {
                ::sea_orm::sea_query::ExprTrait::is_null(
                    ::sea_orm::sea_query::Expr::col((#table::Entity, #table::Column::#column)),
                )
            }
        }
    }));

    if node.is_some()
        && let Fields::Named(named) = &mut item.fields
    {
        let identity = syn::parse_quote! {
            /// The node itself, by its IRI.
            #[column(Id)]
            id: crate::graphql::comparison::IdComparison
        };
        named.named.insert(0, identity);
    }
    let collection =
        iri::optional(node.map(|node| quote!(<#node as crate::semantics::Resource>::DESCRIPTION.collection)));

    let mut fields = Vec::new();
    let mut edges = Vec::new();
    let mut rules = Vec::new();
    for field in &mut item.fields {
        let ident = field.ident.clone().ok_or_else(|| Error::new_spanned(&*field, "fields have names"))?;
        let name = iri::camel_case(&ident.to_string());
        expand_field(field, &table, &name, &mut fields, &mut edges)?;
        let plain = &field.ty;
        // Conditions nest, and what they are parsed into lies on the stack: a box is small.
        let (boxed, condition) = if is_box(plain) {
            (quote!(#plain), quote!(condition))
        } else {
            (quote!(::std::boxed::Box<#plain>), quote!(*condition))
        };
        rules.push(quote! {
            match input.#ident {
                ::async_graphql::MaybeUndefined::Undefined => {}
                ::async_graphql::MaybeUndefined::Null => rules.push(crate::filter::Rule::null(#name, "")),
                ::async_graphql::MaybeUndefined::Value(condition) => {
                    rules.push(crate::graphql::comparison::Comparison::into_rule(#condition, #name));
                }
            }
        });
        field.ty = syn::parse_quote!(::async_graphql::MaybeUndefined<#boxed>);
        field.vis = syn::parse_quote!(pub);
    }

    let (attributes, visibility, ident) = (&item.attrs, &item.vis, &item.ident);
    let members = item.fields.iter();
    Ok(quote! {
        #(#attributes)*
        #[derive(Clone, Debug, Default, ::async_graphql::InputObject)]
        #visibility struct #ident {
            /// Holds when all of these hold.
            pub and: ::async_graphql::MaybeUndefined<::std::vec::Vec<#ident>>,
            /// Holds when at least one of these holds.
            pub or: ::async_graphql::MaybeUndefined<::std::vec::Vec<#ident>>,
            /// Holds when this does not.
            pub not: ::async_graphql::MaybeUndefined<::std::boxed::Box<#ident>>,
            #(#members,)*
        }

        impl ::core::convert::From<#ident> for crate::filter::Rule {
            fn from(input: #ident) -> Self {
                let mut rules = ::std::vec::Vec::new();
                rules.extend(crate::graphql::comparison::stated("and", "", input.and, |all| {
                    Self::All(all.into_iter().map(Self::from).collect())
                }));
                rules.extend(crate::graphql::comparison::stated("or", "", input.or, |any| {
                    Self::Any(any.into_iter().map(Self::from).collect())
                }));
                rules.extend(crate::graphql::comparison::stated("not", "", input.not, |not| {
                    Self::Not(::std::boxed::Box::new(Self::from(*not)))
                }));
                #(#rules)*
                Self::all(rules)
            }
        }

        impl crate::graphql::comparison::Where for #ident {
            const SUBJECT: &'static crate::filter::Subject = &crate::filter::Subject {
                table: || ::sea_orm::sea_query::IntoIden::into_iden(#table::Entity),
                live: #live,
                collection: #collection,
                fields: &[#(#fields),*],
                edges: &[#(#edges),*],
            };
        }
    })
}

fn is_box(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Box"))
}

fn expand_field(
    field: &mut Field,
    table: &Path,
    name: &str,
    fields: &mut Vec<TokenStream>,
    edges: &mut Vec<TokenStream>,
) -> Result<()> {
    let is_personal = iri::take(&mut field.attrs, "personal").is_some();
    let plain = field.ty.clone();
    if let Some(attribute) = iri::take(&mut field.attrs, "edge") {
        let (join, only) = join(&attribute, table)?;
        let only = iri::optional(only);
        edges.push(quote! {
            crate::filter::Edge {
                name: #name,
                join: #join,
                only: #only,
                subject: || <#plain as crate::graphql::comparison::Related>::SUBJECT,
                shape: <#plain as crate::graphql::comparison::Related>::SHAPE,
            }
        });
        return Ok(());
    }
    let expression = if let Some(attribute) = iri::take(&mut field.attrs, "column") {
        let column: Ident = attribute.parse_args()?;
        quote!(|_| ::sea_orm::sea_query::Expr::col((#table::Entity, #table::Column::#column)))
    } else if let Some(attribute) = iri::take(&mut field.attrs, "expression") {
        let function: Path = attribute.parse_args()?;
        quote!(#function)
    } else {
        return Err(Error::new_spanned(field, "needs one of #[column(…)], #[expression(…)] and #[edge(…)]"));
    };
    fields.push(quote! {
        crate::filter::Field {
            name: #name,
            kind: <#plain as crate::graphql::comparison::Compared>::KIND,
            expression: #expression,
            is_personal: #is_personal,
        }
    });
    Ok(())
}

/// How the related rows are found, and the function that further narrows them.
fn join(attribute: &syn::Attribute, table: &Path) -> Result<(TokenStream, Option<Path>)> {
    let (mut column, mut through, mut only): (Option<Path>, Option<Path>, Option<Path>) = (None, None, None);
    let (mut from, mut to): (Option<Ident>, Option<Ident>) = (None, None);
    attribute.parse_nested_meta(|meta| {
        let value = meta.value()?;
        if meta.path.is_ident("column") {
            column = Some(value.parse()?);
        } else if meta.path.is_ident("through") {
            through = Some(value.parse()?);
        } else if meta.path.is_ident("from") {
            from = Some(value.parse()?);
        } else if meta.path.is_ident("to") {
            to = Some(value.parse()?);
        } else if meta.path.is_ident("only") {
            only = Some(value.parse()?);
        } else {
            return Err(meta.error("expected column, through, from, to or only"));
        }
        Ok(())
    })?;
    let iden = quote!(::sea_orm::sea_query::IntoIden::into_iden);
    let join = match (column, through, from, to) {
        (Some(column), None, None, None) => quote!(crate::store::Join::Column(|| #iden(#column))),
        (None, None, None, Some(to)) => quote!(crate::store::Join::To(|| #iden(#table::Column::#to))),
        (None, Some(through), Some(from), Some(to)) => quote! {
            crate::store::Join::Through {
                table: || #iden(#through::Entity),
                from: || #iden(#through::Column::#from),
                to: || #iden(#through::Column::#to),
            }
        },
        _ => {
            let message = "write column = …, or to = …, or through = …, from = …, to = …";
            return Err(Error::new_spanned(attribute, message));
        }
    };
    Ok((join, only))
}
