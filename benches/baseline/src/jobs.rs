//! What the jobs of the product do, each as few statements about everyone in one transaction: nothing is asked first, nothing
//! is told apart into batches, and nobody else is let in between.
//!
//! The statements are the same text on both databases, but for `{key}`, a new key, and `{position}`, the position that
//! SQLite gives an event. `{now}` is the present.

use std::time::Instant;

use anyhow::Context;
use clap::ValueEnum;
use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, raw_sql};

use crate::value::now;

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// The scores of everyone, and the segments that follow from them.
    Rfm,
    /// Who is lost.
    Churn,
    /// Who is in which segment.
    Segmentation,
    /// The figures of customers, from the ledger, with the tiers and segments that follow.
    Metrics,
    /// The tiers of members whose period is over.
    Loyalty,
    /// What is predicted of customers.
    Ltv,
}

impl Job {
    /// Undoes what the job did, so that all of it is to be done again.
    fn undo(self) -> &'static [&'static str] {
        match self {
            Self::Rfm => &[
                "delete from rfm_score",
                "delete from segment_membership
                where segment_id in (select id from segment where handle like 'rfm-%')",
            ],
            Self::Churn => &["delete from churn_state"],
            Self::Segmentation => &["delete from segment_membership
                where segment_id in (select id from segment where handle like 'engagement-%')"],
            // A measurement of `loyalty` may have left the program otherwise.
            Self::Metrics => &[
                "update customer set total_spent = total_spent + 1",
                "update loyalty_program set evaluation = 'LIFETIME' where is_default",
            ],
            Self::Loyalty => &[
                "update loyalty_program set evaluation = 'ROLLING', grace_days = 0 where is_default",
                "delete from loyalty_tier_interval",
                "update loyalty_membership set tier_since = {now} - 34560000000, tier_id = (
                    select id from loyalty_tier tier where tier.program_id = loyalty_membership.program_id
                    order by min_spend desc limit 1
                )",
            ],
            Self::Ltv => &["delete from lifetime_value_prediction"],
        }
    }

    fn statements(self) -> &'static [&'static str] {
        match self {
            Self::Rfm => &[
                SCORE,
                "delete from segment_membership
                where segment_id in (select id from segment where handle like 'rfm-%') and not exists (
                    select 1 from rfm_score score join segment
                        on segment.handle = 'rfm-' || replace(lower(score.segment), '_', '-')
                    where score.id = segment_membership.customer_id and segment.id = segment_membership.segment_id
                )",
                "insert into segment_membership (segment_id, customer_id, since)
                select segment.id, score.id, {now}
                from rfm_score score join segment
                    on segment.handle = 'rfm-' || replace(lower(score.segment), '_', '-')
                where not exists (
                    select 1 from segment_membership held
                    where held.segment_id = segment.id and held.customer_id = score.id
                )",
                ENTERED,
            ],
            Self::Churn => &["insert into churn_state (id, is_churned, since)
                select customer.id, ({now} - coalesce(last_purchase_date, customer_since)) / 86400000 > 2 * coalesce(nullif(
                    case when total_orders > 1
                        then (last_order_date - first_order_date) / ((total_orders - 1) * 86400000)
                        else 30 end, 0), 30), {now}
                from customer
                where deleted_at is null
                on conflict (id) do update set is_churned = excluded.is_churned, since = excluded.since
                where churn_state.is_churned <> excluded.is_churned"],
            Self::Segmentation => &[
                "create temporary table due as
                select segment.id as segment_id, due.id as customer_id from (
                    select id, {spend} as handle from customer where deleted_at is null
                    union all select id, {engagement} from customer where deleted_at is null
                    union all select id, 'marketing' from customer where deleted_at is null and email_opt_in
                    union all select id, 'rfm-' || replace(lower(segment), '_', '-') from rfm_score
                ) due join segment on segment.handle = due.handle",
                "create unique index due_unique on due (segment_id, customer_id)",
                "delete from segment_membership
                where segment_id in (select id from segment where rule is not null) and not exists (
                    select 1 from due
                    where due.segment_id = segment_membership.segment_id
                        and due.customer_id = segment_membership.customer_id
                )",
                ENTER,
                ENTERED,
            ],
            Self::Loyalty => &[
                FALLEN,
                "insert into loyalty_tier_interval (membership_id, since, until, tier_id, tier_name)
                select fallen.id, tier_since, {now}, tier.id, tier.name
                from fallen join loyalty_tier tier on tier.id = fallen.from_id",
                "update loyalty_membership set tier_id = fallen.tier_id, tier_since = {now}
                from fallen where fallen.id = loyalty_membership.id",
                "insert into event
                    (id, position, kind, occurred_at, customer_id, sequence, program_id, tier_id, changed_fields, actor, cause)
                select {key}, {position}, 'CUSTOMER_DOWNGRADED', {now}, customer_id,
                    1 + (select coalesce(max(sequence), 0) from event where event.customer_id = fallen.customer_id),
                    program_id, tier_id, '[]', 'by hand', 'JOB'
                from fallen",
            ],
            Self::Ltv => &[PREDICTED],
            Self::Metrics => &[
                FIGURES,
                RISEN,
                "create temporary table due as
                select segment.id as segment_id, due.id as customer_id from (
                    select id, {spend} as handle from customer where deleted_at is null
                    union all select id, {engagement} from customer where deleted_at is null
                ) due join segment on segment.handle = due.handle",
                "create unique index due_unique on due (segment_id, customer_id)",
                "delete from segment_membership
                where segment_id in (
                    select id from segment where handle like 'spend-%' or handle like 'engagement-%'
                ) and not exists (
                    select 1 from due
                    where due.segment_id = segment_membership.segment_id
                        and due.customer_id = segment_membership.customer_id
                )",
                ENTER,
                ENTERED,
            ],
        }
    }
}

