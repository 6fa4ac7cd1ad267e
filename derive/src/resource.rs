//! `#[resource]` on a struct: a node's facts.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Error, Expr, Ident, ItemStruct, LitStr, Path, Result, Type, meta::ParseNestedMeta};

use crate::iri::{self, Name};

/// The arguments of the attribute.
#[derive(Default)]
struct Arguments {
    class: Option<LitStr>,
    class_of: Vec<LitStr>,
    collection: Option<LitStr>,
    table: Option<Path>,
    deleted_at: Option<Ident>,
}

impl Arguments {
    fn parse(tokens: TokenStream) -> Result<Self> {
        let mut arguments = Self::default();
        let parser = syn::meta::parser(|meta: ParseNestedMeta| {
            if meta.path.is_ident("class") {
                arguments.class = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("class_of") {
                arguments.class_of.push(meta.value()?.parse()?);
            } else if meta.path.is_ident("collection") {
                arguments.collection = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("table") {
                arguments.table = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("deleted_at") {
                arguments.deleted_at = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("expected class, class_of, collection, table or deleted_at"));
            }
            Ok(())
        });
        syn::parse::Parser::parse2(parser, tokens)?;
        Ok(arguments)
    }
}

/// What a field is to the node.
enum Role {
    Key,
    Fact(Name),
    Foreign,
}

/// The code that one field gives rise to.
#[derive(Default)]
struct Parts {
    columns: Vec<TokenStream>,
    reads: Vec<TokenStream>,
    decodes: Vec<TokenStream>,
    /// In a node that is made of a whole row, no fact is missing.
    wholes: Vec<TokenStream>,
    wraps: Vec<TokenStream>,
    names: Vec<Ident>,
    facts: Vec<TokenStream>,
    writes: Vec<TokenStream>,
    classes: Vec<TokenStream>,
    foreign: Vec<TokenStream>,
    /// The columns that are always read.
    keys: u64,
    /// Each fact, with the columns that it takes.
    takes: Vec<(Ident, u64)>,
}

impl Parts {
    /// Adds what is done however the node is made.
    fn push(&mut self, statement: &TokenStream) {
        self.reads.push(statement.clone());
        self.decodes.push(statement.clone());
    }

    /// How a node is made of a whole row.
    fn made_of_row(&self, ident: &Ident, table: &Path) -> TokenStream {
        let Self { reads, wholes, wraps, names, .. } = self;
        quote! {
            impl #ident {
                /// The node that a row is, among `siblings`.
                #[must_use]
                pub fn from_row(
                    row: #table::Model,
                    reading: &crate::store::Reading,
                    siblings: &crate::store::Siblings,
                ) -> Self {
                    use crate::semantics::value::Stored as _;
                    // The row lacks a field, or holds another type, where one of these does not compile.
                    let _ = reading;
                    #(#reads)*
                    #(#wholes)*
                    #(#wraps)*
                    Self { #(#names,)* siblings: siblings.clone() }
                }
            }
        }
    }

    /// The facts that an expression names, and the columns that they take. A column that is always read is no question.
    fn taken_by(&self, expression: &Expr) -> (Vec<Ident>, u64) {
        let mut named = Vec::new();
        identifiers(quote!(#expression), &mut named);
        let facts: Vec<_> = self.takes.iter().filter(|(fact, _)| named.contains(fact)).collect();
        (facts.iter().map(|(fact, _)| fact.clone()).collect(), facts.iter().fold(0, |all, (_, columns)| all | columns))
    }
}

/// All identifiers in the tokens.
fn identifiers(tokens: TokenStream, found: &mut Vec<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => found.push(ident),
            TokenTree::Group(group) => identifiers(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

pub fn expand(arguments: TokenStream, mut item: ItemStruct) -> Result<TokenStream> {
    let required = |name: &str| Error::new_spanned(&item.ident, format!("#[resource] needs {name} = …"));
    let arguments = Arguments::parse(arguments)?;
    let class = Name::parse(&arguments.class.ok_or_else(|| required("class"))?)?;
    let class_of = arguments.class_of.iter().map(|name| Ok(Name::parse(name)?.prefixed)).collect::<Result<Vec<_>>>()?;
    let collection = arguments.collection.ok_or_else(|| required("collection"))?;
    let table = arguments.table.ok_or_else(|| required("table"))?;
    let deleted_at = iri::optional(arguments.deleted_at.map(|column| quote!(#table::Column::#column)));
    let comment = iri::description(&item.attrs, &item.ident)?;

    let mut parts = Parts::default();
    for field in &mut item.fields {
        expand_field(field, &mut parts)?;
    }

    if parts.columns.len() > 64 {
        return Err(Error::new_spanned(&item.ident, "a node has at most 64 columns"));
    }
    let from_row = parts.made_of_row(&item.ident, &table);
    let Parts { columns, decodes, wraps, names, facts, writes, classes, foreign, keys, takes, .. } = parts;
    let takes = takes.iter().map(|(fact, columns)| {
        let name = iri::camel_case(&fact.to_string());
        quote!(#name => crate::store::Columns(#columns),)
    });
    let (ident, class_prefixed) = (&item.ident, &class.prefixed);
    let directive = iri::directive(&class);
    let (attributes, visibility, fields) = (&item.attrs, &item.vis, item.fields.iter());
    let name = ident.to_string();
    Ok(quote! {
        #(#attributes)*
        #[derive(Clone, Debug, ::async_graphql::SimpleObject)]
        #[graphql(complex, #directive)]
        #visibility struct #ident {
            #(#fields,)*
            /// The nodes that were read together with this one.
            #[graphql(skip)]
            pub siblings: crate::store::Siblings,
        }

        #from_row

        impl crate::store::Record for #ident {
            type Entity = #table::Entity;

            const COLUMNS: &'static [#table::Column] = &[#(#table::Column::#columns),*];

            const DELETED_AT: ::core::option::Option<#table::Column> = #deleted_at;

            const KEYS: crate::store::Columns = crate::store::Columns(#keys);

            fn columns_of(field: &str) -> crate::store::Columns {
                match field {
                    #(#takes)*
                    "jsonLd" => crate::store::Columns::ALL,
                    _ => crate::store::Columns::NONE,
                }
            }

            fn key(&self) -> ::uuid::Uuid {
                self.key
            }

            fn foreign_keys<'a>(
                nodes: impl ::core::iter::Iterator<Item = &'a Self> + ::core::clone::Clone,
            ) -> ::std::vec::Vec<(&'static str, ::std::vec::Vec<::uuid::Uuid>)> {
                let _ = &nodes;
                ::std::vec![#(#foreign),*]
            }

            fn decode(
                row: &::sea_orm::QueryResult,
                reading: &crate::store::Reading,
                siblings: &crate::store::Siblings,
            ) -> ::core::result::Result<Self, ::sea_orm::DbErr> {
                use crate::semantics::value::Stored as _;
                let mut index = 0_usize..;
                let mut next = || index.next().unwrap_or_default();
                let columns = reading.columns;
                let _ = columns;
                #(#decodes)*
                #(#wraps)*
                ::core::result::Result::Ok(Self { #(#names,)* siblings: siblings.clone() })
            }
        }

        impl crate::semantics::Resource for #ident {
            const DESCRIPTION: crate::semantics::Description = crate::semantics::Description {
                name: #name,
                class: #class_prefixed,
                class_of: &[#(#class_of),*],
                collection: #collection,
                comment: #comment,
                facts: &[#(#facts),*],
            };

            fn classes(&self) -> ::std::vec::Vec<&'static str> {
                let classes: [::core::option::Option<&'static str>; _] = [#(#classes),*];
                classes.into_iter().flatten().collect()
            }

            fn state_facts<W: crate::semantics::Statements>(
                &self, writer: &mut W, shows_personal: bool,
            ) -> ::core::result::Result<(), W::Error> {
                use crate::semantics::value::Value as _;
                #(#writes)*
                ::core::result::Result::Ok(())
            }
        }
    })
}

fn expand_field(field: &mut syn::Field, parts: &mut Parts) -> Result<()> {
    let ident = field.ident.clone().ok_or_else(|| Error::new_spanned(&*field, "fields have names"))?;
    let role = role(&mut field.attrs, &ident)?;
    let is_personal = iri::take(&mut field.attrs, "personal").is_some();
    let derived = iri::take(&mut field.attrs, "derived").map(|attribute| attribute.parse_args::<Expr>()).transpose()?;
    let is_currency = iri::take(&mut field.attrs, "currency").is_some();
    let column = iri::take(&mut field.attrs, "column").map(|attribute| attribute.parse_args::<Ident>()).transpose()?;
    let column = match role {
        Role::Key => Ident::new("id", ident.span()),
        _ => column.unwrap_or_else(|| ident.clone()),
    };
    let plain = field.ty.clone();
    field.vis = syn::parse_quote!(pub);

    // Keys, and the currency that amounts are read in, are there whatever is asked for.
    let is_always_read = is_currency || !matches!(role, Role::Fact(_));
    match derived {
        Some(expression) => derive(&ident, &plain, &expression, parts),
        None => decode_column(&ident, &plain, &column, is_always_read, parts),
    }
    if is_currency {
        parts.push(&quote!(let reading = &reading.within(#ident);));
        parts.decodes.push(quote!(let #ident = ::core::option::Option::Some(#ident);));
    }
    if matches!(role, Role::Fact(_)) {
        parts.wholes.push(quote!(let #ident = ::core::option::Option::Some(#ident);));
    }
    parts.names.push(ident.clone());

    let name = match role {
        Role::Key | Role::Foreign => {
            let comment = format!("Column `{column}`.");
            field.attrs.push(syn::parse_quote!(#[doc = #comment]));
            if matches!(role, Role::Foreign) {
                let name = ident.to_string();
                parts.foreign.push(quote! {
                    (#name, nodes.clone().filter_map(|node| ::core::option::Option::from(node.#ident)).collect())
                });
            }
            field.attrs.push(syn::parse_quote!(#[graphql(skip)]));
            return Ok(());
        }
        Role::Fact(name) => name,
    };
    let comment = iri::description(&field.attrs, &ident)?;
    let directive = iri::directive(&name);
    field.attrs.push(syn::parse_quote!(#[graphql(#directive)]));
    if is_personal {
        field.attrs.push(syn::parse_quote!(#[doc = ""]));
        field
            .attrs
            .push(syn::parse_quote!(#[doc = "Personal data: null, with an error, for those who may not see it."]));
        field.ty = syn::parse_quote!(crate::auth::Personal<crate::store::Read<#plain>>);
        parts.wraps.push(quote!(let #ident = crate::auth::Personal(crate::store::Read::from(#ident));));
    } else {
        field.ty = syn::parse_quote!(crate::store::Read<#plain>);
        parts.wraps.push(quote!(let #ident = crate::store::Read::from(#ident);));
    }

    let (label, property) = (iri::camel_case(&ident.to_string()), name.prefixed);
    if property == "rdf:type" {
        parts.classes.push(quote! {
            self.#ident.get().map(|term| ::entity::term::Term::description(*term).iri)
        });
    } else {
        let value = if is_personal { quote!(&self.#ident.0) } else { quote!(&self.#ident) };
        let shown = if is_personal { quote!(shows_personal &&) } else { quote!() };
        let place = parts.facts.len();
        parts.writes.push(quote! {
            if #shown !(#value).is_absent() {
                writer.fact(&Self::DESCRIPTION.facts[#place], &(#value).as_json())?;
            }
        });
    }
    parts.facts.push(quote! {
        crate::semantics::Fact {
            name: #label,
            property: #property,
            range: <#plain as crate::semantics::value::Value>::RANGE,
            comment: #comment,
            is_personal: #is_personal,
        }
    });
    Ok(())
}

/// A fact that follows from others is there if they are.
fn derive(ident: &Ident, plain: &Type, expression: &Expr, parts: &mut Parts) {
    let (facts, columns) = parts.taken_by(expression);
    parts.reads.push(quote!(let #ident: #plain = #expression;));
    parts.decodes.push(quote! {
        let #ident: ::core::option::Option<#plain> = if let (#(::core::option::Option::Some(#facts),)*) = (#(&#facts,)*) {
            #(let #facts = ::core::clone::Clone::clone(#facts);)*
            ::core::option::Option::Some(#expression)
        } else {
            ::core::option::Option::None
        };
    });
    parts.takes.push((ident.clone(), columns));
}

fn decode_column(ident: &Ident, plain: &Type, field: &Ident, is_always_read: bool, parts: &mut Parts) {
    let place = parts.columns.len();
    let column = Ident::new(&pascal_case(&field.to_string()), ident.span());
    parts.columns.push(quote!(#column));
    parts.reads.push(quote!(let #ident = <#plain>::from_column(row.#field, reading);));
    let decode = quote!(<#plain>::from_column(row.try_get_by_index(next())?, reading));
    if is_always_read {
        parts.decodes.push(quote!(let #ident = #decode;));
        parts.keys |= 1 << place;
    } else {
        parts.decodes.push(quote! {
            let #ident = if columns.has(#place) {
                ::core::option::Option::Some(#decode)
            } else {
                ::core::option::Option::None
            };
        });
        parts.takes.push((ident.clone(), 1 << place));
    }
}

fn role(attributes: &mut Vec<Attribute>, ident: &Ident) -> Result<Role> {
    let key = iri::take(attributes, "key").map(|_| Role::Key);
    let foreign = iri::take(attributes, "foreign").map(|_| Role::Foreign);
    let fact = iri::take(attributes, "iri")
        .map(|attribute| Name::parse(&attribute.parse_args::<LitStr>()?).map(Role::Fact))
        .transpose()?;
    let mut roles = [key, foreign, fact].into_iter().flatten();
    match (roles.next(), roles.next()) {
        (Some(role), None) => Ok(role),
        _ => Err(Error::new_spanned(ident, "needs exactly one of #[key], #[iri(\"…\")] and #[foreign]")),
    }
}

fn pascal_case(name: &str) -> String {
    let camel = iri::camel_case(name);
    let mut letters = camel.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
