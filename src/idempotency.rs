//! Requests that a client may repeat: the key that it chose makes a mutation take place once.
//!
//! Each mutation of such a request is entered under the key in its own transaction, together with what became of it:
//! a duplicate, be it a later or a concurrent one, waits for that transaction and finds the entry instead of running.
//! The answer is kept besides, so that a repeated request is answered alike, whatever happened to the nodes since.
//! A mutation that the rules refused left no entry of its own; its answer is kept all the same.
//!
//! Entries are kept for [`KEPT`]. Source: the Idempotency-Key header field, draft-ietf-httpapi-idempotency-key-header.

use anyhow::Context;
use async_graphql::Value;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    idempotency::{self, Column, Entity},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    failure::{Failure, Outcome},
    graphql::Written,
    transaction::Transaction,
};

/// How long a key is remembered.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// The longest key, in characters.
const LONGEST_KEY: usize = 255;

/// What a mutation says that is not to take place because the request has an answer. The client gets that instead.
const ANSWERED: &str = "the idempotency key has an answer";

/// The field under which the answer is kept.
const ANSWER: &str = "";

/// A key, and the request that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    key: String,
    request_hash: String,
}

impl Claim {
    /// The claim of a request that consists of `parts`. `name` is what the client calls the key's place.
    ///
    /// # Errors
    /// [`Failure::Malformed`] when the key is empty, too long, or not printable ASCII.
    pub fn new(name: &str, key: &str, parts: &[&str]) -> Outcome<Self> {
        // The draft has it as a string in quotes; most clients send it without.
        let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::malformed(format!(
                "{name}: expected 1 to {LONGEST_KEY} letters, digits and signs of ASCII, such as a UUID"
            )));
        }
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let request_hash = BASE64_URL_SAFE_NO_PAD.encode(hash.finalize());
        Ok(Self { key: key.to_owned(), request_hash })
    }

    /// The data of the answer that was given to this request before, if one was.
    ///
    /// # Errors
    /// [`Failure::Malformed`] when the key stands for another request.
    pub async fn answer(&self, app: &App) -> Outcome<Option<Value>> {
        let entries = Entity::find().filter(Column::Key.eq(&self.key)).all(app.database.reader()).await?;
        if entries.iter().any(|entry| entry.request_hash != self.request_hash) {
            return Err(self.conflict());
        }
        let answer = entries.into_iter().find(|entry| entry.field == ANSWER).and_then(|entry| entry.result);
        Ok(answer.map(|text| restored(app, &text)).transpose()?)
    }

    /// Keeps the data of the answer, and gives what is kept: another's, if that was first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep(&self, app: &App, data: &Value) -> Outcome<Value> {
        let entry = self.entry(ANSWER, app.clock.now(), Some(kept(app, data)?));
        let tx = app.database.begin().await?;
        let is_first = insert(&tx, entry).await?;
        tx.commit().await.context("could not keep an answer")?;
        if is_first {
            return Ok(data.clone());
        }
        Ok(self.answer(app).await?.unwrap_or_else(|| data.clone()))
    }

    /// Enters the mutation called `field`, or finds what became of it. Waits for another transaction that has entered
    /// it and not ended.
    ///
    /// # Errors
    /// [`Failure::Malformed`] when the key stands for another request.
    pub async fn enter(&self, tx: &Transaction, field: &str) -> Outcome<Option<Written>> {
        if insert(&*tx.db, self.entry(field, tx.now, None)).await? {
            // Another request with the key may have been refused meanwhile, and left no other entry than its answer.
            let answer = Entity::find_by_id((self.key.clone(), ANSWER.to_owned())).one(&*tx.db).await?;
            return if answer.is_some() { Err(Failure::malformed(ANSWERED)) } else { Ok(None) };
        }
        let entry = Entity::find_by_id((self.key.clone(), field.to_owned())).one(&*tx.db).await?;
        let entry = entry.context("the entry of an idempotency key is gone")?;
        if entry.request_hash != self.request_hash {
            return Err(self.conflict());
        }
        let result = entry.result.context("the entry of an idempotency key has no result")?;
        Ok(Some(serde_json::from_str(&result).context("what is kept of a mutation cannot be read")?))
    }

    /// Enters what became of the mutation called `field`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complete(&self, tx: &Transaction, field: &str, written: &Written) -> anyhow::Result<()> {
        let result = serde_json::to_string(written).context("could not write down a mutation")?;
        let updated = Entity::update_many()
            .col_expr(Column::Result, result.into())
            .filter(Column::Key.eq(&self.key))
            .filter(Column::Field.eq(field))
            .exec(&*tx.db)
            .await;
        updated.context("could not write down a mutation")?;
        Ok(())
    }

    fn entry(&self, field: &str, now: DateTime<Utc>, result: Option<String>) -> idempotency::Model {
        idempotency::Model {
            key: self.key.clone(),
            field: field.to_owned(),
            request_hash: self.request_hash.clone(),
            result,
            created_at: ChronoUnixTimestampMillis(now),
        }
    }

    fn conflict(&self) -> Failure {
        Failure::malformed(format!("the idempotency key {:?} was used for another request", self.key))
    }
}

/// Forgets keys that are older than [`KEPT`], and counts their entries.
///
/// # Errors
/// When the database fails.
pub async fn forget(app: &App) -> anyhow::Result<u64> {
    let oldest = (app.clock.now() - KEPT).timestamp_millis();
    let deleted = Entity::delete_many().filter(Column::CreatedAt.lt(oldest)).exec(app.database.writer()).await;
    Ok(deleted.context("could not forget idempotency keys")?.rows_affected)
}

/// Whether it was inserted: false when the key has such an entry already.
async fn insert(tx: &impl ConnectionTrait, entry: idempotency::Model) -> Outcome<bool> {
    let insert = Entity::insert(idempotency::ActiveModel::from(entry));
    let nothing = OnConflict::columns([Column::Key, Column::Field]).do_nothing().to_owned();
    Ok(insert.on_conflict(nothing).exec_without_returning(tx).await? > 0)
}

/// The data of an answer as it is kept. No text that a client sent has the character U+0000.
fn kept(app: &App, data: &Value) -> anyhow::Result<String> {
    let data = with_texts(data, &|text| text.replace(app.base.as_str(), "\0"));
    serde_json::to_string(&data).context("could not write down an answer")
}

fn restored(app: &App, text: &str) -> anyhow::Result<Value> {
    let data: Value = serde_json::from_str(text).context("what is kept of an answer cannot be read")?;
    Ok(with_texts(&data, &|text| text.replace('\0', app.base.as_str())))
}

/// The value with each text in it replaced.
fn with_texts(value: &Value, replace: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(replace(text)),
        Value::List(values) => Value::List(values.iter().map(|value| with_texts(value, replace)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), with_texts(value, replace))).collect())
        }
        other => other.clone(),
    }
}
