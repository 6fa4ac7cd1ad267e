//! What runs can be filtered and sorted by, and customers by what is predicted of them.

use derive::filter;
use entity::lifetime_value_run::{self, Column, NoFit};
use sea_orm::sea_query::Expr;

use super::LifetimeValueRun;
use crate::{
    graphql::{
        Listed,
        comparison::{BooleanComparison, DateTimeComparison, term_comparison},
        order_by,
    },
    store::Reading,
};

term_comparison! {
    /// Tests of why predictions are missing. All given must pass.
    NoFitComparison, NoFit
}

/// Which runs. All conditions given must hold.
#[filter(table = entity::lifetime_value_run)]
pub struct LifetimeValueRunWhere {
    /// The instant whose ledger it is of.
    #[column(AsOf)]
    as_of: DateTimeComparison,
    /// When it was made.
    #[column(ComputedAt)]
    computed_at: DateTimeComparison,
    /// Whether it is of an instant that was asked for.
    #[column(IsHistorical)]
    is_historical: BooleanComparison,
    /// Why predictions are missing.
    #[column(NoFit)]
    no_fit: NoFitComparison,
}

order_by! {
    /// What runs are sorted by.
    LifetimeValueRunOrderBy,
    /// The fields that runs can be sorted by.
    LifetimeValueRunOrderField {
        /// The instant whose ledger it is of.
        AsOf: Integer lifetime_value_run::Entity, Column::AsOf;
        /// When it was made.
        ComputedAt: Integer lifetime_value_run::Entity, Column::ComputedAt;
    }
    default ComputedAt Desc
}

impl Listed for LifetimeValueRun {
    type Where = LifetimeValueRunWhere;
    type OrderBy = LifetimeValueRunOrderBy;
}

/// The probability that a customer still buys, over their row. Null where nothing is predicted.
pub fn p_alive_expression(_: &Reading) -> Expr {
    predicted("p_alive")
}

/// The predicted lifetime value of a customer in minor units, over their row. Null where nothing is predicted.
pub fn value_expression(_: &Reading) -> Expr {
    predicted("predicted_lifetime_value")
}

fn predicted(column: &str) -> Expr {
    Expr::cust(format!(
        "(select prediction.{column} from lifetime_value_prediction prediction \
         where prediction.customer_id = customer.id)"
    ))
}