/// The scores, and the segment of each code.
const SCORE: &str = "insert into rfm_score (id, recency, frequency, monetary, segment)
    select id, recency, frequency, monetary, case
        when code in (555, 554, 544, 545, 454, 455, 445) then 'CHAMPIONS'
        when code in (543, 444, 435, 355, 354, 345, 344, 335) then 'LOYAL'
        when code in (553, 551, 552, 541, 542, 533, 532, 531, 452, 451, 442, 441, 431, 453, 433, 432, 423, 353, 352, 351,
            342, 341, 333, 323) then 'POTENTIAL_LOYALIST'
        when code in (512, 511, 422, 421, 412, 411, 311) then 'NEW_CUSTOMERS'
        when code in (525, 524, 523, 522, 521, 515, 514, 513, 425, 424, 413, 414, 415, 315, 314, 313) then 'PROMISING'
        when code in (535, 534, 443, 434, 343, 334, 325, 324) then 'NEED_ATTENTION'
        when code in (331, 321, 312, 221, 213, 231, 241, 251) then 'ABOUT_TO_SLEEP'
        when code in (255, 254, 245, 244, 253, 252, 243, 242, 235, 234, 225, 224, 153, 152, 145, 143, 142, 135, 134, 133,
            125, 124) then 'AT_RISK'
        when code in (155, 154, 144, 214, 215, 115, 114, 113) then 'CANNOT_LOSE_THEM'
        when code in (332, 322, 233, 232, 223, 222, 132, 123, 122, 212, 211) then 'HIBERNATING'
        else 'LOST' end
    from (
        select id, recency, frequency, monetary, 100 * recency + 10 * frequency + monetary as code from (
            select id,
                1 + (5 * (rank() over (order by ({now} - last_purchase_date) / 86400000 desc) - 1)) / count(*) over ()
                    as recency,
                1 + (5 * (rank() over (order by delivered_orders) - 1)) / count(*) over () as frequency,
                1 + (5 * (rank() over (order by total_spent) - 1)) / count(*) over () as monetary
            from customer
            where delivered_orders > 0 and deleted_at is null
        ) score
    ) coded
    where true
    on conflict (id) do update set recency = excluded.recency, frequency = excluded.frequency,
        monetary = excluded.monetary, segment = excluded.segment
    where rfm_score.recency <> excluded.recency or rfm_score.frequency <> excluded.frequency
        or rfm_score.monetary <> excluded.monetary";

