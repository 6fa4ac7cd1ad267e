//! The spending that counts in a program, by its evaluation, and when members whose spending is too little may fall.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use sea_orm::sea_query::Value;

use crate::{customer::metrics::movements, instant::DAY};

/// How long spending counts in programs that look back: 365 days, in milliseconds.
const ROLLING_PERIOD: i64 = 365 * DAY;

/// The condition that a `mover` is in a program where all spending counts. Where that of a period counts, time passes
/// besides.
const BY_MONEY: &str = "mover.evaluation = 'LIFETIME'";

/// The condition on a movement that it is of `customer`.
const THEIRS: &str = "customer_id = customer.id";

/// Who may fall, in SQL over the rows `member`, `program` and `customer`.
pub(super) struct Falls {
    /// The condition on a member.
    pub(super) condition: String,
    /// What they spent that lets them keep the tier they hold, in minor units; null if nothing but what counts does.
    pub(super) kept: String,
    /// The condition that it was money which brought a `mover` to another tier: since when it did is when they came there.
    pub(super) is_by_money: &'static str,
    /// What both conditions read besides [`instants`].
    pub(super) parameters: Vec<Value>,
}

impl Falls {
    /// Those whose spending ever counts, at once.
    pub(super) fn of_lifetime() -> Self {
        let condition = "member.evaluation = 'LIFETIME'".to_owned();
        Self { condition, is_by_money: BY_MONEY, ..Self::of_all() }
    }

    /// All, at once, as the tiers were changed.
    pub(super) fn of_all() -> Self {
        Self {
            condition: "true".to_owned(),
            kept: "cast(null as bigint)".to_owned(),
            is_by_money: "false",
            parameters: Vec::new(),
        }
    }

    /// Those whose period is over, and the grace of their program: none where that is null. Its parameters are number
    /// `number` and the one after it.
    pub(super) fn at_the_end_of_periods(as_of: DateTime<Utc>, number: usize) -> Self {
        let [now, this_year, last_year, year_before] =
            [1, 2, number, number + 1].map(|number| format!("cast(${number} as bigint)"));
        let parameters = [1, 2].map(|years| new_year(as_of, years).timestamp_millis().into()).to_vec();
        // The last year that began so long ago that the one before it is over, grace included.
        let begun = format!(
            "case when {now} >= {this_year} + cast(grace_days as bigint) * {DAY} then {this_year} else {last_year} end"
        );
        let condition = format!(
            "member.grace_days is not null and case member.evaluation
                when 'ROLLING' then {now} > member.tier_since + {ROLLING_PERIOD} + cast(member.grace_days as bigint) * {DAY}
                else member.tier_since < {begun} end"
        );
        let kept = format!(
            "case program.evaluation when 'CALENDAR' then coalesce((
                select cast(max(year.spent) as bigint) from (
                    select sum(movement.amount) as spent from {theirs} movement
                    where movement.instant <= {now}
                        and movement.instant >= case when {now} >= {this_year} + cast(program.grace_days as bigint) * {DAY}
                            then {last_year} else {year_before} end
                    group by case when movement.instant >= {this_year} then 0
                        when movement.instant >= {last_year} then 1 else 2 end
                ) year
            ), 0) else {spent} end",
            theirs = movements(THEIRS),
            spent = spent_expression(),
        );
        Self { condition, kept, is_by_money: BY_MONEY, parameters }
    }
}

/// The beginning of the year of `as_of` in UTC, or of one so many `years` before.
fn new_year(as_of: DateTime<Utc>, years: i32) -> DateTime<Utc> {
    let day = NaiveDate::from_yo_opt(as_of.year() - years, 1);
    day.map_or(as_of, |day| day.and_time(NaiveTime::MIN).and_utc())
}

/// What a customer spent, as far as it counts in a program: an expression over the rows `customer` and `program`, in
/// minor units of the store's currency. Its parameters are [`instants`].
pub(super) fn spent_expression() -> String {
    format!(
        "case program.evaluation when 'LIFETIME' then customer.total_spent else coalesce((
            select cast(sum(movement.amount) as bigint) from {theirs} movement
            where movement.instant <= cast($1 as bigint)
                and movement.instant >= case program.evaluation
                    when 'ROLLING' then cast($1 as bigint) - {ROLLING_PERIOD} else cast($2 as bigint) end
        ), 0) end",
        theirs = movements(THEIRS),
    )
}

/// The instant as of which spending is told, and the beginning of its year in UTC.
pub(super) fn instants(as_of: DateTime<Utc>) -> Vec<Value> {
    vec![as_of.timestamp_millis().into(), new_year(as_of, 0).timestamp_millis().into()]
}
