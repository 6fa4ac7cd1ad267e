//! Runs of jobs, and which process may run one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, pk_uuid, text, text_null, uuid};

use crate::dialect::{drop_tables, execute};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(job_run()).await?;
        manager.create_table(job_lease()).await?;
        execute(manager, INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["job_lease", "job_run"]).await
    }
}

/// The jobs themselves are known to the program alone, so that a new one needs no step.
fn job_run() -> TableCreateStatement {
    Table::create()
        .table("job_run")
        .col(pk_uuid("id"))
        .col(text("job"))
        .col(text("state"))
        .col(text("actor"))
        .col(big_integer_null("as_of"))
        .col(big_integer("started_at"))
        .col(big_integer_null("finished_at"))
        .col(big_integer("examined").default(0))
        .col(big_integer("changed").default(0))
        .col(text_null("error"))
        .check(Expr::cust("state in ('RUNNING', 'SUCCEEDED', 'FAILED', 'ABANDONED')"))
        .check(Expr::cust("(finished_at is null) = (state = 'RUNNING')"))
        .check(Expr::cust("examined >= 0 and changed >= 0"))
        .take()
}

/// One row for each job that runs, or was running when its process died.
fn job_lease() -> TableCreateStatement {
    Table::create()
        .table("job_lease")
        .col(text("job").primary_key())
        .col(uuid("run_id"))
        .col(big_integer("expires_at"))
        .take()
}

const INDEXES: &str = "
create index job_run_by_started_at on job_run (started_at, id);
create index job_run_by_job on job_run (job, started_at, id);
";
