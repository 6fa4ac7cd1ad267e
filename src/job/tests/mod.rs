//! Runs and leases: one at a time, taken over, told of.

mod interruption;
mod settling;

use entity::job_run::{self, JobName, JobState};
use sea_orm::EntityTrait;
use tokio::{pin, select};

use super::{
    lease,
    run::{COMMAND, MOST_RUNS, SCHEDULE, Wish, carry_out, enter, enter_due, last_runs},
    scheduler,
    work::Work,
};
use crate::{
    app::App,
    given::{self, ago, now, origin},
    progress::Progress,
    reactions::transact_as,
    rejection::{Attempt, Refusal, RejectionCode},
    schedule::Schedules,
    store::{Dialect, execute, insert_all},
};

fn wish(job: JobName) -> Wish {
    Wish { job, as_of: None, actor: COMMAND.to_owned() }
}

async fn begin(app: &App, wish: &Wish) -> Attempt<job_run::Model> {
    transact_as(app, &origin(), |tx| async move { enter(&tx, wish).await }).await
}

fn code(attempt: Attempt<job_run::Model>) -> Option<RejectionCode> {
    match attempt {
        Err(Refusal::Rejected(reasons)) => Some(reasons[0].code),
        _ => None,
    }
}

#[tokio::test]
async fn the_last_runs_of_each_job_are_kept_and_no_others() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let db = app.database.writer();
        let earlier = |job, number: i64| job_run::Model {
            id: app.clock.key(),
            job,
            state: JobState::Succeeded,
            actor: SCHEDULE.to_owned(),
            as_of: None,
            started_at: entity::ChronoUnixTimestampMillis(ago(90) + chrono::TimeDelta::minutes(number)),
            finished_at: Some(entity::ChronoUnixTimestampMillis(ago(80))),
            examined: 0,
            changed: 0,
            error: None,
        };
        let most = i64::try_from(MOST_RUNS)?;
        insert_all(db, (0..=most).map(|number| earlier(JobName::Segmentation, number)).collect()).await?;
        insert_all(db, vec![earlier(JobName::Churn, 0)]).await?;

        begin(&app, &wish(JobName::Segmentation)).await.expect("a run");

        let runs = job_run::Entity::find().all(app.database.reader()).await?;
        let of = |job| runs.iter().filter(move |run| run.job == job);
        assert_eq!((of(JobName::Segmentation).count(), of(JobName::Churn).count()), (MOST_RUNS.try_into()?, 1));
        let first = of(JobName::Segmentation).map(|run| run.started_at.0).min();
        assert_eq!(first, Some(ago(90) + chrono::TimeDelta::minutes(2)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_job_is_run_by_one_at_a_time() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let segmentation = wish(JobName::Segmentation);

        let run = begin(&app, &segmentation).await.expect("a run");
        let second = begin(&app, &segmentation).await;
        let other = begin(&app, &wish(JobName::Metrics)).await;

        assert_eq!(code(second), Some(RejectionCode::NotAllowed));
        assert!(other.is_ok(), "{other:?}");
        let ended = carry_out(&app, run, &Progress::silent()).await?;
        assert_eq!((ended.state, ended.error), (JobState::Succeeded, None));
        assert!(begin(&app, &segmentation).await.is_ok());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_whose_process_died_is_taken_over_when_its_lease_expires() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let segmentation = wish(JobName::Segmentation);
        let dead = begin(&app, &segmentation).await.expect("a run");
        assert_eq!(code(begin(&app, &segmentation).await), Some(RejectionCode::NotAllowed));
        expire(&app).await?;

        let heir = begin(&app, &segmentation).await.expect("a run");

        let told = job_run::Entity::find_by_id(dead.id).one(app.database.reader()).await?.expect("the run");
        assert_eq!((told.state, told.finished_at.is_some()), (JobState::Abandoned, true));
        // Should the process go on after all, it changes nothing any more, neither rows nor the run.
        let progress = Progress::silent();
        let late = Work::new(&app, &dead, &progress).transact(|_| async { Ok(()) }).await;
        assert!(late.expect_err("not ours").to_string().contains("another process"));
        carry_out(&app, dead.clone(), &progress).await?;
        let told = job_run::Entity::find_by_id(dead.id).one(app.database.reader()).await?.expect("the run");
        assert_eq!(told.state, JobState::Abandoned);
        lease::check(app.database.writer(), heir.id).await
    })
    .await
}

#[tokio::test]
async fn a_run_whose_process_died_is_told_of_though_nobody_runs_the_job_again() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let running = begin(&app, &wish(JobName::Rfm)).await.expect("a run");
        let dead = begin(&app, &wish(JobName::Metrics)).await.expect("a run");
        let sql = format!("update job_lease set expires_at = {} where run_id = $1", app.database.dialect().present());
        execute(app.database.writer(), &sql, vec![dead.id.into()]).await?;

        scheduler::run_due(&app).await;

        let state = async |run: &job_run::Model| {
            let run = job_run::Entity::find_by_id(run.id).one(app.database.reader()).await?.expect("the run");
            anyhow::Ok((run.state, run.finished_at.is_some()))
        };
        assert_eq!(state(&dead).await?, (JobState::Abandoned, true));
        assert_eq!(state(&running).await?, (JobState::Running, false));
        assert!(lease::check(app.database.writer(), dead.id).await.is_err(), "should its process go on");
        lease::check(app.database.writer(), running.id).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn whoever_takes_a_job_over_waits_for_the_batch_that_its_last_owner_applies() -> anyhow::Result<()> {
    given::each_store(async |app| {
        // SQLite has one writer.
        if app.database.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let segmentation = wish(JobName::Segmentation);
        let asleep = begin(&app, &segmentation).await.expect("a run");
        expire(&app).await?;
        let batch = app.database.begin().await?;
        lease::check(&batch, asleep.id).await?;

        let taking_over = begin(&app, &segmentation);
        pin!(taking_over);
        select! {
            heir = &mut taking_over => anyhow::bail!("it did not wait: {heir:?}"),
            blocked = given::session(&app, given::IS_BLOCKED) => blocked?,
        }
        batch.commit().await?;

        taking_over.await.expect("a run");
        assert!(lease::check(app.database.writer(), asleep.id).await.is_err());
        Ok(())
    })
    .await
}