/// Those who are due in a segment enter it.
const ENTER: &str = "insert into segment_membership (segment_id, customer_id, since)
    select segment_id, customer_id, {now} from due
    where not exists (
        select 1 from segment_membership held
        where held.segment_id = due.segment_id and held.customer_id = due.customer_id
    )";

/// The events of those who entered a segment now, with a text in place of the condition that decided.
const ENTERED: &str = "insert into event
        (id, position, kind, occurred_at, customer_id, sequence, segment_id, changed_fields, decided_by, actor, cause)
    select {key}, {position}, 'SEGMENT_ENTERED', {now}, customer_id,
        1 + (select coalesce(max(sequence), 0) from event where event.customer_id = entered.customer_id),
        segment_id, '[]', '[\"rfm (segment = CHAMPIONS)\"]', 'by hand', 'JOB'
    from segment_membership entered where since = {now}";

/// The figures of customers that are not what their orders and refunds come to.
const FIGURES: &str = "update customer set total_orders = ledger.total_orders,
        delivered_orders = ledger.delivered_orders, total_spent = ledger.total_spent,
        first_order_date = ledger.first_order_date, last_order_date = ledger.last_order_date,
        last_purchase_date = ledger.last_purchase_date
    from (
        select customer.id, coalesce(ordered.orders, 0) as total_orders,
            coalesce(ordered.purchases, 0) as delivered_orders,
            coalesce(ordered.spent, 0) - coalesce(returned.amount, 0) as total_spent,
            first_order_date, last_order_date, last_purchase_date
        from (select id from customer) customer
        left join (
            select customer_id, count(*) filter (where cancelled_at is null) as orders,
                min(order_date) filter (where cancelled_at is null) as first_order_date,
                max(order_date) filter (where cancelled_at is null) as last_order_date,
                count(delivered_at) as purchases, max(delivered_at) as last_purchase_date,
                cast(sum({total}) filter (where delivered_at is not null) as bigint) as spent
            from orders group by customer_id
        ) ordered on ordered.customer_id = customer.id
        left join (
            select customer_id, cast(sum(store_amount) as bigint) as amount from refund group by customer_id
        ) returned on returned.customer_id = customer.id
    ) ledger
    where ledger.id = customer.id and (
        customer.total_orders <> ledger.total_orders
        or customer.delivered_orders <> ledger.delivered_orders
        or customer.total_spent <> ledger.total_spent
        or customer.first_order_date is distinct from ledger.first_order_date
        or customer.last_order_date is distinct from ledger.last_order_date
        or customer.last_purchase_date is distinct from ledger.last_purchase_date
    )";

/// Members whose tier is not the one that what they spent reaches.
const RISEN: &str = "update loyalty_membership set tier_id = reached.tier_id, tier_since = {now}
    from (
        select membership.id, tier.id as tier_id
        from loyalty_membership membership
        join loyalty_program program
            on program.id = membership.program_id and program.evaluation = 'LIFETIME'
        join customer on customer.id = membership.customer_id
        join loyalty_tier tier on tier.program_id = program.id and tier.rank = (
            select max(rank) from loyalty_tier lower where lower.program_id = program.id
                and (lower.min_spend <= customer.total_spent or lower.rank = 1)
        )
    ) reached
    where reached.id = loyalty_membership.id and reached.tier_id <> loyalty_membership.tier_id";

/// The members who do not reach their tier by what they spent in the last 365 days.
const FALLEN: &str = "create temporary table fallen as
    select membership.id, membership.customer_id, membership.program_id, membership.tier_since,
        membership.tier_id as from_id, reached.id as tier_id
    from loyalty_membership membership
    join loyalty_program program on program.id = membership.program_id and program.evaluation = 'ROLLING'
    join loyalty_tier held on held.id = membership.tier_id
    left join (
        select customer_id, sum(amount) as spent from (
            select customer_id, {total} as amount from orders where delivered_at >= {now} - 31536000000
            union all select customer_id, -store_amount from refund where refunded_at >= {now} - 31536000000
        ) movement group by customer_id
    ) past on past.customer_id = membership.customer_id
    join loyalty_tier reached on reached.program_id = program.id and reached.rank = (
        select max(rank) from loyalty_tier tier
        where tier.program_id = program.id and (tier.min_spend <= coalesce(past.spent, 0) or tier.rank = 1)
    )
    where reached.rank < held.rank and membership.tier_since < {now} - 31536000000";

