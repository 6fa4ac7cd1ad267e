//! Products, orders with their items, and refunds.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, json_binary_null, pk_uuid, text, text_null, uuid, uuid_null,
};

use crate::dialect::{bytewise, drop_tables, execute, generated, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(product(manager)).await?;
        execute(manager, PRODUCT_INDEXES).await?;
        manager.create_table(orders(manager)).await?;
        execute(manager, ORDER_INDEXES).await?;
        manager.create_table(order_item()).await?;
        execute(manager, ORDER_ITEM_INDEXES).await?;
        manager.create_table(refund()).await?;
        execute(manager, REFUND_INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["refund", "order_item", "orders", "product"]).await
    }
}

fn product(manager: &SchemaManager) -> TableCreateStatement {
    Table::create()
        .table("product")
        .col(pk_uuid("id"))
        .col(text("name"))
        .col(bytewise(manager, text("name_key")))
        .col(text_null("description"))
        .col(bytewise(manager, text_null("sku")))
        .col(text_null("external_id"))
        .col(big_integer_null("unit_price"))
        .col(text_null("currency"))
        .col(integer("version").default(1))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("deleted_at"))
        .col(generated(manager, bytewise(manager, text("sku_sort")), "coalesce(sku, '')"))
        .check(Expr::cust("unit_price >= 0"))
        .check(Expr::cust("length(currency) = 3"))
        .check(Expr::cust("version >= 1"))
        .take()
}

const PRODUCT_INDEXES: &str = "
create unique index product_sku_unique on product (sku) where sku is not null;
create unique index product_external_id_unique on product (external_id) where external_id is not null;
create index product_by_name on product (name_key, id) where deleted_at is null;
create index product_by_created_at on product (created_at, id) where deleted_at is null;
create index product_by_sku on product (sku_sort, id) where deleted_at is null;
";

/// That `total` is the sum of the other amounts is not checked: it is rounded once, as a whole.
/// The large negative number is `entity::INSTANT_BEFORE_ALL`.
fn orders(manager: &SchemaManager) -> TableCreateStatement {
    Table::create()
        .table("orders")
        .col(pk_uuid("id"))
        .col(uuid("customer_id"))
        .col(text_null("external_id"))
        .col(text("status"))
        .col(big_integer("order_date"))
        .col(big_integer_null("required_date"))
        .col(big_integer_null("shipped_at"))
        .col(big_integer_null("delivered_at"))
        .col(big_integer_null("cancelled_at"))
        .col(text("currency"))
        .col(big_integer_null("exchange_rate"))
        .col(big_integer("subtotal"))
        .col(big_integer("discount"))
        .col(big_integer("shipping"))
        .col(big_integer("tax"))
        .col(big_integer("total"))
        .col(big_integer_null("freight"))
        .col(json_binary_null("shipping_address"))
        .col(integer("version").default(1))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(generated(manager, big_integer("delivered_at_sort"), "coalesce(delivered_at, -62135596800000)"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Restrict))
        .check(Expr::cust("status in ('PROCESSING', 'IN_TRANSIT', 'DELIVERED', 'CANCELLED')"))
        .check(Expr::cust("(delivered_at is not null) = (status = 'DELIVERED')"))
        .check(Expr::cust("(cancelled_at is not null) = (status = 'CANCELLED')"))
        .check(Expr::cust("length(currency) = 3"))
        .check(Expr::cust("exchange_rate > 0"))
        .check(Expr::cust("subtotal >= 0"))
        .check(Expr::cust("discount >= 0"))
        .check(Expr::cust("shipping >= 0"))
        .check(Expr::cust("tax >= 0"))
        .check(Expr::cust("total >= 0"))
        .check(Expr::cust("freight >= 0"))
        .check(Expr::cust("version >= 1"))
        .take()
}

/// The last index answers a customer's figures.
const ORDER_INDEXES: &str = "
create unique index orders_external_id_unique on orders (external_id) where external_id is not null;
create index orders_by_customer_and_order_date on orders (customer_id, order_date, id);
create index orders_by_customer_and_total on orders (customer_id, total, id);
create index orders_by_customer_and_delivered_at on orders (customer_id, delivered_at_sort, id);
create index orders_by_customer_and_created_at on orders (customer_id, created_at, id);
create index orders_by_order_date on orders (order_date, id);
create index orders_by_total on orders (total, id);
create index orders_by_created_at on orders (created_at, id);
create index orders_by_delivered_at on orders (delivered_at_sort, id);
create index orders_by_status on orders (status, order_date, id);
create index orders_by_customer_and_status on orders (customer_id, status, delivered_at);
";

fn order_item() -> TableCreateStatement {
    Table::create()
        .table("order_item")
        .col(pk_uuid("id"))
        .col(uuid("order_id"))
        .col(uuid("customer_id"))
        .col(integer("position"))
        .col(uuid_null("product_id"))
        .col(text("name"))
        .col(integer("quantity"))
        .col(text("currency"))
        .col(big_integer("unit_price"))
        .col(big_integer("discount"))
        .foreign_key(&mut reference("order_id", "orders", ForeignKeyAction::Cascade))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Restrict))
        .foreign_key(&mut reference("product_id", "product", ForeignKeyAction::Restrict))
        .check(Expr::cust("position >= 1"))
        .check(Expr::cust("quantity > 0"))
        .check(Expr::cust("length(currency) = 3"))
        .check(Expr::cust("unit_price >= 0"))
        .check(Expr::cust("discount >= 0"))
        .take()
}

const ORDER_ITEM_INDEXES: &str = "
create unique index order_item_position_unique on order_item (order_id, position);
create index order_item_by_product on order_item (product_id, position, id);
create index order_item_by_customer on order_item (customer_id);
";

fn refund() -> TableCreateStatement {
    Table::create()
        .table("refund")
        .col(pk_uuid("id"))
        .col(uuid("customer_id"))
        .col(uuid_null("order_id"))
        .col(text_null("external_id"))
        .col(big_integer("amount"))
        .col(text("currency"))
        .col(text_null("reason"))
        .col(big_integer("refunded_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Restrict))
        .foreign_key(&mut reference("order_id", "orders", ForeignKeyAction::Restrict))
        .check(Expr::cust("amount > 0"))
        .check(Expr::cust("length(currency) = 3"))
        .take()
}

const REFUND_INDEXES: &str = "
create unique index refund_external_id_unique on refund (external_id) where external_id is not null;
create index refund_by_customer on refund (customer_id, refunded_at, id);
create index refund_by_order on refund (order_id, refunded_at, id);
";
