//! The first start of a store, and the check at every later one.

use std::collections::HashMap;

use anyhow::{Context, bail};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::{TryRng, rngs::SysRng};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect, sea_query::OnConflict};

use crate::{
    clock::Clock,
    loyalty,
    money::Currency,
    segment,
    store::{Database, execute, insert_all},
};

/// The currency of a new store that names none.
pub const DEFAULT_CURRENCY: &str = "USD";

/// Sets up a new store with `currency`, [`DEFAULT_CURRENCY`] if none is given, and with the built-in loyalty
/// program and segments; gives the currency of a store that is set up already. Two processes may start at
/// once: one of them sets up, the other waits for it.
///
/// # Errors
/// When the store has another currency than the one given, or the database fails.
pub async fn prepare(database: &Database, clock: Clock, currency: Option<Currency>) -> anyhow::Result<Currency> {
    if let Some(stored) = stored(database.reader()).await? {
        let agreed = agreed(stored, currency)?;
        add_segments(database, clock).await?;
        make_secret(database).await?;
        return Ok(agreed);
    }
    let tx = database.begin().await?;
    let now = clock.now();
    let chosen = match currency {
        Some(currency) => currency,
        None => DEFAULT_CURRENCY.parse().map_err(anyhow::Error::msg)?,
    };
    let parameters = vec![chosen.code().into(), now.timestamp_millis().into()];
    let sql = "insert into store (id, currency, created_at) values (1, $1, $2) on conflict do nothing";
    if execute(&tx, sql, parameters).await.context("could not set up the store")? == 0 {
        let stored = stored(&tx).await?.context("the store is being set up by another process")?;
        return agreed(stored, currency);
    }
    let (program, tiers) = loyalty::built_in::program(chosen, now, || clock.key());
    insert_all(&tx, vec![program]).await.context("could not write the default loyalty program")?;
    insert_all(&tx, tiers).await.context("could not write the default loyalty tiers")?;
    let segments = segment::built_in::segments(now, || clock.key())?;
    insert_all(&tx, segments).await.context("could not write the built-in segments")?;
    tx.commit().await.context("could not set up the store")?;
    make_secret(database).await?;
    Ok(chosen)
}

/// Adds the built-in segments that the store does not have yet, as an older release knew fewer.
async fn add_segments(database: &Database, clock: Clock) -> anyhow::Result<()> {
    let context = "could not add the built-in segments";
    let known: HashMap<String, bool> = entity::segment::Entity::find()
        .select_only()
        .columns([entity::segment::Column::Handle, entity::segment::Column::IsBuiltIn])
        .into_tuple::<(String, bool)>()
        .all(database.reader())
        .await
        .context(context)?
        .into_iter()
        .collect();
    let mut missing = segment::built_in::segments(clock.now(), || clock.key())?;
    for segment in missing.iter().filter(|segment| known.get(&segment.handle) == Some(&false)) {
        tracing::warn!(handle = segment.handle, "a built-in segment is missing, as another one has its handle");
    }
    missing.retain(|segment| !known.contains_key(&segment.handle));
    if !missing.is_empty() {
        // Nobody is in them yet, whoever belongs there.
        for segment in &mut missing {
            segment.computed_at = None;
        }
        let missing = missing.into_iter().map(IntoActiveModel::into_active_model);
        // Another process may add them at the same time.
        let nothing = OnConflict::new().do_nothing().to_owned();
        let insert = entity::segment::Entity::insert_many(missing).on_conflict(nothing);
        insert.exec_without_returning(database.writer()).await.context(context)?;
        segment::rules::renew(database.writer(), clock.key()).await?;
    }
    Ok(())
}

/// Gives the store what links in messages are signed with, unless it has that. It stays for good, as the links do.
async fn make_secret(database: &Database) -> anyhow::Result<()> {
    let store = entity::store::Entity::find().one(database.reader()).await;
    let store = store.context("could not read the settings of the store")?;
    if store.is_some_and(|store| store.link_secret.is_some()) {
        return Ok(());
    }
    let mut secret = [0; 32];
    SysRng.try_fill_bytes(&mut secret).context("the system gives no random numbers")?;
    let sql = "update store set link_secret = $1 where link_secret is null";
    let made = execute(database.writer(), sql, vec![BASE64_URL_SAFE_NO_PAD.encode(secret).into()]).await;
    made.context("could not make what links are signed with")?;
    Ok(())
}

/// The currency of the store; none before its first start.
async fn stored(connection: &impl ConnectionTrait) -> anyhow::Result<Option<Currency>> {
    let store = entity::store::Entity::find().one(connection).await;
    let store = store.context("could not read the settings of the store")?;
    store.map(|store| store.currency.parse().map_err(anyhow::Error::msg)).transpose()
}

fn agreed(stored: Currency, given: Option<Currency>) -> anyhow::Result<Currency> {
    if let Some(given) = given
        && given != stored
    {
        bail!(
            "the currency of this store is {}, not {}; it cannot be changed, since every amount is in it",
            stored.code(),
            given.code()
        );
    }
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use sea_orm::PaginatorTrait;

    use super::*;
    use crate::given;

    async fn check(url: &str) -> anyhow::Result<()> {
        let (first, second) = (Database::connect(url).await?, Database::connect(url).await?);
        first.migrate().await?;
        let euro = Some("EUR".parse().expect("a currency"));

        let (one, two) = tokio::join!(prepare(&first, Clock::System, euro), prepare(&second, Clock::System, euro));

        assert_eq!((one?.code(), two?.code()), ("EUR", "EUR"));
        assert_eq!(entity::loyalty_tier::Entity::find().count(first.reader()).await?, 4);
        assert_eq!(entity::segment::Entity::find().count(first.reader()).await?, 18);
        assert_eq!(prepare(&first, Clock::System, None).await?.code(), "EUR");
        let dollars = Some("USD".parse().expect("a currency"));
        let refused = prepare(&first, Clock::System, dollars).await.expect_err("another currency");
        assert!(refused.to_string().contains("is EUR, not USD"), "{refused}");
        Ok(())
    }

    async fn check_race(url: &str) -> anyhow::Result<()> {
        let (first, second) = (Database::connect(url).await?, Database::connect(url).await?);
        first.migrate().await?;
        let euro = Some("EUR".parse().expect("a currency"));
        // The first holds the store while the second, having found none, waits to set it up.
        let tx = first.begin().await?;
        let sql = "insert into store (id, currency, created_at) values (1, 'EUR', 0)";
        execute(&tx, sql, Vec::new()).await?;
        let reads = second.clone();
        let waiting = tokio::spawn(async move { prepare(&second, Clock::System, None).await });
        while reads.statements() == 0 {
            tokio::task::yield_now().await;
        }
        tx.commit().await?;

        assert_eq!(waiting.await??.code(), "EUR");
        assert_eq!(prepare(&first, Clock::System, euro).await?.code(), "EUR");
        Ok(())
    }

    #[tokio::test]
    async fn whoever_names_no_currency_takes_that_of_the_process_that_was_first() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        check_race(&given::sqlite(&directory)).await?;
        if let Some(url) = given::postgres().await? {
            check_race(&url).await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_store_is_set_up_once_and_keeps_its_currency() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        check(&given::sqlite(&directory)).await?;
        if let Some(url) = given::postgres().await? {
            check(&url).await?;
        }
        Ok(())
    }
}
