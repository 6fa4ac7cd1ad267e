//! Jobs at the root of mutations.

use std::sync::{Mutex, PoisonError};

use async_graphql::{Context, Object};

use super::{
    JobRun,
    input::JobRunInput,
    run::{Wish, carry_out, enter},
};
use crate::{app::App, failure::Outcome, graphql::payload, progress::Progress, reactions::transact};

payload! {
    /// The run that was begun, or why none was.
    JobRunPayload {
        /// The run, which goes on after this answer. Null when none was begun.
        job_run: JobRun
    }
}

/// The mutations of jobs.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobMutation;

#[Object]
impl JobMutation {
    /// Begins a run of a job, which goes on after the answer: read its `state`. A job that is running already is not
    /// begun again.
    async fn job_run(&self, ctx: &Context<'_>, input: JobRunInput) -> Option<Outcome<JobRunPayload>> {
        let begun = Mutex::new(None);
        let answer = transact(ctx, &input, |tx, input| {
            let begun = &begun;
            async move {
                let as_of = input.as_of.map(|instant| instant.0);
                let run = enter(&tx, &Wish { job: input.name, as_of, actor: tx.origin.actor.clone() }).await?;
                let id = run.id;
                *begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(run);
                Ok(id)
            }
        });
        let answer = answer.await;
        // A repeated request enters no run of its own, and one that failed has entered none for good.
        let begun = begun.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let (Some(run), Some(Ok(_))) = (begun, &answer) {
            let app = ctx.data_unchecked::<App>().clone();
            tokio::spawn(async move {
                if let Err(error) = carry_out(&app, run, &Progress::silent()).await {
                    tracing::error!(error = format!("{error:#}"), "the end of a job could not be told");
                }
            });
        }
        answer
    }
}
