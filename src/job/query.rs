//! Jobs at the root of queries.

use async_graphql::{Context, Object};
use derive::connections;
use entity::{
    job_run::{self, Column, JobName},
    term::Term,
};
use sea_orm::{
    Iterable,
    sea_query::{Expr, ExprTrait},
};

use super::{JobRun, run::last_runs};
use crate::{
    app::App,
    failure::Outcome,
    graphql::{self, Connection, Pages},
    instant::Instant,
    store::Siblings,
};

/// Something that is recomputed for many customers at once.
#[derive(Clone, Debug)]
pub struct Job {
    name: JobName,
    last_run: Option<JobRun>,
}

/// Something that is recomputed for many customers at once, by itself or when it is asked for.
#[connections]
#[Object]
impl Job {
    /// Which job it is.
    async fn name(&self) -> JobName {
        self.name
    }

    /// What it does, in words.
    async fn description(&self) -> &'static str {
        self.name.description().comment
    }

    /// When it runs by itself: a cron expression, in UTC. Null if this server does not run it by itself.
    async fn schedule(&self, ctx: &Context<'_>) -> Option<String> {
        Some(ctx.data_unchecked::<App>().schedules.of(self.name)?.as_str().to_owned())
    }

    /// When it runs next by itself. Null if this server does not run it by itself.
    async fn next_run(&self, ctx: &Context<'_>) -> Option<Instant> {
        let app = ctx.data_unchecked::<App>();
        app.schedules.of(self.name)?.next_after(app.clock.now()).map(Instant)
    }

    /// The run that began last, on whatever process. Null before the first.
    async fn last_run(&self) -> Option<&JobRun> {
        self.last_run.as_ref()
    }

    /// Its runs, the latest first unless another order is asked for.
    async fn runs(&self, ctx: &Context<'_>, pages: Pages<JobRun>) -> Option<Outcome<Connection<JobRun>>> {
        let name = self.name.description().name;
        let is_own = Expr::col((job_run::Entity, Column::Job)).eq(name);
        Some(graphql::listed(ctx, pages, Some(is_own)).await)
    }
}

/// The root fields about jobs.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobQuery;

#[Object]
impl JobQuery {
    /// What the server recomputes for many customers at once, with when and how that went.
    async fn jobs(&self, ctx: &Context<'_>) -> Option<Outcome<Vec<Job>>> {
        Some(jobs(ctx.data_unchecked::<App>()).await)
    }
}

async fn jobs(app: &App) -> Outcome<Vec<Job>> {
    let mut lasts = last_runs(app.database.reader()).await?;
    let (reading, alone) = (app.reading(), Siblings::default());
    let job = |name| {
        let last_run = lasts.remove(&name).map(|run| JobRun::from_row(run, &reading, &alone));
        Job { name, last_run }
    };
    Ok(JobName::iter().map(job).collect())
}
