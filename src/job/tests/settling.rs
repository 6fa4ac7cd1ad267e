//! What is settled once it is committed, beside transactions that go by what was there before.

use async_graphql::{ID, MaybeUndefined};
use entity::loyalty_program;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    app::App,
    given::{self, origin, settle_beside, side_by_side},
    graphql::Decimal,
    loyalty::{
        operations::reconsider_tiers,
        program::{
            input::{LoyaltyProgramUpdateInput, LoyaltyTierInput},
            operations,
        },
    },
    reactions::transact_as,
    store::execute,
    transaction::Transaction,
};

/// Gives the default program these tiers in place of others.
pub(super) async fn edit(app: &App, tiers: &[(&str, i64)]) -> anyhow::Result<Uuid> {
    let default = loyalty_program::Entity::find().filter(loyalty_program::Column::IsDefault.eq(true));
    let program = default.one(app.database.reader()).await?.expect("the default program").id;
    let tier = |(name, begins): &(&str, i64)| LoyaltyTierInput {
        id: None,
        name: (*name).to_owned(),
        min_spend: Decimal(begins.to_string()),
        discount_percent: 0,
        benefits: Vec::new(),
    };
    let input = &LoyaltyProgramUpdateInput {
        id: ID::default(),
        name: MaybeUndefined::Undefined,
        handle: MaybeUndefined::Undefined,
        description: MaybeUndefined::Undefined,
        evaluation: MaybeUndefined::Undefined,
        grace_days: MaybeUndefined::Undefined,
        tiers: MaybeUndefined::Value(tiers.iter().map(tier).collect()),
        expected_version: None,
    };
    let named = &vec![None; tiers.len()];
    let edit = |tx| async move { operations::update(&tx, program, input, named).await };
    Ok(transact_as(app, &origin(), edit).await.expect("an edit"))
}

#[tokio::test]
async fn who_moves_by_older_tiers_holds_up_no_edit_and_is_settled_when_that_is_committed() -> anyhow::Result<()> {
    side_by_side(async |app, jane| {
        let early = Transaction::begin(&app, &origin()).await?;
        execute(&*early.db, "update customer set total_spent = 60000 where id = $1", vec![jane.into()]).await?;
        assert_eq!(reconsider_tiers(&early, &[jane]).await?, 1);
        let program = edit(&app, &[("Only", 100)]).await?;

        settle_beside(&app, early).await?;

        let tx = app.database.begin().await?;
        assert_eq!(given::tier(&tx, jane).await?.0, "Only");
        let program = loyalty_program::Entity::find_by_id(program).one(&tx).await?;
        assert!(program.is_some_and(|program| program.is_settled));
        Ok(())
    })
    .await
}
