//! What is predicted of customers, as it is stored and read.

use std::{collections::HashMap, sync::Arc};

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    lifetime_value_prediction::{Column, Entity, Model},
    lifetime_value_run,
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::json;
use uuid::Uuid;

use super::{
    bg_nbd::{BgNbd, History},
    fit::Fit,
    runs,
    summary::{self, Known, Summary},
    value::{discounted_purchases_if_alive, major_units, minor_units},
};
use crate::{
    failure::{Failure, Outcome},
    money::Currency,
    store::{Database, Dialect, Kind, Siblings, Values, execute},
};

/// How far a stored number may lie from the computed one, as a part of the greatest that it can be: less than anybody is
/// told.
const PRECISION: f64 = 1e-12;

/// A model, applied to one customer after the other.
#[derive(Clone, Debug)]
pub struct Predictor {
    fit: Fit,
    monthly_discount: f64,
    currency: Currency,
    /// By repeats and age: customers who differ in nothing else buy alike while they are alive.
    discounted: HashMap<(u32, u32), f64>,
}

/// What has to be written so that what is stored is what is predicted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Rows to be written.
    pub differing: Vec<Model>,
    /// Customers of whom nothing is predicted any more.
    pub obsolete: Vec<Uuid>,
}

impl Predictor {
    /// Applies `fit`. Amounts are in `currency`.
    #[must_use]
    pub fn new(fit: Fit, monthly_discount: f64, currency: Currency) -> Self {
        Self { fit, monthly_discount, currency, discounted: HashMap::new() }
    }

    /// Applies the fit of `run`.
    #[must_use]
    pub fn of(run: &lifetime_value_run::Model, currency: Currency) -> Self {
        Self::new(runs::fit(run), run.monthly_discount, currency)
    }

    /// What is predicted of a customer. None if there is no model.
    pub fn predict(&mut self, customer: Uuid, summary: Summary) -> Option<Model> {
        let (purchases, _) = self.fit.purchases?;
        let Summary { history, repeat_spent } = summary;
        let p_alive = purchases.p_alive(history);
        let average = self.fit.amounts.and_then(|(amounts, _)| {
            amounts.expected_average_value(history.repeats, major_units(repeat_spent, self.currency))
        });
        let value = average.map(|average| {
            let (repeats, age) = (history.repeats, history.age_days);
            let discounted = self
                .discounted
                .entry((repeats, age))
                .or_insert_with(|| discounted_purchases_if_alive(&purchases, repeats, age, self.monthly_discount));
            average * p_alive * *discounted
        });
        Some(Model {
            customer_id: customer,
            repeats: stored(history.repeats),
            recency_days: stored(history.recency_days),
            age_days: stored(history.age_days),
            repeat_spent,
            r: purchases.r,
            alpha: purchases.alpha,
            a: purchases.a,
            b: purchases.b,
            p_alive,
            expected_average_value: average.map(|average| minor_units(average, self.currency)),
            predicted_lifetime_value: value.map(|value| minor_units(value, self.currency)),
        })
    }

    /// What has to be written of these customers.
    pub fn changes(&mut self, customers: Vec<Known>) -> Changes {
        let mut changes = Changes::default();
        for Known { customer, summary, stored } in customers {
            let predicted = summary.and_then(|summary| self.predict(customer, summary));
            match (predicted, stored) {
                (Some(predicted), stored) if stored.as_ref().is_none_or(|stored| differs(stored, &predicted)) => {
                    changes.differing.push(predicted);
                }
                (None, Some(_)) => changes.obsolete.push(customer),
                _ => {}
            }
        }
        changes
    }
}

fn differs(stored: &Model, predicted: &Model) -> bool {
    let is_near = |(stored, predicted): (f64, f64), greatest: f64| (stored - predicted).abs() <= PRECISION * greatest;
    let parameters = |row: &Model| [row.r, row.alpha, row.a, row.b];
    let is_by_same = parameters(stored).into_iter().zip(parameters(predicted)).all(|pair| is_near(pair, pair.1));
    let [r, alpha, a, b] = parameters(stored);
    !is_by_same
        || !is_near((stored.p_alive, predicted.p_alive), 1.0)
        || *stored != Model { r, alpha, a, b, p_alive: stored.p_alive, ..predicted.clone() }
}

