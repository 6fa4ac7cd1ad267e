//! The one gate that every message passes before it is queued, and again before it is sent.
//!
//! It is written in SQL, so that the messages to a whole segment pass it in the statement that queues them.

use entity::{
    communication::{CommunicationChannel, CommunicationPurpose, CommunicationState},
    consent::ConsentState,
    term::Term,
};

use super::Automatic;
use crate::instant::DAY;

/// Why a message is held back to whom there is no address for its channel: an e-mail address, or a telephone number
/// that is known by E.164.
pub const NO_ADDRESS: &str = "no address";

/// Why a message is held back that the customer does not allow. Marketing needs consent for its channel; what belongs
/// to what the customer did needs none, but is held back where they forbade it.
pub const NO_CONSENT: &str = "no consent";

/// Why marketing is held back that would be more than the store sends a customer in some days.
pub const TOO_MANY: &str = "too many in a short time";

/// Why a message is held back that nobody could send in time.
pub const EXPIRED: &str = "expired";

/// Why a message is held back to who bought again before it could tell them that they are missed, or does not hold the
/// tier any more that it congratulates them on.
pub const NO_OCCASION: &str = "no occasion any more";

/// Why a message is held back whose customer was deleted after it was queued.
pub const NO_CUSTOMER: &str = "the customer was deleted";

/// Why the message in the row `draft` may not be sent to the row `customer`: an expression in SQL, null where it may.
/// `draft` has `customer_id`, `channel` and `purpose`.
///
/// What holds is the latest decision in the log of consent about the channel and the purpose, also where the clock that told
/// its instant is ahead of ours.
#[must_use]
pub fn obstacle() -> String {
    let (email, marketing) =
        (CommunicationChannel::Email.description().name, CommunicationPurpose::Marketing.description().name);
    let (granted, withdrawn) = (ConsentState::Granted.description().name, ConsentState::Withdrawn.description().name);
    format!(
        "case
            when customer.deleted_at is not null then '{NO_CUSTOMER}'
            when case draft.channel when '{email}' then customer.email else customer.telephone_e164 end is null
                then '{NO_ADDRESS}'
            when coalesce((
                select decision.state from consent decision
                where decision.customer_id = draft.customer_id and decision.channel = draft.channel
                    and decision.purpose = draft.purpose
                order by decision.decided_at desc, decision.created_at desc, decision.id desc limit 1
            ), case draft.purpose when '{marketing}' then '{withdrawn}' else '{granted}' end) <> '{granted}'
                then '{NO_CONSENT}'
        end"
    )
}

/// As [`obstacle`], for a message that is not queued yet, at the instant in parameter 1: the frequency cap of the row `store` counts too. Messages
/// that were held back do not count against it.
#[must_use]
pub fn obstacle_to_queueing() -> String {
    let marketing = CommunicationPurpose::Marketing.description().name;
    let (queued, sent) = (CommunicationState::Queued.description().name, CommunicationState::Sent.description().name);
    format!(
        "coalesce({obstacle}, case when draft.purpose = '{marketing}' and (
            select count(*) from communication earlier
            where earlier.customer_id = draft.customer_id and earlier.purpose = '{marketing}'
                and earlier.state in ('{queued}', '{sent}')
                and earlier.created_at > cast($1 as bigint) - store.marketing_cap_days * cast({DAY} as bigint)
        ) >= store.marketing_cap then '{TOO_MANY}' end)",
        obstacle = obstacle(),
    )
}

/// The condition that the row `draft` has waited for longer than the row `store` lets messages wait that follow from
/// events, or advertise. What somebody sends about what a customer did waits for as long as it takes.
#[must_use]
pub fn is_expired() -> String {
    format!(
        "(draft.purpose = '{marketing}' or draft.event_id is not null)
            and draft.created_at < cast($1 as bigint) - store.expiry_days * cast({DAY} as bigint)",
        marketing = CommunicationPurpose::Marketing.description().name,
    )
}

/// As [`obstacle`], for a message that is about to leave at the instant in parameter 1: it may have waited for too long, or its occasion have passed.
#[must_use]
pub fn obstacle_to_leaving() -> String {
    format!(
        "coalesce({obstacle}, case
            when {is_expired} then '{EXPIRED}'
            when draft.template = '{re_engagement}' and draft.event_id is not null and (
                customer.last_order_date > draft.created_at or customer.last_purchase_date > draft.created_at
            ) then '{NO_OCCASION}'
            when draft.template = '{upgrade}' and draft.event_id is not null and not exists (
                select 1 from event join loyalty_membership held
                    on held.customer_id = event.customer_id and held.tier_id = event.tier_id
                join loyalty_tier tier on tier.id = held.tier_id and tier.retired_at is null
                where event.id = draft.event_id
            ) then '{NO_OCCASION}'
        end)",
        obstacle = obstacle(),
        is_expired = is_expired(),
        re_engagement = Automatic::ReEngagement.template(),
        upgrade = Automatic::Upgrade.template(),
    )
}

/// As [`obstacle`], for a message that is about to leave, and may be more than the frequency cap of the row `store`
/// allows: what was sent counts, and what is about to leave as well. Of those with one lease, the first go.
#[must_use]
pub fn surplus() -> String {
    let marketing = CommunicationPurpose::Marketing.description().name;
    let (queued, sent) = (CommunicationState::Queued.description().name, CommunicationState::Sent.description().name);
    format!(
        "case when draft.purpose = '{marketing}' and (
            select count(*) from communication earlier
            where earlier.customer_id = draft.customer_id and earlier.purpose = '{marketing}' and earlier.id <> draft.id
                and (
                    earlier.state = '{sent}'
                    and earlier.sent_at > cast($1 as bigint) - store.marketing_cap_days * cast({DAY} as bigint)
                    or earlier.state = '{queued}' and earlier.lease is not null and earlier.due_at > cast($1 as bigint)
                    and (earlier.lease <> draft.lease or earlier.id < draft.id)
                )
        ) >= store.marketing_cap then '{TOO_MANY}' end"
    )
}

/// The channel by which a message goes to the row `customer` of its own accord: an expression in SQL. The first of the
/// channels they prefer for which there is an address; e-mail for those who state none.
#[must_use]
pub fn preferred_channel() -> String {
    let (email, sms) = (CommunicationChannel::Email.description().name, CommunicationChannel::Sms.description().name);
    let preferred = |place| format!("(customer.communication_channels ->> {place})");
    let (first, second) = (preferred(0), preferred(1));
    format!(
        "case
            when {second} is not null and (
                {first} = '{email}' and customer.email is null
                or {first} = '{sms}' and customer.telephone_e164 is null
            ) then {second}
            else coalesce({first}, '{email}')
        end"
    )
}
