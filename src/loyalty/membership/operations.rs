//! Joining programs by choice, and leaving them.

use anyhow::Context;
use entity::{ChronoUnixTimestampMillis, loyalty_membership, loyalty_program, loyalty_tier};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use crate::{
    check::Check,
    customer::row,
    event::Event,
    loyalty::{spending, tier::ladder},
    rejection::{Attempt, Rejection},
    store::insert_all,
    transaction::Transaction,
};

/// Enrols a customer in `program`, or in the default one, on the tier that their spending reaches. Gives the
/// membership, which a member has already.
///
/// # Errors
/// When there is no such customer or program.
pub async fn enroll(tx: &Transaction, customer: Uuid, program: Option<Uuid>) -> Attempt<Uuid> {
    let program = places(tx, customer, program).await?;
    if let Some(membership) = membership(tx, customer, program).await? {
        return Ok(membership.id);
    }
    let tiers = loyalty_tier::Entity::find()
        .filter(loyalty_tier::Column::ProgramId.eq(program))
        .filter(loyalty_tier::Column::RetiredAt.is_null())
        .all(&*tx.db)
        .await
        .context("could not read the tiers of a program")?;
    let spent = spending::spent(&*tx.db, tx.as_of(), customer, program).await?;
    let tier = ladder::reached(&tiers, spent).context("a program has tiers")?.id;
    let now = ChronoUnixTimestampMillis(tx.now);
    let membership = loyalty_membership::Model {
        id: tx.key(),
        program_id: program,
        customer_id: customer,
        tier_id: tier,
        since: now,
        tier_since: now,
    };
    let id = membership.id;
    insert_all(&*tx.db, vec![membership]).await.context("could not enrol a customer")?;
    tx.emit(Event::CustomerEnrolled { customer, program, tier });
    Ok(id)
}

/// Takes a customer out of `program`, or of the default one, if they are in it. Gives the customer.
///
/// # Errors
/// When there is no such customer or program.
pub async fn leave(tx: &Transaction, customer: Uuid, program: Option<Uuid>) -> Attempt<Uuid> {
    let program = places(tx, customer, program).await?;
    if let Some(membership) = membership(tx, customer, program).await? {
        loyalty_membership::Entity::delete_by_id(membership.id)
            .exec(&*tx.db)
            .await
            .context("could not take a customer out of a program")?;
        tx.emit(Event::CustomerUnenrolled { customer, program });
    }
    Ok(customer)
}

/// The program, and its customer, both locked: the tiers stay as they are meanwhile, and so does the spending.
async fn places(tx: &Transaction, customer: Uuid, program: Option<Uuid>) -> Attempt<Uuid> {
    let mut check = Check::default();
    let is_meant = match program {
        Some(program) => loyalty_program::Column::Id.eq(program),
        None => loyalty_program::Column::IsDefault.eq(true),
    };
    let program = loyalty_program::Entity::find()
        .filter(is_meant)
        .lock(LockType::Share)
        .one(&*tx.db)
        .await
        .context("could not read a program")?;
    if program.is_none() {
        check.add(Rejection::not_found("input.program", "loyalty program"));
    }
    if !row::lock_live(tx, customer).await? {
        check.add(Rejection::not_found("input.customer", "customer"));
    }
    check.done()?;
    Ok(program.context("a program that was found")?.id)
}

async fn membership(
    tx: &Transaction,
    customer: Uuid,
    program: Uuid,
) -> anyhow::Result<Option<loyalty_membership::Model>> {
    loyalty_membership::Entity::find()
        .filter(loyalty_membership::Column::CustomerId.eq(customer))
        .filter(loyalty_membership::Column::ProgramId.eq(program))
        .one(&*tx.db)
        .await
        .context("could not read a membership")
}