/// A number of days, or of days with a purchase, as it is stored.
fn stored(days: u32) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// Writes rows in place of those that the same customers have. Customers who are gone by now are left out.
///
/// # Errors
/// When the database fails.
pub async fn write(tx: &impl ConnectionTrait, rows: &[Model]) -> anyhow::Result<u64> {
    const COLUMNS: [(&str, Kind); 12] = [
        ("customer_id", Kind::Key),
        ("repeats", Kind::Integer),
        ("recency_days", Kind::Integer),
        ("age_days", Kind::Integer),
        ("repeat_spent", Kind::Integer),
        ("r", Kind::Number),
        ("alpha", Kind::Number),
        ("a", Kind::Number),
        ("b", Kind::Number),
        ("p_alive", Kind::Number),
        ("expected_average_value", Kind::Integer),
        ("predicted_lifetime_value", Kind::Integer),
    ];
    let dialect = Dialect::from(tx.get_database_backend());
    let names = COLUMNS.map(|(name, _)| name);
    let sql = format!(
        "insert into lifetime_value_prediction ({names})
        select {values} from {records} record
        join customer on customer.id = record.customer_id
        where true
        on conflict (customer_id) do update set {assignments}",
        names = names.join(", "),
        values = names.map(|name| format!("record.{name}")).join(", "),
        records = dialect.table_of_records(1, &COLUMNS),
        assignments = names[1..].iter().map(|name| format!("{name} = excluded.{name}")).collect::<Vec<_>>().join(", "),
    );
    let records = rows.iter().map(|row| {
        json!({
            "customer_id": row.customer_id.simple().to_string(),
            "repeats": row.repeats,
            "recency_days": row.recency_days,
            "age_days": row.age_days,
            "repeat_spent": row.repeat_spent,
            "r": row.r,
            "alpha": row.alpha,
            "a": row.a,
            "b": row.b,
            "p_alive": row.p_alive,
            "expected_average_value": row.expected_average_value,
            "predicted_lifetime_value": row.predicted_lifetime_value,
        })
    });
    execute(tx, &sql, vec![Dialect::records(records)?]).await.context("could not write what is predicted of customers")
}

/// Forgets what was predicted of these customers.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &impl ConnectionTrait, customers: &[Uuid]) -> anyhow::Result<u64> {
    let dialect = Dialect::from(tx.get_database_backend());
    let sql = format!("delete from lifetime_value_prediction where {}", dialect.is_among("customer_id", 1));
    let keys = vec![dialect.parameter(customers)];
    execute(tx, &sql, keys).await.context("could not forget what was predicted of customers")
}

/// What is predicted of a customer, read together with that of their siblings.
///
/// # Errors
/// When the database fails.
pub async fn of(database: &Database, siblings: &Siblings, customer: Uuid) -> Outcome<Option<Model>> {
    // Whatever the field: all of them show the same rows.
    let rows = siblings.share(0, || async {
        let keys = Values::Keys(siblings.keys());
        let among = database.dialect().among(Expr::col((Entity, Column::CustomerId)), &keys);
        let rows = Entity::find().filter(among).all(database.reader()).await?;
        Ok(Arc::new(rows.into_iter().map(|row| (row.customer_id, row)).collect::<HashMap<_, _>>()))
    });
    let rows: Outcome<Arc<HashMap<Uuid, Model>>> = rows.await;
    Ok(rows?.get(&customer).cloned())
}

/// On how many days the customer of whom `row` tells is expected to buy in `weeks` from the run on that predicted it.
#[must_use]
pub fn expected_purchases(row: &Model, weeks: f64) -> f64 {
    let days = |days: i32| u32::try_from(days).unwrap_or_default();
    let history =
        History { repeats: days(row.repeats), recency_days: days(row.recency_days), age_days: days(row.age_days) };
    BgNbd { r: row.r, alpha: row.alpha, a: row.a, b: row.b }.expected_purchases(history, weeks)
}

/// How far ahead purchases are predicted at most: ten years.
const MOST_WEEKS: f64 = 520.0;

/// A number of weeks that a client gives, if it can be.
///
/// # Errors
/// [`Failure::Malformed`] when it is negative or more than ten years.
pub fn weeks_ahead(weeks: f64) -> Outcome<f64> {
    if (0.0..=MOST_WEEKS).contains(&weeks) {
        return Ok(weeks);
    }
    Err(Failure::malformed(format!("weeks: expected a number from 0 to {MOST_WEEKS}, not {weeks}")))
}

/// What a run of the past would have predicted of customers.
#[derive(Clone, Debug)]
pub struct Past(HashMap<Uuid, Model>);

