//! The arguments that every connection takes, stated once.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{FnArg, ImplItem, ImplItemFn, ItemImpl, Pat, PathArguments, Type};

pub fn expand(mut item: ItemImpl) -> TokenStream {
    for member in &mut item.items {
        if let ImplItem::Fn(function) = member {
            take_pages(function);
        }
    }
    item.into_token_stream()
}

/// Replaces a parameter of type `Pages<T>` by the arguments that it gathers.
pub fn take_pages(function: &mut ImplItemFn) {
    let position = function.sig.inputs.iter().position(|input| match input {
        FnArg::Typed(typed) => last_segment(&typed.ty).is_some_and(|segment| segment.ident == "Pages"),
        FnArg::Receiver(_) => false,
    });
    let Some(FnArg::Typed(parameter)) = position.and_then(|position| function.sig.inputs.get(position)).cloned() else {
        return;
    };
    let Pat::Ident(name) = *parameter.pat else { return };
    let Some(target) = innermost(&parameter.ty) else {
        return;
    };
    let (name, ty) = (name.ident, &parameter.ty);

    let arguments: [FnArg; 6] = [
        syn::parse_quote! {
            #[graphql(desc = "How many nodes from the start of the list, or after `after`: 20 if neither `first` nor `last` is given, at most 250.")]
            first: ::core::option::Option<i32>
        },
        syn::parse_quote! {
            #[graphql(desc = "Only nodes after this cursor.")]
            after: ::core::option::Option<::std::string::String>
        },
        syn::parse_quote! {
            #[graphql(desc = "How many nodes from the end of the list, or before `before`: at most 250, and not together with `first`.")]
            last: ::core::option::Option<i32>
        },
        syn::parse_quote! {
            #[graphql(desc = "Only nodes before this cursor.")]
            before: ::core::option::Option<::std::string::String>
        },
        syn::parse_quote! {
            #[graphql(name = "where", desc = "Only nodes that fulfil all of these conditions.")]
            filter: ::core::option::Option<<#target as crate::graphql::Listed>::Where>
        },
        syn::parse_quote! {
            #[graphql(desc = "What the list is sorted by; ties are broken by id, so that the order is total.")]
            order_by: ::core::option::Option<<#target as crate::graphql::Listed>::OrderBy>
        },
    ];
    let inputs = std::mem::take(&mut function.sig.inputs);
    for (index, input) in inputs.into_iter().enumerate() {
        if Some(index) == position {
            function.sig.inputs.extend(arguments.iter().cloned());
        } else {
            function.sig.inputs.push(input);
        }
    }
    function.attrs.push(syn::parse_quote! {
        #[expect(clippy::too_many_arguments, reason = "a connection takes six by itself")]
    });
    let gather = quote! {
        let #name: #ty = crate::graphql::Pages { first, after, last, before, filter, order_by };
    };
    function.block.stmts.insert(0, syn::parse_quote!(#gather));
}

/// The type that the generic arguments of `ty` end in: `Order` of `Option<Result<Connection<Order>>>`.
pub fn innermost(ty: &Type) -> Option<Type> {
    let segment = last_segment(ty)?;
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::Type(inner) => innermost(inner),
            _ => None,
        }),
        _ => Some(ty.clone()),
    }
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}
