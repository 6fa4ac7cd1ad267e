//! What the store settles about messages.

use anyhow::Context as _;
use async_graphql::{Context, SimpleObject};
use entity::store;
use sea_orm::{EntityTrait, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use super::input::CommunicationSettingsUpdateInput;
use crate::{
    app::App,
    check::Check,
    failure::Outcome,
    rejection::{Attempt, RejectionCode},
    store::update as write,
    transaction::Transaction,
};

/// What the store settles about messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub struct CommunicationSettings {
    /// Whether new customers are welcomed.
    sends_welcome: bool,
    /// Whether customers who rise to a loyalty tier are congratulated.
    sends_upgrade: bool,
    /// Whether customers who are about to leave are written to.
    sends_re_engagement: bool,
    /// How many marketing messages a customer gets in `marketingCapDays` at most, of all channels.
    marketing_cap: i32,
    /// The days in which `marketingCap` counts.
    marketing_cap_days: i32,
    /// After how many days in the queue messages that follow from events, and marketing, are not sent any more.
    expiry_days: i32,
}

/// What the store settles.
///
/// # Errors
/// When the database fails.
pub async fn settings(ctx: &Context<'_>) -> Outcome<CommunicationSettings> {
    let row = store::Entity::find().one(ctx.data_unchecked::<App>().database.reader()).await?;
    let row = row.context("the store is not set up")?;
    Ok(CommunicationSettings {
        sends_welcome: row.sends_welcome,
        sends_upgrade: row.sends_upgrade,
        sends_re_engagement: row.sends_re_engagement,
        marketing_cap: row.marketing_cap,
        marketing_cap_days: row.marketing_cap_days,
        expiry_days: row.expiry_days,
    })
}

/// Changes what the store settles. There is nothing to name by a key.
///
/// # Errors
/// When a number is not what it must be.
pub async fn update(tx: &Transaction, input: &CommunicationSettingsUpdateInput) -> Attempt<Uuid> {
    let row = store::Entity::find().lock(LockType::NoKeyUpdate).one(&*tx.db).await;
    let before = row.context("could not read the settings of the store")?.context("the store is not set up")?;
    let mut check = Check::default();
    let mut within = |field: &str, given: Option<i32>, current: i32, least: i32, most: i32| {
        let number = given.unwrap_or(current);
        if !(least..=most).contains(&number) {
            let message = format!("{field}: expected {least} to {most}, not {number}");
            check.reject(RejectionCode::Invalid, &format!("input.{field}"), message);
        }
        number
    };
    let marketing_cap = within("marketingCap", input.marketing_cap, before.marketing_cap, 0, 1_000);
    let marketing_cap_days = within("marketingCapDays", input.marketing_cap_days, before.marketing_cap_days, 1, 365);
    let expiry_days = within("expiryDays", input.expiry_days, before.expiry_days, 1, 365);
    check.done()?;
    let after = store::Model {
        sends_welcome: input.sends_welcome.unwrap_or(before.sends_welcome),
        sends_upgrade: input.sends_upgrade.unwrap_or(before.sends_upgrade),
        sends_re_engagement: input.sends_re_engagement.unwrap_or(before.sends_re_engagement),
        marketing_cap,
        marketing_cap_days,
        expiry_days,
        ..before.clone()
    };
    write(&*tx.db, &before, &after).await.context("could not write the settings of the store")?;
    Ok(Uuid::nil())
}