impl Past {
    /// What the run as of exactly `as_of`, the last if there are several, tells of those of `customers` who had bought.
    /// None if there is no such run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(
        db: &impl ConnectionTrait,
        as_of: DateTime<Utc>,
        customers: &[Uuid],
        currency: Currency,
    ) -> anyhow::Result<Option<Self>> {
        let Some(run) = runs::at(db, as_of).await.context("could not read a fit of the purchase model")? else {
            return Ok(None);
        };
        let mut predictor = Predictor::of(&run, currency);
        let summaries = summary::of(db, as_of, customers).await?;
        let predicted = summaries
            .into_iter()
            .filter_map(|Known { customer, summary, .. }| Some((customer, predictor.predict(customer, summary?)?)));
        Ok(Some(Self(predicted.collect())))
    }

    /// What it would have predicted of a customer.
    #[must_use]
    pub fn of(&self, customer: Uuid) -> Option<&Model> {
        self.0.get(&customer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        given::{customer, each_store},
        lifetime_value::gamma_gamma::GammaGamma,
    };

    fn fit() -> Fit {
        let purchases = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
        let amounts = GammaGamma { p: 6.25, q: 3.74, v: 15.44 };
        Fit { purchases: Some((purchases, 0.0)), amounts: Some((amounts, 0.0)), no_fit: None }
    }

    fn summary(age_days: u32) -> Summary {
        Summary { history: History { repeats: 2, recency_days: 213, age_days }, repeat_spent: 4469 }
    }

    #[tokio::test]
    async fn only_what_differs_is_written_and_what_is_no_longer_predicted_is_forgotten() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let [jane, gone] = [customer(&tx, "Jane").await?, app.clock.key()];
            let mut predictor = Predictor::new(fit(), 0.01, app.currency);
            let stored = async || Entity::find().one(&tx).await;
            let known = |summary, stored| vec![Known { customer: jane, summary, stored }];

            let first = predictor.changes(known(Some(summary(272)), None));
            let stranger = Model { customer_id: gone, ..first.differing[0].clone() };
            assert_eq!(write(&tx, &[first.differing[0].clone(), stranger]).await?, 1);
            let same = predictor.changes(known(Some(summary(272)), stored().await?));
            let later = predictor.changes(known(Some(summary(273)), stored().await?));
            assert_eq!(write(&tx, &later.differing).await?, 1);
            let row = stored().await?;
            let obsolete = predictor.changes(known(None, row.clone()));
            let unfit = Fit { purchases: None, amounts: None, no_fit: None };
            let unfit = Predictor::new(unfit, 0.01, app.currency).changes(known(Some(summary(273)), row.clone()));

            // 6.25 (15.44 + 44.69) / (6.25 · 2 + 3.74 − 1)
            assert_eq!(first.differing[0].expected_average_value, Some(2466));
            assert_eq!(same, Changes::default());
            assert_eq!(row.map(|row| row.age_days), Some(273));
            assert_eq!((&obsolete.obsolete, &obsolete), (&vec![jane], &unfit));
            assert_eq!(forget(&tx, &obsolete.obsolete).await?, 1);
            assert_eq!(stored().await?, None);
            Ok(())
        })
        .await
    }

    #[test]
    fn what_other_parameters_predict_is_written_also_where_they_change_nothing_else() {
        let currency = "USD".parse().expect("a currency");
        let by = |a| {
            let purchases = BgNbd { a, ..fit().purchases.expect("a fit").0 };
            Predictor::new(Fit { purchases: Some((purchases, 0.0)), amounts: None, ..fit() }, 0.01, currency)
        };
        // Whoever bought once is alive by construction.
        let once = Summary { history: History { repeats: 0, recency_days: 0, age_days: 9 }, repeat_spent: 0 };
        let stored = by(0.793).predict(Uuid::nil(), once);
        let known = || vec![Known { customer: Uuid::nil(), summary: Some(once), stored: stored.clone() }];

        assert_eq!(by(0.793).changes(known()), Changes::default());
        assert_eq!(by(0.793 * (1.0 + 1e-15)).changes(known()), Changes::default());
        assert_eq!(by(0.794).changes(known()).differing.len(), 1);
    }

    #[test]
    fn without_amounts_the_rest_is_predicted_still() {
        let purchases_alone = Fit { amounts: None, ..fit() };

        let currency = "USD".parse().expect("a currency");
        let row = Predictor::new(purchases_alone, 0.01, currency).predict(Uuid::nil(), summary(272));

        let row = row.expect("a prediction");
        assert!((row.p_alive - 0.7266).abs() < 0.001, "{row:?}");
        assert_eq!((row.expected_average_value, row.predicted_lifetime_value), (None, None));
    }
}
