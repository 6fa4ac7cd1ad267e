//! How a step speaks to the two databases: tables by the builder, all else in SQL, and what only one of them
//! knows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Whether this is `PostgreSQL`; else it is `SQLite`.
pub fn is_postgres(manager: &SchemaManager) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}

/// Makes a text column sort byte by byte, as `SQLite` does by itself. In the order of a language,
/// `PostgreSQL` would sort differently and answer no prefix from an index.
pub fn bytewise(manager: &SchemaManager, mut column: ColumnDef) -> ColumnDef {
    if is_postgres(manager) {
        column.extra("collate \"C\"");
    }
    column
}

/// A column that the database computes, for lists to be sorted by: `SQLite` seeks a page after (key, id) in
/// an index on columns, but not in one on expressions. `PostgreSQL` 15 has to store it, `SQLite` need not.
pub fn generated(manager: &SchemaManager, mut column: ColumnDef, from: &'static str) -> ColumnDef {
    column.generated(Expr::cust(from), is_postgres(manager));
    column
}

/// A key of another table. When the row it names goes, this row goes too (`Cascade`), or prevents it
/// (`Restrict`).
pub fn reference(column: &'static str, table: &'static str, on_delete: ForeignKeyAction) -> ForeignKeyCreateStatement {
    ForeignKey::create().from_col(column).to(table, "id").on_delete(on_delete).take()
}

/// Runs statements as they stand.
pub async fn execute(manager: &SchemaManager<'_>, statements: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(statements).await?;
    Ok(())
}

/// Drops tables in the order given, with their indexes and triggers.
pub async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for &table in tables {
        manager.drop_table(Table::drop().table(table).take()).await?;
    }
    Ok(())
}
