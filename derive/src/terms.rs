//! `#[terms]`: enums whose values are terms of a vocabulary.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Fields, Ident, ItemEnum, LitStr, Result, Token, parse::ParseStream};

use crate::iri::{self, Name};

pub fn expand(arguments: TokenStream, mut item: ItemEnum) -> Result<TokenStream> {
    let parser = |input: ParseStream<'_>| {
        let class = Name::parse(&input.parse::<LitStr>()?)?;
        let is_column = input.parse::<Option<Token![,]>>()?.is_some() && input.parse::<Ident>()? == "column";
        Ok((class, is_column))
    };
    let (class, is_column) = syn::parse::Parser::parse2(parser, arguments)?;
    let class_directive = iri::directive(&class);
    let (class_prefixed, ident) = (&class.prefixed, &item.ident);
    let description = iri::description(&item.attrs, &item.ident)?;

    let mut rows = Vec::new();
    for variant in &mut item.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a term has no fields"));
        }
        let attribute = iri::take(&mut variant.attrs, "iri")
            .ok_or_else(|| Error::new_spanned(&variant.ident, "needs #[iri(\"…\")]"))?;
        let name = Name::parse(&attribute.parse_args::<LitStr>()?)?;
        let comment = iri::description(&variant.attrs, &variant.ident)?;
        let directive = iri::directive(&name);
        let stored = screaming_snake_case(&variant.ident.to_string());
        variant.attrs.push(syn::parse_quote!(#[graphql(#directive)]));
        if is_column {
            variant.attrs.push(syn::parse_quote!(#[sea_orm(string_value = #stored)]));
        }
        let prefixed = name.prefixed;
        rows.push(quote!(::entity::term::Description { name: #stored, iri: #prefixed, comment: #comment }));
    }

    let column = is_column.then(|| {
        quote! {
            #[derive(::sea_orm::EnumIter, ::sea_orm::DeriveActiveEnum)]
            #[sea_orm(rs_type = "String", db_type = "Text")]
        }
    });
    Ok(quote! {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ::async_graphql::Enum)]
        #[graphql(#class_directive)]
        #column
        #item

        impl ::entity::term::Term for #ident {
            const CLASS: &'static str = #class_prefixed;
            const COMMENT: &'static str = #description;
            const TERMS: &'static [::entity::term::Description] = &[#(#rows),*];

            fn description(self) -> &'static ::entity::term::Description {
                &Self::TERMS[self as usize]
            }
        }
    })
}

fn screaming_snake_case(name: &str) -> String {
    let mut result = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !result.is_empty() {
            result.push('_');
        }
        result.push(letter.to_ascii_uppercase());
    }
    result
}
