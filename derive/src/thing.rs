//! `#[thing]`: a value with fields of its own and no IRI, written in place.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Ident, ItemStruct, LitStr, Path, Result, Token, parse::ParseStream};

use crate::iri::{self, Name};

pub fn expand(arguments: TokenStream, mut item: ItemStruct) -> Result<TokenStream> {
    let parser = |input: ParseStream<'_>| {
        let class = Name::parse(&input.parse::<LitStr>()?)?;
        let row = if input.parse::<Option<Token![,]>>()?.is_some() {
            input.parse::<Ident>()?;
            input.parse::<Token![=]>()?;
            Some(input.parse::<Path>()?)
        } else {
            None
        };
        Ok((class, row))
    };
    let (class, row) = syn::parse::Parser::parse2(parser, arguments)?;

    let mut names = Vec::new();
    let mut facts = Vec::new();
    let mut writes = Vec::new();
    for field in &mut item.fields {
        let ident = field.ident.clone().ok_or_else(|| Error::new_spanned(&*field, "fields have names"))?;
        let attribute =
            iri::take(&mut field.attrs, "iri").ok_or_else(|| Error::new_spanned(&ident, "needs #[iri(\"…\")]"))?;
        let name = Name::parse(&attribute.parse_args::<LitStr>()?)?;
        let comment = iri::description(&field.attrs, &ident)?;
        let directive = iri::directive(&name);
        field.attrs.push(syn::parse_quote!(#[graphql(#directive)]));
        field.vis = syn::parse_quote!(pub);
        let (label, property, ty) = (iri::camel_case(&ident.to_string()), name.prefixed, &field.ty);
        facts.push(quote! {
            crate::semantics::Fact {
                name: #label,
                property: #property,
                range: <#ty as crate::semantics::value::Value>::RANGE,
                comment: #comment,
                is_personal: false,
            }
        });
        writes.push(quote! {
            if !self.#ident.is_absent() {
                map.serialize_entry(#label, &self.#ident.as_json())?;
            }
        });
        names.push(ident);
    }

    let (ident, prefixed) = (&item.ident, &class.prefixed);
    let directive = iri::directive(&class);
    let comment = iri::description(&item.attrs, ident)?;
    let stored = row.map(|row| {
        quote! {
            impl crate::semantics::value::Stored for #ident {
                type Column = #row;

                fn from_column(column: #row, _: &crate::store::Reading) -> Self {
                    Self { #(#names: column.#names),* }
                }
            }
        }
    });
    Ok(quote! {
        #[derive(Clone, Debug, ::async_graphql::SimpleObject)]
        #[graphql(#directive)]
        #item

        #stored

        impl crate::semantics::value::Value for #ident {
            const RANGE: crate::semantics::Range = crate::semantics::Range::Thing(#prefixed, #comment, &[#(#facts),*]);

            fn as_json(&self) -> impl ::serde::Serialize + '_ {
                self
            }
        }

        impl ::serde::Serialize for #ident {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap as _;
                use crate::semantics::value::Value as _;
                let mut map = serializer.serialize_map(::core::option::Option::None)?;
                map.serialize_entry("@type", #prefixed)?;
                #(#writes)*
                map.end()
            }
        }
    })
}
