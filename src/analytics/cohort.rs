//! Cohorts: who first bought in the same month, and how many of them still do.

use async_graphql::SimpleObject;
use chrono::NaiveDate;

use super::{CalendarInterval, Population, headline::percent, interval::month};
use crate::{failure::Outcome, instant::Day, store::Database};

/// Of how many months cohorts are told at most.
pub const MOST_COHORTS: i32 = 60;

/// The customers who first bought in the same month of the calendar, in UTC.
#[derive(Clone, Debug, SimpleObject)]
pub struct Cohort {
    /// The first day of the month.
    month: Day,
    /// How many they are.
    customers: i64,
    /// How many of them bought in the month, and in each one after it up to that of `asOf`.
    cells: Vec<CohortCell>,
}

/// How many customers of a cohort bought in a month.
#[derive(Clone, Debug, SimpleObject)]
pub struct CohortCell {
    /// How many months after that of the cohort: 0 is that month itself, in which all of them bought.
    months_after: i32,
    /// How many customers bought.
    customers: i64,
    /// How many customers bought, of those in the cohort: from 0 to 1.
    rate: f64,
    /// Whether the month was over at `asOf`. In the last one more customers may buy still.
    is_complete: bool,
}

/// The cohorts of the last `count` months, the oldest first; months in which nobody first bought are left out.
///
/// # Errors
/// When the database fails.
pub async fn cohorts(database: &Database, population: &Population, count: u32) -> Outcome<Vec<Cohort>> {
    let bounds = CalendarInterval::Month.bounds(population.reading.now, count);
    let (months, Some(first)) = (&bounds[..bounds.len() - 1], bounds.first().filter(|_| count > 0)) else {
        return Ok(Vec::new());
    };
    let statement = format!(
        ", purchase as (
            select distinct customer_id, {month_of} as month
            from orders where delivered_at <= {at} and {has}
        ), placed as (
            select month, min(month) over (partition by customer_id) as cohort from purchase
        )
        select cohort - {first}, month - cohort, count(*) from placed where cohort >= {first} group by 1, 2",
        month_of = database.dialect().month("delivered_at"),
        at = population.at(),
        has = population.has("customer_id"),
        first = population.number(0),
    );
    let mut counts: Vec<Vec<i64>> = (0..months.len()).map(|index| vec![0; months.len() - index]).collect();
    for row in population.ask(database, &statement, &[month(*first)]).await? {
        let (cohort, after): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let cells = usize::try_from(cohort).ok().and_then(|cohort| counts.get_mut(cohort));
        if let Some(cell) = cells.and_then(|cells| cells.get_mut(usize::try_from(after).ok()?)) {
            *cell = row.try_get_by_index(2)?;
        }
    }
    let told = months.iter().zip(counts).filter(|(_, cells)| cells[0] > 0);
    Ok(told.map(|(month, cells)| cohort(*month, &cells)).collect())
}

/// The cohort of a month with these cells, the last of which is the month that is not over yet.
fn cohort(month: NaiveDate, counts: &[i64]) -> Cohort {
    let size = counts[0];
    let cells = (0..).zip(counts).map(|(months_after, customers)| CohortCell {
        months_after,
        customers: *customers,
        rate: percent(*customers, size) / 100.0,
        is_complete: usize::try_from(months_after).is_ok_and(|after| after + 1 < counts.len()),
    });
    Cohort { month: Day(month), customers: size, cells: cells.collect() }
}
