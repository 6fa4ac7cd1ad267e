//! When members whose spending is too little for their tier may fall.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Value;

use super::spending::{ROLLING_PERIOD, THEIRS, new_year};
use crate::{customer::metrics::movements, instant::DAY};

/// Who may fall, in SQL over the rows `membership`, `program` and `customer`.
pub(super) struct Falls {
    /// The condition on a member, which costs little: their spending is told of those alone who may move.
    pub(super) condition: String,
    /// What they spent that lets them keep the tier they hold, in minor units; null if nothing but what counts does.
    pub(super) kept: String,
    /// What both conditions read besides [`super::spending::instants`].
    pub(super) parameters: Vec<Value>,
}

impl Falls {
    /// Those whose spending ever counts, at once.
    pub(super) fn of_lifetime() -> Self {
        Self {
            condition: "program.evaluation = 'LIFETIME'".to_owned(),
            kept: "cast(null as bigint)".to_owned(),
            parameters: Vec::new(),
        }
    }

    /// Those whose period is over, and the grace of their program: none where that is null or all spending counts. Its
    /// parameters are number `number` and the one after it.
    pub(super) fn at_the_end_of_periods(as_of: DateTime<Utc>, number: usize) -> Self {
        let [now, this_year, last_year, year_before] =
            [1, 2, number, number + 1].map(|number| format!("cast(${number} as bigint)"));
        let parameters = [1, 2].map(|years| new_year(as_of, years).timestamp_millis().into()).to_vec();
        // The last year that began so long ago that the one before it is over, grace included.
        let begun = format!(
            "case when {now} >= {this_year} + cast(program.grace_days as bigint) * {DAY} then {this_year}
                else {last_year} end"
        );
        let condition = format!(
            "(program.grace_days is not null and case program.evaluation
                when 'ROLLING' then
                    {now} > membership.tier_since + {ROLLING_PERIOD} + cast(program.grace_days as bigint) * {DAY}
                when 'CALENDAR' then membership.tier_since < {begun}
                else false end)"
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
            ), 0) end",
            theirs = movements(THEIRS),
        );
        Self { condition, kept, parameters }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use sea_orm::DatabaseTransaction;
    use uuid::Uuid;

    use super::*;
    use crate::{
        given::{ago, customer, each_store, now, purchase, refund, tier},
        loyalty::standing::{enroll, overdue, settle_periods, settle_tiers},
        store::{execute, insert_all},
    };

    /// The tier that the one member of the default program holds after it was settled at each of these instants.
    async fn settled(
        tx: &DatabaseTransaction,
        member: Uuid,
        instants: &[DateTime<Utc>],
    ) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        for &instant in instants {
            let overdue = overdue(tx, instant, Uuid::nil()..=Uuid::max()).await?;
            let moves = settle_periods(tx, instant, &[member]).await?;
            assert_eq!(overdue, moves.iter().map(|move_| move_.customer).collect::<Vec<_>>(), "{instant}");
            assert!(moves.iter().all(|move_| move_.way.is_lt() && move_.since == instant), "{moves:?}");
            names.push(tier(tx, member).await?.0);
        }
        Ok(names)
    }

    /// A member who came to Silver at `start` by spending 600, in a program that evaluates so.
    async fn silver(
        tx: &DatabaseTransaction,
        evaluation: &str,
        grace_days: Option<i32>,
        start: DateTime<Utc>,
    ) -> anyhow::Result<Uuid> {
        execute(tx, "delete from loyalty_membership", Vec::new()).await?;
        let sql = "update loyalty_program set evaluation = $1, grace_days = $2";
        execute(tx, sql, vec![evaluation.into(), grace_days.into()]).await?;
        let jane = customer(tx, "Jane").await?;
        insert_all(tx, vec![purchase(jane, start, 60_000)]).await?;
        enroll(tx, start, Some(&[jane])).await?;
        let moves = settle_tiers(tx, start, Some(&[jane])).await?;
        assert_eq!((moves.len(), tier(tx, jane).await?), (1, ("Silver".to_owned(), start)));
        Ok(jane)
    }

    /// Days of grace, when money moved and how much, when tiers are settled, and the tier after each time.
    type Case<'a, T> = (Option<i32>, &'a [(T, i64)], &'a [DateTime<Utc>], &'a [&'a str]);

    #[tokio::test]
    async fn a_rolling_tier_is_lost_when_365_days_and_the_grace_are_over() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let start = ago(500);
            let day = |days| start + TimeDelta::days(days);
            let moment = TimeDelta::milliseconds(1);
            let cases: [Case<'_, i64>; 5] = [
                (Some(0), &[], &[day(364), day(365), day(365) + moment], &["Silver", "Silver", "Bronze"]),
                (Some(30), &[], &[day(365) + moment, day(395), day(395) + moment], &["Silver", "Silver", "Bronze"]),
                (None, &[], &[day(499)], &["Silver"]),
                // Reached again, and then no more.
                (Some(0), &[(100, 50_000)], &[day(400), day(465), day(465) + moment], &["Silver", "Silver", "Bronze"]),
                (Some(0), &[(100, 49_999)], &[day(365) + moment], &["Bronze"]),
            ];

            for (grace, purchases, instants, expected) in cases {
                let jane = silver(&tx, "ROLLING", grace, start).await?;
                let more = purchases.iter().map(|&(days, total)| purchase(jane, day(days), total));
                insert_all(&tx, more.collect()).await?;
                assert_eq!(settled(&tx, jane, instants).await?, expected, "{grace:?} {purchases:?}");
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn members_are_told_by_ranges_whose_ends_are_included() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let mut fallen = vec![silver(&tx, "ROLLING", Some(0), ago(500)).await?];
            for name in ["John", "Joan"] {
                let member = customer(&tx, name).await?;
                insert_all(&tx, vec![purchase(member, ago(500), 60_000)]).await?;
                enroll(&tx, ago(500), Some(&[member])).await?;
                settle_tiers(&tx, ago(500), Some(&[member])).await?;
                fallen.push(member);
            }
            fallen.sort_unstable();

            assert_eq!(overdue(&tx, now(), fallen[0]..=fallen[0]).await?, fallen[..1]);
            assert_eq!(overdue(&tx, now(), fallen[1]..=fallen[2]).await?, fallen[1..]);
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn who_was_deleted_does_not_fall() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = silver(&tx, "ROLLING", Some(0), ago(500)).await?;
            let sql = "update customer set deleted_at = $1";
            execute(&tx, sql, vec![ago(400).timestamp_millis().into()]).await?;

            assert_eq!(settled(&tx, jane, &[now()]).await?, ["Silver"]);
            execute(&tx, sql, vec![Option::<i64>::None.into()]).await?;
            assert_eq!(settled(&tx, jane, &[now()]).await?, ["Bronze"]);
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_tier_of_a_calendar_year_is_lost_when_a_year_without_it_and_the_grace_are_over() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
            let start = at("2024-06-01T00:00:00Z");
            let eve = ["2024-12-31T23:59:59.999Z", "2025-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z"].map(at);
            let (end, graced) =
                (at("2026-01-01T00:00:00Z"), ["2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z"].map(at));
            let cases: [Case<'_, &str>; 6] = [
                (Some(0), &[], &eve, &["Silver", "Silver", "Silver"]),
                (Some(0), &[("2025-03-01T00:00:00Z", 49_999)], &[eve[2], end], &["Silver", "Bronze"]),
                (Some(0), &[("2025-03-01T00:00:00Z", 50_000)], &[end], &["Silver"]),
                (Some(31), &[], &[end, graced[0], graced[1]], &["Silver", "Silver", "Bronze"]),
                // What is returned in the same year lets nobody fall within it.
                (Some(0), &[("2024-07-01T00:00:00Z", -60_000)], &[eve[0], eve[1]], &["Silver", "Bronze"]),
                (None, &[], &[at("2026-11-01T00:00:00Z")], &["Silver"]),
            ];

            for (grace, movements, instants, expected) in cases {
                let jane = silver(&tx, "CALENDAR", grace, start).await?;
                for &(instant, amount) in movements {
                    if amount > 0 {
                        insert_all(&tx, vec![purchase(jane, at(instant), amount)]).await?;
                    } else {
                        insert_all(&tx, vec![refund(jane, at(instant), -amount)]).await?;
                    }
                }
                assert_eq!(settled(&tx, jane, instants).await?, expected, "{grace:?} {movements:?}");
            }
            Ok(())
        })
        .await
    }
}
