//! Seeded communications, in every state that one can have.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    communication::{self, CommunicationChannel, CommunicationPurpose, CommunicationState},
    customer,
};

use super::chance::Chance;
use crate::store::Rows;

/// What is written, and what for.
const MESSAGES: [(&str, &str, CommunicationPurpose); 3] = [
    ("welcome", "Welcome", CommunicationPurpose::Transactional),
    ("upgrade", "You have risen to a higher tier", CommunicationPurpose::Transactional),
    ("re-engagement", "We miss you", CommunicationPurpose::Marketing),
];

/// Adds the communications to the customer, none to three, to `rows`.
pub fn write_to(chance: &mut Chance, customer: &customer::Model, now: DateTime<Utc>, rows: &mut Rows) {
    for _ in 0..chance.count(0..=3) {
        let communication = communication(chance, customer, now);
        rows.communications.push(communication);
    }
}

fn communication(chance: &mut Chance, customer: &customer::Model, now: DateTime<Utc>) -> communication::Model {
    let (template, subject, purpose) = chance.one(&MESSAGES);
    let channel = if chance.happens(80) { CommunicationChannel::Email } else { CommunicationChannel::Sms };
    let has_consent = match channel {
        CommunicationChannel::Email => customer.email_opt_in,
        CommunicationChannel::Sms => customer.sms_opt_in,
    };
    let (state, reason) = if purpose == CommunicationPurpose::Marketing && !has_consent {
        (CommunicationState::Suppressed, Some("no consent"))
    } else if chance.happens(4) {
        (CommunicationState::Failed, Some("the address does not exist"))
    } else if chance.happens(3) {
        (CommunicationState::Queued, None)
    } else {
        (CommunicationState::Sent, None)
    };
    let created = match state {
        // What is still queued was queued just now.
        CommunicationState::Queued => now,
        _ => chance.instant(customer.customer_since.0, now),
    };
    let sent = (created + TimeDelta::seconds(chance.number(1..=90))).min(now);
    let is_written = matches!(state, CommunicationState::Sent | CommunicationState::Failed);
    communication::Model {
        id: chance.key(),
        customer_id: customer.id,
        channel,
        purpose,
        state,
        template: template.to_owned(),
        subject: (is_written && channel == CommunicationChannel::Email).then(|| subject.to_owned()),
        body: None,
        language: is_written.then(|| "en".to_owned()),
        reason: reason.map(str::to_owned),
        event_id: None,
        mailing_id: None,
        tries: 0,
        // Nobody is there to read it, so that it is never due.
        due_at: None,
        lease: None,
        created_at: ChronoUnixTimestampMillis(created),
        sent_at: (state == CommunicationState::Sent).then_some(ChronoUnixTimestampMillis(sent)),
    }
}