/// What a customer bought, by days, and in place of what is predicted of it what costs nothing: no statement can fit the
/// model, or sum up what is expected of years to come.
const PREDICTED: &str =
    "insert into lifetime_value_prediction (customer_id, repeats, recency_days, age_days, repeat_spent,
        r, alpha, a, b, p_alive, expected_average_value, predicted_lifetime_value)
    select customer_id, count(*) - 1, max(day) - min(day), {now} / 86400000 - min(day),
        cast(sum(case when day = first_day then 0 else spent end) as bigint), 1, 1, 1, 1, 0.5, 0, 0
    from (
        select days.*, min(day) over (partition by customer_id) as first_day from (
            select customer_id, delivered_at / 86400000 as day, sum({total}) as spent
            from orders where delivered_at <= {now}
            group by customer_id, delivered_at / 86400000
        ) days
    ) days
    where exists (select 1 from customer where customer.id = customer_id and deleted_at is null)
    group by customer_id
    on conflict (customer_id) do update set repeats = excluded.repeats, recency_days = excluded.recency_days,
        age_days = excluded.age_days, repeat_spent = excluded.repeat_spent
    where lifetime_value_prediction.repeats <> excluded.repeats
        or lifetime_value_prediction.recency_days <> excluded.recency_days
        or lifetime_value_prediction.age_days <> excluded.age_days
        or lifetime_value_prediction.repeat_spent <> excluded.repeat_spent";

/// What an order comes to in the store's currency.
const TOTAL: &str = "case when exchange_rate is null then total else (total * exchange_rate + 500000) / 1000000 end";

/// In which segment by spending a customer is.
const SPEND: &str = "case when total_spent >= 500000 then 'spend-premium'
    when total_spent >= 100000 then 'spend-standard' else 'spend-basic' end";

/// In which engagement segment a customer is.
const ENGAGEMENT: &str = "case when last_purchase_date >= {now} - 2592000000 then 'engagement-active'
    when last_purchase_date >= {now} - 7776000000 then 'engagement-at-risk'
    when last_purchase_date is not null then 'engagement-inactive' end";

/// Does a job, or undoes it, and prints how many seconds that took on a connection that was open.
#[expect(clippy::print_stdout, reason = "who measures reads it")]
pub async fn run(url: &str, job: Job, is_undone: bool) -> anyhow::Result<()> {
    let statements = if is_undone { job.undo() } else { job.statements() };
    let (key, position) = if url.starts_with("sqlite:") {
        ("randomblob(16)", "(select max(position) from event where position is not null) + row_number() over ()")
    } else {
        ("gen_random_uuid()", "cast(null as bigint)")
    };
    let now = now().timestamp_millis().to_string();
    let text = |statement: &&str| {
        let statement = statement.replace("{spend}", SPEND).replace("{engagement}", ENGAGEMENT).replace("{now}", &now);
        let statement = statement.replace("{total}", TOTAL);
        statement.replace("{key}", key).replace("{position}", position)
    };
    let statements: Vec<String> = statements.iter().map(text).collect();
    let script = format!("begin; {}; commit", statements.join(";\n"));
    // The text has nothing in it that came from elsewhere.
    let script = raw_sql(AssertSqlSafe(script));
    let context = "a statement failed";
    let begun = if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await?;
        raw_sql("pragma synchronous = full; pragma cache_size = -4000; pragma wal_autocheckpoint = 4000")
            .execute(&mut connection)
            .await?;
        let begun = Instant::now();
        script.execute(&mut connection).await.context(context)?;
        begun
    } else {
        let mut connection = PgConnection::connect(url).await?;
        let begun = Instant::now();
        script.execute(&mut connection).await.context(context)?;
        begun
    };
    println!("{}", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Takes away what was overwritten, and counts rows: SQLite has nothing to take away, and counts what is seeded.
pub async fn tidy(url: &str) -> anyhow::Result<()> {
    if !url.starts_with("sqlite:") {
        let mut connection = PgConnection::connect(url).await?;
        raw_sql("vacuum (analyze)").execute(&mut connection).await.context("could not tidy up")?;
    }
    Ok(())
}
