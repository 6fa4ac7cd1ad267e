//! Segments and who is in them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, json_binary_null, pk_uuid, text, text_null, uuid,
};

use crate::dialect::{bytewise, drop_tables, execute, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(segment(manager)).await?;
        manager.create_table(segment_membership()).await?;
        execute(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["segment_membership", "segment"]).await
    }
}

fn segment(manager: &SchemaManager) -> TableCreateStatement {
    Table::create()
        .table("segment")
        .col(pk_uuid("id"))
        .col(text("handle"))
        .col(bytewise(manager, text("name")))
        .col(text_null("description"))
        .col(text("kind"))
        .col(boolean("is_built_in"))
        .col(json_binary_null("rule"))
        .col(big_integer_null("computed_at"))
        .col(integer("version").default(1))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .check(Expr::cust("kind in ('STATIC', 'DYNAMIC')"))
        .check(Expr::cust("(rule is not null) = (kind = 'DYNAMIC')"))
        .check(Expr::cust("version >= 1"))
        .take()
}

fn segment_membership() -> TableCreateStatement {
    Table::create()
        .table("segment_membership")
        .col(uuid("segment_id"))
        .col(uuid("customer_id"))
        .col(big_integer("since"))
        .primary_key(Index::create().col("segment_id").col("customer_id"))
        .foreign_key(&mut reference("segment_id", "segment", ForeignKeyAction::Cascade))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .take()
}

const INDEXES: &str = "
create unique index segment_handle_unique on segment (handle);
create index segment_by_name on segment (name, id);
create index segment_by_created_at on segment (created_at, id);
create index segment_membership_by_customer on segment_membership (customer_id, segment_id);
create index segment_membership_by_since on segment_membership (segment_id, since, customer_id);
";
