//! Joining programs, and rising and falling in them.

use anyhow::Context;
use entity::loyalty_program;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use super::standing::{self, Move};
use crate::{event::Event, transaction::Transaction};

/// Enrols a customer in the default program, unless they are in it or there is none.
///
/// # Errors
/// When the database fails.
pub async fn enroll_in_default(tx: &Transaction, customer: Uuid) -> anyhow::Result<()> {
    // Whoever changes the tiers of the program does so before or after, and finds the new member then.
    let programs = loyalty_program::Entity::find().filter(loyalty_program::Column::IsDefault.eq(true));
    programs.lock(LockType::Share).all(&*tx.db).await.context("could not read the default loyalty program")?;
    for enrolment in standing::enroll(&*tx.db, tx.now, Some(&[customer])).await? {
        let standing::Enrolment { customer, program, tier, .. } = enrolment;
        tx.emit(Event::CustomerEnrolled { customer, program, tier });
    }
    Ok(())
}

/// Brings customers to the tiers that their spending reaches now, up or down: one event for each of them and each
/// program, however many tiers it skips. Gives how many moves there were.
///
/// # Errors
/// When the database fails.
pub async fn reconsider_tiers(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<usize> {
    let moves = standing::settle_tiers(&*tx.db, tx.as_of(), Some(customers)).await?;
    tell(tx, &moves);
    Ok(moves.len())
}

/// Lets customers fall in programs that count the spending of a period, where the period and the grace are over: see
/// [`standing::settle_periods`]. Gives how many falls there were.
///
/// # Errors
/// When the database fails.
pub async fn settle_periods(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<usize> {
    let moves = standing::settle_periods(&*tx.db, tx.as_of(), customers).await?;
    tell(tx, &moves);
    Ok(moves.len())
}

fn tell(tx: &Transaction, moves: &[Move]) {
    for event in moves.iter().filter_map(Move::event) {
        tx.emit(event);
    }
}
