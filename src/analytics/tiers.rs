//! How many customers hold each tier.

use uuid::Uuid;

use super::Population;
use crate::{failure::Outcome, store::Database};

/// How many of the population hold each tier of the default program, the lowest tier first; tiers that nobody holds are
/// left out. None at a past instant if the program counts the spending of a period: which tier was held then does
/// not follow from orders and refunds alone.
///
/// # Errors
/// When the database fails.
pub async fn by_tier(database: &Database, population: &Population) -> Outcome<Option<Vec<(Uuid, i64)>>> {
    let at = population.at();
    let held = if population.is_past {
        "member.spent >= coalesce(tier.least, member.spent) and member.spent < coalesce(tier.below, member.spent + 1)
            and not tier.is_retired"
    } else {
        "member.tier_id = tier.id"
    };
    let rows = population
        .ask(
            database,
            &format!(
                ", tier as (
                    select tier.id, tier.min_spend, tier.retired_at is not null as is_retired, program.id as program_id,
                        program.evaluation,
                        case when row_number() over upwards > 1 then tier.min_spend end as least,
                        lead(tier.min_spend) over upwards as below
                    from loyalty_tier tier
                    join loyalty_program program on program.id = tier.program_id and program.is_default
                    window upwards as (partition by tier.retired_at is not null order by tier.min_spend)
                ), member as (
                    select membership.program_id, membership.tier_id, people.total_spent as spent
                    from people
                    join loyalty_membership membership on membership.customer_id = people.id
                    where membership.since <= {at}
                ), held as (
                    select tier.id, count(*) as customers
                    from member join tier on tier.program_id = member.program_id and {held}
                    group by tier.id
                )
                select tier.id, coalesce(held.customers, 0), tier.evaluation = 'LIFETIME'
                from tier left join held on held.id = tier.id
                order by tier.min_spend, tier.is_retired"
            ),
            &[],
        )
        .await?;
    let mut tiers = Vec::new();
    for row in rows {
        let (tier, customers, is_lifetime): (Uuid, i64, bool) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        if population.is_past && !is_lifetime {
            return Ok(None);
        }
        if customers > 0 {
            tiers.push((tier, customers));
        }
    }
    Ok(Some(tiers))
}
