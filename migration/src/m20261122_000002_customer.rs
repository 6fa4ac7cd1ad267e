//! Customers, their tags, and the search for parts of their text.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, date_null, integer, json_binary, json_binary_null, pk_uuid, text,
    text_null, uuid,
};

use crate::dialect::{bytewise, drop_tables, execute, generated, is_postgres, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(customer(manager)).await?;
        execute(manager, CUSTOMER_INDEXES).await?;
        manager.create_table(customer_tag(manager)).await?;
        execute(manager, "create index customer_tag_by_customer on customer_tag (customer_id)").await?;
        execute(manager, if is_postgres(manager) { SEARCH_ON_POSTGRES } else { SEARCH_ON_SQLITE }).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if !is_postgres(manager) {
            drop_tables(manager, &["customer_search", "customer_search_index"]).await?;
        }
        drop_tables(manager, &["customer_tag", "customer"]).await
    }
}

/// The large negative number is `entity::INSTANT_BEFORE_ALL`.
fn customer(manager: &SchemaManager) -> TableCreateStatement {
    Table::create()
        .table("customer")
        .col(pk_uuid("id"))
        .col(text("kind"))
        .col(text("name"))
        .col(bytewise(manager, text("name_key")))
        .col(text_null("given_name"))
        .col(text_null("family_name"))
        .col(text_null("legal_name"))
        .col(text_null("email"))
        .col(bytewise(manager, text_null("email_key")))
        .col(bytewise(manager, text_null("telephone")))
        .col(date_null("birth_date"))
        .col(text_null("gender"))
        .col(boolean("email_opt_in").default(false))
        .col(boolean("sms_opt_in").default(false))
        .col(json_binary("communication_channels").default("[]"))
        .col(text_null("preferred_language"))
        .col(text_null("timezone"))
        .col(json_binary("tags").default("[]"))
        .col(json_binary_null("custom_fields"))
        .col(text_null("external_id"))
        .col(bytewise(manager, text("search_text")))
        .col(big_integer("customer_since"))
        .col(big_integer("total_orders").default(0))
        .col(big_integer("delivered_orders").default(0))
        .col(big_integer("total_spent").default(0))
        .col(big_integer_null("first_order_date"))
        .col(big_integer_null("last_order_date"))
        .col(big_integer_null("last_purchase_date"))
        .col(integer("version").default(1))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("deleted_at"))
        .col(generated(manager, bytewise(manager, text("email_sort")), "coalesce(email_key, '')"))
        .col(generated(manager, big_integer("first_order_date_sort"), "coalesce(first_order_date, -62135596800000)"))
        .col(generated(manager, big_integer("last_order_date_sort"), "coalesce(last_order_date, -62135596800000)"))
        .col(generated(
            manager,
            big_integer("last_purchase_date_sort"),
            "coalesce(last_purchase_date, -62135596800000)",
        ))
        .check(Expr::cust("kind in ('PERSON', 'ORGANIZATION')"))
        .check(Expr::cust("gender in ('FEMALE', 'MALE', 'OTHER')"))
        .check(Expr::cust("total_orders >= 0"))
        .check(Expr::cust("delivered_orders >= 0"))
        .check(Expr::cust("version >= 1"))
        .take()
}

/// The unique e-mail index also answers prefixes of addresses.
const CUSTOMER_INDEXES: &str = "
create unique index customer_email_unique on customer (email_key)
    where deleted_at is null and email_key is not null;
create unique index customer_external_id_unique on customer (external_id) where external_id is not null;
create index customer_by_telephone on customer (telephone) where telephone is not null;
create index customer_by_name on customer (name_key, id) where deleted_at is null;
create index customer_by_email on customer (email_sort, id) where deleted_at is null;
create index customer_by_customer_since on customer (customer_since, id) where deleted_at is null;
create index customer_by_created_at on customer (created_at, id) where deleted_at is null;
create index customer_by_updated_at on customer (updated_at, id) where deleted_at is null;
create index customer_by_total_spent on customer (total_spent, id) where deleted_at is null;
create index customer_by_total_orders on customer (total_orders, id) where deleted_at is null;
create index customer_by_first_order_date on customer (first_order_date_sort, id) where deleted_at is null;
create index customer_by_last_order_date on customer (last_order_date_sort, id) where deleted_at is null;
create index customer_by_last_purchase_date on customer (last_purchase_date_sort, id)
    where deleted_at is null;
";

fn customer_tag(manager: &SchemaManager) -> TableCreateStatement {
    Table::create()
        .table("customer_tag")
        .col(bytewise(manager, text("tag")))
        .col(uuid("customer_id"))
        .primary_key(Index::create().col("tag").col("customer_id"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .take()
}

/// The extension stays when this step is taken back: others in the database may use it.
const SEARCH_ON_POSTGRES: &str = "
create extension if not exists pg_trgm;
create index customer_by_search_text on customer using gin (search_text gin_trgm_ops)
    where deleted_at is null;
";

/// `customer_search` holds the text of live customers under a number of its own, since VACUUM may renumber
/// the rows of `customer`; `customer_search_index` is its FTS5 index, kept by triggers
/// (<https://sqlite.org/fts5.html#external_content_tables>). An erased customer leaves it by the foreign key.
const SEARCH_ON_SQLITE: &str = "
create table customer_search (
    row integer primary key,
    customer_id blob not null unique references customer (id) on delete cascade,
    search_text text not null
);
create virtual table customer_search_index using fts5 (
    search_text, content = 'customer_search', content_rowid = 'row', tokenize = 'trigram', detail = full
);

create trigger customer_inserted after insert on customer when new.deleted_at is null begin
    insert into customer_search (customer_id, search_text) values (new.id, new.search_text);
end;
create trigger customer_updated after update of search_text, deleted_at on customer
when old.search_text is not new.search_text or (old.deleted_at is null) <> (new.deleted_at is null) begin
    delete from customer_search where customer_id = new.id and new.deleted_at is not null;
    insert into customer_search (customer_id, search_text)
        select new.id, new.search_text where new.deleted_at is null
        on conflict (customer_id) do update set search_text = excluded.search_text;
end;

create trigger customer_search_inserted after insert on customer_search begin
    insert into customer_search_index (rowid, search_text) values (new.row, new.search_text);
end;
create trigger customer_search_updated after update of search_text on customer_search begin
    insert into customer_search_index (customer_search_index, rowid, search_text)
        values ('delete', old.row, old.search_text);
    insert into customer_search_index (rowid, search_text) values (new.row, new.search_text);
end;
create trigger customer_search_deleted after delete on customer_search begin
    insert into customer_search_index (customer_search_index, rowid, search_text)
        values ('delete', old.row, old.search_text);
end;
";
