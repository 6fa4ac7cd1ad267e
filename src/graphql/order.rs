//! `orderBy`.

use async_graphql::Enum;

/// A direction of sorting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// The least first: A before Z, early before late, none before any.
    Asc,
    /// The greatest first: Z before A, late before early, any before none.
    Desc,
}

/// Declares the `orderBy` of a type: the fields it can be sorted by, each with a column that is never null and is
/// indexed together with the key (`"personal"` before it marks personal data), and the order when nothing is asked for.
macro_rules! order_by {
    (
        $(#[$input_doc:meta])* $input:ident,
        $(#[$field_doc:meta])* $field:ident { $($(#[$doc:meta])* $variant:ident: $kind:ident $($personal:literal)? $table:path, $column:expr;)* }
        default $default:ident $direction:ident
    ) => {
        $(#[$field_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ::async_graphql::Enum)]
        pub enum $field {
            $($(#[$doc])* $variant,)*
        }

        $(#[$input_doc])*
        #[derive(Clone, Copy, Debug, ::async_graphql::InputObject)]
        pub struct $input {
            /// What to sort by.
            pub field: $field,
            /// Which end comes first.
            #[graphql(default_with = "crate::graphql::OrderDirection::Asc")]
            pub direction: crate::graphql::OrderDirection,
        }

        impl Default for $input {
            fn default() -> Self {
                Self { field: $field::$default, direction: crate::graphql::OrderDirection::$direction }
            }
        }

        impl From<$input> for crate::store::Sort {
            fn from(input: $input) -> Self {
                let (kind, expression, is_personal) = match input.field {
                    $($field::$variant => (
                        crate::store::SortKind::$kind,
                        ::sea_orm::sea_query::Expr::col(($table, $column)),
                        [$($personal)?].contains(&"personal"),
                    ),)*
                };
                Self {
                    name: ::async_graphql::InputType::to_value(&input.field).to_string(),
                    expression,
                    kind,
                    is_personal,
                    is_descending: input.direction == crate::graphql::OrderDirection::Desc,
                }
            }
        }
    };
}

pub(crate) use order_by;
