//! Figures over time.

use std::future::Future;

use async_graphql::SimpleObject;
use chrono::NaiveDate;
use tokio::try_join;

use super::{CalendarInterval, Population, interval::milliseconds};
use crate::{churn, customer::metrics::movements, failure::Outcome, instant::Day, money::Money, store::Database};

/// How many intervals a series has at most.
pub const MOST_INTERVALS: i32 = 366;

/// What happened in an interval of the calendar, in UTC. It is told from what had happened by `asOf`: orders that were
/// cancelled by then are not counted, and an interval that was not over yet is not complete.
#[derive(Clone, Debug, SimpleObject)]
pub struct SeriesPoint {
    /// The first day.
    start: Day,
    /// The first day after it.
    end: Day,
    /// Whether the interval was over at `asOf`.
    is_complete: bool,
    /// Customers who joined.
    new_customers: i64,
    /// Orders placed and not cancelled.
    orders: i64,
    /// Purchases less refunds, in the store's currency. Negative when more was returned than bought.
    revenue: Money,
    /// Customers who bought.
    active_customers: i64,
    /// Customers whose churn risk was High at the end of the interval, or at `asOf` in the one that is not complete.
    churned_customers: i64,
}

/// Which figures of the points are asked for: each takes a statement.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own that is selected or not")]
pub struct Shown {
    /// Of new customers.
    pub new_customers: bool,
    /// Of orders.
    pub orders: bool,
    /// Of revenue.
    pub revenue: bool,
    /// Of customers who bought.
    pub active_customers: bool,
    /// Of churned customers.
    pub churned_customers: bool,
}

/// The last `count` intervals, the one of the instant last.
///
/// # Errors
/// When the database fails.
pub async fn series(
    database: &Database,
    population: &Population,
    interval: CalendarInterval,
    count: u32,
    shown: Shown,
) -> Outcome<Vec<SeriesPoint>> {
    let bounds = interval.bounds(population.reading.now, count);
    let Some(first) = bounds.first().copied().filter(|_| count > 0) else { return Ok(Vec::new()) };
    let question = Question { database, population, interval, first, count: bounds.len() - 1 };
    let (new_customers, orders, revenue, active, churned) = try_join!(
        question.when(shown.new_customers, question.new_customers()),
        question.when(shown.orders, question.orders()),
        question.when(shown.revenue, question.revenue()),
        question.when(shown.active_customers, question.active_customers()),
        question.when(shown.churned_customers, question.churned_customers()),
    )?;
    let points = bounds.windows(2).enumerate().map(|(index, days)| SeriesPoint {
        start: Day(days[0]),
        end: Day(days[1]),
        is_complete: milliseconds(days[1]) <= population.reading.now.timestamp_millis(),
        new_customers: new_customers[index],
        orders: orders[index],
        revenue: Money::new(revenue[index], population.reading.currency),
        active_customers: active[index],
        churned_customers: churned[index],
    });
    Ok(points.collect())
}

#[derive(Clone, Copy)]
struct Question<'a> {
    database: &'a Database,
    population: &'a Population,
    interval: CalendarInterval,
    first: NaiveDate,
    count: usize,
}

impl Question<'_> {
    /// The figures of `read` if they are asked for; else nothing is read.
    async fn when(&self, is_shown: bool, read: impl Future<Output = Outcome<Vec<i64>>>) -> Outcome<Vec<i64>> {
        if is_shown { read.await } else { Ok(vec![0; self.count]) }
    }

    async fn new_customers(&self) -> Outcome<Vec<i64>> {
        self.sums("customer_since", "count(*)", "chosen", "true").await
    }

    async fn orders(&self) -> Outcome<Vec<i64>> {
        let population = self.population;
        let is_meant = format!("{} and {}", population.is_placed(), population.has("customer_id"));
        self.sums("order_date", "count(*)", "orders", &is_meant).await
    }

    async fn revenue(&self) -> Outcome<Vec<i64>> {
        let movements = movements(&self.population.has("customer_id"));
        self.sums("instant", "cast(sum(amount) as bigint)", &format!("{movements} movement"), "true").await
    }

    async fn active_customers(&self) -> Outcome<Vec<i64>> {
        let is_meant = self.population.has("customer_id");
        self.sums("delivered_at", "count(distinct customer_id)", "orders", &is_meant).await
    }

    /// A figure of each interval, over the rows whose instant is in it and not after that of the question.
    async fn sums(&self, instant: &str, figure: &str, rows: &str, is_meant: &str) -> Outcome<Vec<i64>> {
        let statement = format!(
            " select {number}, {figure} from {rows}
            where {instant} >= {first} and {instant} <= {at} and {is_meant}
            group by 1",
            number = self.number(instant),
            first = self.population.number(0),
            at = self.population.at(),
        );
        self.read(&statement).await
    }

    /// Each order, purchase and beginning leads a customer into a phase that ends with the next; in each, they are
    /// churned from an instant on. So all phases are added where they begin to be churned, and subtracted where they
    /// end.
    async fn churned_customers(&self) -> Outcome<Vec<i64>> {
        let (at, first) = (self.population.at(), self.population.number(0));
        let statement = format!(
            ", moment as (
                select id as customer_id, customer_since as instant, cast(null as bigint) as ordered,
                    cast(null as bigint) as bought
                from chosen
                union all
                select customer_id, order_date, order_date, cast(null as bigint)
                from orders where {is_placed} and {has}
                union all
                select customer_id, delivered_at, cast(null as bigint), delivered_at
                from orders where delivered_at <= {at} and {has}
            ), state as (
                select customer_id, instant,
                    lead(instant) over (partition by customer_id order by instant) as until,
                    count(ordered) over so_far as total_orders,
                    min(ordered) over so_far as first_order_date,
                    max(ordered) over so_far as last_order_date,
                    max(bought) over so_far as last_purchase_date
                from moment
                window so_far as (partition by customer_id order by instant)
            ), phase as (
                select {high_from} as high_from, state.instant, state.until, state.customer_since
                from (
                    select state.*, chosen.customer_since
                    from state join chosen on chosen.id = state.customer_id
                ) state
            ), churned as (
                select case
                        when high_from >= instant and high_from >= customer_since then high_from
                        when instant >= customer_since then instant
                        else customer_since
                    end as began, until
                from phase
            ), turn as (
                select began as instant, 1 as change from churned where until is null or began < until
                union all
                select until, -1 from churned where began < until
            )
            select case when instant < {first} then 0 else {number} end, cast(sum(change) as bigint)
            from turn where instant <= {at} group by 1",
            is_placed = self.population.is_placed(),
            has = self.population.has("customer_id"),
            high_from = churn::high_from("state"),
            number = self.number("instant"),
        );
        let mut churned = self.read(&statement).await?;
        for index in 1..churned.len() {
            churned[index] += churned[index - 1];
        }
        Ok(churned)
    }

    fn number(&self, instant: &str) -> String {
        self.interval.number(self.database.dialect(), instant, &self.population.number(1))
    }

    /// Reads pairs of an interval and a figure.
    async fn read(&self, statement: &str) -> Outcome<Vec<i64>> {
        let mut figures = vec![0; self.count];
        let numbers = [milliseconds(self.first), self.interval.origin(self.first)];
        for row in self.population.ask(self.database, statement, &numbers).await? {
            let (number, figure): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            if let Some(place) = usize::try_from(number).ok().and_then(|number| figures.get_mut(number)) {
                *place = figure;
            }
        }
        Ok(figures)
    }
}
