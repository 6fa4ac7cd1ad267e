//! When jobs run by themselves: cron expressions, in UTC.

use std::{collections::HashMap, str::FromStr, sync::Arc};

use chrono::{DateTime, Utc};
use croner::Cron;
use entity::{job_run::JobName, term::Term};
use sea_orm::Iterable;

/// What stands for no schedule at all.
const OFF: &str = "off";

/// When a job runs: a cron expression of five fields, in UTC.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    cron: Cron,
}

impl Schedule {
    /// The first time after `instant`. None if there is none.
    #[must_use]
    pub fn next_after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&instant, false).ok()
    }

    /// The last time up to `instant`. None if there was none.
    #[must_use]
    pub fn last_until(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_previous_occurrence(&instant, true).ok()
    }

    /// Whether the job is to run at `now`, its last run having begun at `last_start`: it never ran, or a time has come
    /// since. However many were missed, they are caught up with once.
    #[must_use]
    pub fn is_due(&self, last_start: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        last_start.is_none_or(|start| self.last_until(now).is_some_and(|time| start < time))
    }

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let cron = Cron::from_str(text).map_err(|error| format!("{text:?} is no cron expression: {error}"))?;
        Ok(Self { text: text.to_owned(), cron })
    }
}

/// When each job runs. A job without a schedule runs when it is asked to.
#[derive(Clone, Debug, Default)]
pub struct Schedules(Arc<HashMap<JobName, Schedule>>);

impl Schedules {
    /// The default schedules, but for those that are `given`.
    ///
    /// # Errors
    /// When a default cannot be read, which none should cause.
    pub fn with(given: &[Appointment]) -> Result<Self, String> {
        let mut schedules = HashMap::new();
        for job in JobName::iter() {
            if let Some(text) = default(job) {
                schedules.insert(job, text.parse()?);
            }
        }
        for Appointment { job, schedule } in given {
            match schedule {
                Some(schedule) => schedules.insert(*job, schedule.clone()),
                None => schedules.remove(job),
            };
        }
        Ok(Self(Arc::new(schedules)))
    }

    /// When `job` runs.
    #[must_use]
    pub fn of(&self, job: JobName) -> Option<&Schedule> {
        self.0.get(&job)
    }
}

/// When a job runs unless it is told otherwise.
fn default(job: JobName) -> Option<&'static str> {
    match job {
        JobName::Segmentation => Some("0 * * * *"),
        JobName::Rfm => Some("0 1 * * *"),
        JobName::Churn => Some("0 2 * * *"),
        JobName::Loyalty => Some("0 3 * * *"),
        JobName::Ltv => Some("0 4 * * *"),
        // Figures follow in the transactions of orders: this one proves them, and is asked for.
        JobName::Metrics => None,
    }
}

/// What the operator says of one job: `churn=0 2 * * *`, or `churn=off`.
#[derive(Clone, Debug)]
pub struct Appointment {
    job: JobName,
    schedule: Option<Schedule>,
}

impl FromStr for Appointment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, cron) =
            text.split_once('=').ok_or_else(|| "expected a job and its times, as JOB=CRON".to_owned())?;
        let schedule = if cron.trim() == OFF { None } else { Some(cron.trim().parse()?) };
        Ok(Self { job: job(name.trim())?, schedule })
    }
}

/// The job that the operator calls `name`.
///
/// # Errors
/// When there is none.
pub fn job(name: &str) -> Result<JobName, String> {
    JobName::iter().find(|job| name_of(*job) == name).ok_or_else(|| {
        let known: Vec<_> = JobName::iter().map(name_of).collect();
        format!("there is no job {name:?}; expected one of {}", known.join(", "))
    })
}

/// What the operator calls `job`.
#[must_use]
pub fn name_of(job: JobName) -> String {
    job.description().name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_job_is_due_once_for_all_times_that_it_missed() {
        let daily: Schedule = "0 2 * * *".parse().expect("a schedule");
        let cases = [
            (None, "2026-11-22T01:59:59Z", true),
            (Some("2026-11-21T02:00:00Z"), "2026-11-22T01:59:59Z", false),
            (Some("2026-11-21T02:00:00Z"), "2026-11-22T02:00:00Z", true),
            (Some("2026-11-22T02:00:00Z"), "2026-11-22T02:00:00Z", false),
            (Some("2026-11-22T01:59:59.999Z"), "2026-11-22T02:00:00Z", true),
            (Some("2026-11-01T00:00:00Z"), "2026-11-22T15:00:00Z", true),
            (Some("2026-11-22T15:00:00Z"), "2026-11-22T15:00:01Z", false),
        ];

        for (last_start, now, expected) in cases {
            assert_eq!(daily.is_due(last_start.map(at), at(now)), expected, "{last_start:?} {now}");
        }
        assert_eq!(daily.next_after(at("2026-11-22T02:00:00Z")), Some(at("2026-11-23T02:00:00Z")));
    }

    #[test]
    fn the_operator_sets_and_switches_off_jobs_one_by_one() {
        let given = |text: &str| text.parse::<Appointment>();
        let schedules = Schedules::with(&[given("metrics=30 4 * * SUN").expect("a schedule")]).expect("schedules");
        assert_eq!(schedules.of(JobName::Metrics).map(Schedule::as_str), Some("30 4 * * SUN"));
        assert_eq!(schedules.of(JobName::Segmentation).map(Schedule::as_str), Some("0 * * * *"));
        let schedules = Schedules::with(&[given("segmentation=off").expect("none")]).expect("schedules");
        assert!(schedules.of(JobName::Segmentation).is_none());
        assert!(Schedules::default().of(JobName::Segmentation).is_none());

        for wrong in ["segmentation", "segmentation=", "nothing=0 2 * * *", "metrics=0 25 * * *", "metrics=every day"] {
            assert!(given(wrong).is_err(), "{wrong}");
        }
    }
}
