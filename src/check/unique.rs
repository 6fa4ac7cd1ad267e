//! Values that no two rows may share.

use anyhow::Context;
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::Check;
use crate::{rejection::Rejection, transaction::Transaction};

impl Check {
    /// A value that no row but that with the key `own` may have in `column`.
    ///
    /// Another transaction may write the same value meanwhile: see [`crate::rejection::Refusal::of_duplicate`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unique<E>(
        &mut self,
        tx: &Transaction,
        path: &str,
        column: E::Column,
        value: &str,
        own: Option<Uuid>,
    ) -> anyhow::Result<()>
    where
        E: EntityTrait<Model: Send + Sync>,
    {
        let mut others = E::find().filter(column.eq(value));
        if let Some(own) = own {
            others = others.filter(Expr::col((E::default(), "id")).ne(own));
        }
        if others.count(&*tx.db).await.context("could not look for a value that must be unique")? > 0 {
            self.add(Rejection::taken(path));
        }
        Ok(())
    }
}
