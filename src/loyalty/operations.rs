//! Joining programs, and rising and falling in them.

use uuid::Uuid;

use super::standing;
use crate::{event::Event, transaction::Transaction};

/// Enrols a customer in the default program, unless they are in it or there is none.
///
/// # Errors
/// When the database fails.
pub async fn enroll_in_default(tx: &Transaction, customer: Uuid) -> anyhow::Result<()> {
    for enrolment in standing::enroll(&*tx.db, tx.now, Some(&[customer])).await? {
        let standing::Enrolment { customer, program, tier, .. } = enrolment;
        tx.emit(Event::CustomerEnrolled { customer, program, tier });
    }
    Ok(())
}

/// Brings a customer to the tiers that their spending reaches now, up or down: one event for each program, however
/// many tiers it skips.
///
/// # Errors
/// When the database fails.
pub async fn reconsider_tiers(tx: &Transaction, customer: Uuid) -> anyhow::Result<()> {
    for standing::Move { customer, program, tier, is_rise, .. } in
        standing::settle_tiers(&*tx.db, tx.now, Some(&[customer])).await?
    {
        tx.emit(if is_rise {
            Event::CustomerUpgraded { customer, program, tier }
        } else {
            Event::CustomerDowngraded { customer, program, tier }
        });
    }
    Ok(())
}
