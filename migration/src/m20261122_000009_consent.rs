//! The log of consent, and telephone numbers by E.164.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, pk_uuid, text, text_null, uuid};
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{Statement, Value};

use crate::dialect::{bytewise, drop_tables, execute, is_postgres, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["customer", "contact_point"] {
            let column = bytewise(manager, text_null("telephone_e164"));
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        number(manager, "customer", "id").await?;
        number(manager, "contact_point", "customer_id").await?;
        manager.create_table(consent()).await?;
        execute(manager, INDEXES).await?;
        let key = if is_postgres(manager) { KEY_ON_POSTGRES } else { KEY_ON_SQLITE };
        for (channel, flag) in [("EMAIL", "email_opt_in"), ("SMS", "sms_opt_in")] {
            execute(manager, &given_before(channel, flag, key)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["consent"]).await?;
        execute(manager, "drop index customer_by_telephone_e164").await?;
        for table in ["contact_point", "customer"] {
            manager.alter_table(Table::alter().table(table).drop_column("telephone_e164").take()).await?;
        }
        Ok(())
    }
}

/// Fills `telephone_e164` of the rows that are there. `owner` is the column with the key of the customer, who dials in the
/// country of the default address.
async fn number(manager: &SchemaManager<'_>, table: &str, owner: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let run =
        |sql: String, values: Vec<Value>| Statement::from_sql_and_values(manager.get_database_backend(), sql, values);
    let batch = format!(
        "select row.id, row.telephone, address.address_country
        from {table} row
        left join address on address.customer_id = row.{owner} and address.is_default_shipping
        where row.telephone is not null and row.id > $1
        order by row.id limit 1000"
    );
    let mut last = Uuid::nil();
    loop {
        let rows = connection.query_all_raw(run(batch.clone(), vec![last.into()])).await?;
        for row in &rows {
            last = row.try_get_by_index(0)?;
            let (telephone, country): (String, Option<String>) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            if let Some(e164) = e164(&telephone, country.as_deref()) {
                let sql = format!("update {table} set telephone_e164 = $1 where id = $2");
                connection.execute_raw(run(sql, vec![e164.into(), last.into()])).await?;
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

fn e164(telephone: &str, country: Option<&str>) -> Option<String> {
    let country = country.filter(|_| !telephone.starts_with('+')).and_then(|code| code.parse().ok());
    let number = phonenumber::parse(country, telephone).ok().filter(phonenumber::is_valid)?;
    Some(number.format().mode(phonenumber::Mode::E164).to_string())
}

fn consent() -> TableCreateStatement {
    Table::create()
        .table("consent")
        .col(pk_uuid("id"))
        .col(uuid("customer_id"))
        .col(text("channel"))
        .col(text("purpose"))
        .col(text("state"))
        .col(text_null("wording_version"))
        .col(text("source"))
        .col(big_integer("decided_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut reference("customer_id", "customer", ForeignKeyAction::Cascade))
        .check(Expr::cust("channel in ('EMAIL', 'SMS')"))
        .check(Expr::cust("purpose in ('TRANSACTIONAL', 'MARKETING')"))
        .check(Expr::cust("state in ('GRANTED', 'WITHDRAWN')"))
        .take()
}

const INDEXES: &str = "
create index customer_by_telephone_e164 on customer (telephone_e164) where telephone_e164 is not null;
create index consent_by_customer on consent (customer_id, decided_at, id);
";

/// A version 7 UUID of the instant `updated_at`.
const KEY_ON_SQLITE: &str = "unhex(
    format('%012x7%03x%04x', updated_at, random() & 4095, 32768 | (random() & 16383)) || hex(randomblob(6))
)";
const KEY_ON_POSTGRES: &str = "cast(
    regexp_replace(lpad(to_hex(updated_at), 12, '0'), '^(.{8})', '\\1-') || '-7'
    || substr(cast(gen_random_uuid() as text), 16) as uuid
)";

/// Those who allowed marketing before there was a log enter it, as of when they were last edited.
fn given_before(channel: &str, flag: &str, key: &str) -> String {
    format!(
        "insert into consent (id, customer_id, channel, purpose, state, source, decided_at, created_at)
        select {key}, id, '{channel}', 'MARKETING', 'GRANTED', 'before the log', updated_at, updated_at
        from customer where {flag}"
    )
}
