//! What clients send about customers.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::{
    communication::CommunicationChannel,
    customer::{CustomerKind, Gender},
};

use super::CustomerKey;
use crate::instant::{Day, Instant};

/// What a client says of a customer. In a new customer null is the same as nothing; in one that is there, what is
/// absent stays, and null takes away.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CustomerFacts {
    /// Person or organization: a person where a new customer is not said to be either. Names of the one kind, and the
    /// birth date and gender of persons, must be null in the other.
    pub kind: MaybeUndefined<CustomerKind>,
    /// Full name, as the customer writes it: at most 500 characters. Where it is not said, a person's is made of
    /// `givenName` and `familyName`, an organization's of `legalName`, and follows them. There must be one.
    pub name: MaybeUndefined<String>,
    /// Given name of a person: at most 200 characters.
    pub given_name: MaybeUndefined<String>,
    /// Family name of a person: at most 200 characters.
    pub family_name: MaybeUndefined<String>,
    /// Registered name of an organization: at most 500 characters.
    pub legal_name: MaybeUndefined<String>,
    /// E-mail address, which no other customer may have, whatever its case; deleted ones do not count. It is kept as
    /// written: at most 254 bytes, without a name beside it, at a domain with a dot.
    pub email: MaybeUndefined<String>,
    /// Telephone number, kept as written: at most 50 characters. One that begins with `+` must be valid. Any other is
    /// read as dialled in the country of `address`, and may be one that does not exist: see `telephoneE164`.
    pub telephone: MaybeUndefined<String>,
    /// Date of birth of a person: a day that is over, in UTC.
    pub birth_date: MaybeUndefined<Day>,
    /// Gender that a person states.
    pub gender: MaybeUndefined<Gender>,
    /// Whether marketing by e-mail is allowed, as of now. A change enters the log of consent, with the name of the
    /// mutation as its source; `consentRecord` tells more of it. Cannot be null in a customer that is there.
    pub email_opt_in: MaybeUndefined<bool>,
    /// Whether marketing by text message is allowed: as `emailOptIn`.
    pub sms_opt_in: MaybeUndefined<bool>,
    /// The channels by which the customer wishes to be reached, the best first. One that comes twice counts once.
    pub communication_preferences: MaybeUndefined<Vec<CommunicationChannel>>,
    /// Language to write in: a tag that is well-formed by BCP 47, kept in its usual case, such as `pt-BR`.
    pub preferred_language: MaybeUndefined<String>,
    /// Time zone by its IANA name, such as `America/Sao_Paulo`.
    pub timezone: MaybeUndefined<String>,
    /// All tags: at most 250, of at most 100 characters each. One that comes twice counts once, in the case in which it
    /// is written. The same tags in another order are no change.
    pub tags: MaybeUndefined<Vec<String>>,
    /// Further facts of the store's own making, instead of all former ones: a JSON object of at most 16 KiB, at most 8
    /// deep, without the character U+0000. An empty one is the same as null.
    pub custom_fields: MaybeUndefined<serde_json::Value>,
    /// Key of the customer in another system, which no other customer may have, not even a deleted one: at most 200
    /// characters, told apart letter by letter.
    pub external_id: MaybeUndefined<String>,
    /// When the customer joined: not in the future. A new customer who is not said to have joined before does so now,
    /// or with their earliest order or refund, once there is one before. Cannot be null in a customer that is there.
    pub customer_since: MaybeUndefined<Instant>,
}

/// What `customerCreate` takes.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerCreateInput {
    /// The facts.
    #[graphql(flatten)]
    pub facts: CustomerFacts,
}

/// What `customerUpdate` takes: what is absent stays as it is, null takes away.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerUpdateInput {
    /// The customer.
    pub id: ID,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
    /// The facts.
    #[graphql(flatten)]
    pub facts: CustomerFacts,
}

/// What `customerUpsert` takes. Where the customer is there already, what is absent stays as it is, and null takes
/// away.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerUpsertInput {
    /// By what the customer is known. A new one gets it; the field of the same name may say it too, and then must
    /// agree.
    pub key: CustomerKey,
    /// The facts.
    #[graphql(flatten)]
    pub facts: CustomerFacts,
}

/// What `customerDelete` takes.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerDeleteInput {
    /// The customer.
    pub id: ID,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

/// What `customerRestore` takes.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerRestoreInput {
    /// The customer.
    pub id: ID,
}

/// What `customerTagsAdd` takes.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerTagsAddInput {
    /// The customer.
    pub id: ID,
    /// The tags, which follow those that are there: at most 250 with them, of at most 100 characters each, in the case
    /// in which they are written.
    pub tags: Vec<String>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

/// What `customerTagsRemove` takes.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerTagsRemoveInput {
    /// The customer.
    pub id: ID,
    /// The tags, letter by letter: at most 250. Those that the customer does not have do not matter.
    pub tags: Vec<String>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}