/// The leases of all jobs run out.
async fn expire(app: &App) -> anyhow::Result<()> {
    let sql = format!("update job_lease set expires_at = {}", app.database.dialect().present());
    execute(app.database.writer(), &sql, Vec::new()).await?;
    Ok(())
}

#[tokio::test]
async fn what_was_missed_is_caught_up_with_once() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let schedules = Schedules::with(&[]).map_err(anyhow::Error::msg)?;
        let app = App { schedules, ..app };
        let runs = async || {
            let runs = job_run::Entity::find().all(app.database.reader()).await?;
            anyhow::Ok(runs.into_iter().filter(|run| run.job == JobName::Segmentation).count())
        };

        scheduler::run_due(&app).await;
        assert_eq!(runs().await?, 1);
        scheduler::run_due(&app).await;
        assert_eq!(runs().await?, 1);
        // It is half past nine: the run of eight o'clock was the last one, and nine o'clock was missed.
        let moved =
            format!("update job_run set started_at = {}", (now() - chrono::TimeDelta::minutes(31)).timestamp_millis());
        execute(app.database.writer(), &moved, Vec::new()).await?;
        scheduler::run_due(&app).await;
        scheduler::run_due(&app).await;

        assert_eq!(runs().await?, 2);
        let last = last_runs(app.database.reader()).await?.remove(&JobName::Segmentation).expect("a run");
        assert_eq!((last.actor.as_str(), last.state, last.started_at.0), (SCHEDULE, JobState::Succeeded, now()));
        assert!(!last_runs(app.database.reader()).await?.contains_key(&JobName::Metrics));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_due_job_whose_process_died_is_run_again_without_waiting_for_its_next_time() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let schedules = Schedules::with(&[]).map_err(anyhow::Error::msg)?;
        let app = App { schedules, ..app };
        let dead = begin(&app, &wish(JobName::Segmentation)).await.expect("a run");
        let state = async |id| {
            let run = job_run::Entity::find_by_id(id).one(app.database.reader()).await?;
            anyhow::Ok(run.map(|run| run.state))
        };

        scheduler::run_due(&app).await;
        assert_eq!(state(dead.id).await?, Some(JobState::Running), "its lease is good");
        expire(&app).await?;
        scheduler::run_due(&app).await;

        assert_eq!(state(dead.id).await?, Some(JobState::Abandoned));
        let runs = job_run::Entity::find().all(app.database.reader()).await?;
        let again = runs.iter().find(|run| run.job == JobName::Segmentation && run.id != dead.id).expect("another run");
        assert_eq!(again.state, JobState::Succeeded);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn of_two_processes_for_whom_a_job_is_due_one_runs_it() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let schedules = Schedules::with(&[]).map_err(anyhow::Error::msg)?;
        let app = App { schedules, ..app };
        let due = Wish { actor: SCHEDULE.to_owned(), ..wish(JobName::Segmentation) };

        let first = enter_due(&app, &due).await?.expect("a run");
        assert!(enter_due(&app, &due).await?.is_none());
        carry_out(&app, first, &Progress::silent()).await?;

        // The lease is free again, and the job has been run.
        assert!(enter_due(&app, &due).await?.is_none());
        assert_eq!(job_run::Entity::find().all(app.database.reader()).await?.len(), 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_job_about_the_present_is_not_run_as_of_the_past_nor_any_as_of_the_future() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let as_of = |instant| Wish { as_of: Some(instant), ..wish(JobName::Segmentation) };

        let past = begin(&app, &as_of(ago(1))).await;
        let later = Wish { job: JobName::Rfm, ..as_of(now() + chrono::TimeDelta::milliseconds(1)) };
        let future = begin(&app, &later).await;

        assert_eq!((code(past), code(future)), (Some(RejectionCode::NotAllowed), Some(RejectionCode::Invalid)));
        assert_eq!(job_run::Entity::find().all(app.database.reader()).await?, []);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_job_that_fails_says_why_and_is_free_to_run_again() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let broken = "update segment set rule = '{\"nothing\": 1}' where handle = 'spend-basic'";
        execute(app.database.writer(), broken, Vec::new()).await?;

        let run = begin(&app, &wish(JobName::Segmentation)).await.expect("a run");
        let ended = carry_out(&app, run, &Progress::silent()).await?;

        assert_eq!(ended.state, JobState::Failed);
        assert_eq!(ended.error.as_deref(), Some("the rule of segment \"spend-basic\" cannot be applied"));
        let told = job_run::Entity::find_by_id(ended.id).one(app.database.reader()).await?;
        assert_eq!(told, Some(ended));
        assert!(begin(&app, &wish(JobName::Segmentation)).await.is_ok());
        Ok(())
    })
    .await
}
