//! What clients send about contact points.

use async_graphql::{ID, InputObject, MaybeUndefined};

/// What a client says of a contact point. In a new one null is the same as nothing; in one that is there, what is
/// absent stays, and null takes away.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ContactFacts {
    /// Name of the person or the desk: at most 200 characters.
    pub name: MaybeUndefined<String>,
    /// What to turn to them for, such as a job title or `billing`: at most 100 characters.
    pub contact_type: MaybeUndefined<String>,
    /// E-mail address, kept as written: at most 254 bytes, without a name beside it, at a domain with a dot. Others may
    /// have the same.
    pub email: MaybeUndefined<String>,
    /// Telephone number, kept as written: at most 50 characters. One that begins with `+` must be valid. Any other is
    /// read as dialled in the country of the customer's `address`, and may be one that does not exist: see
    /// `telephoneE164`.
    pub telephone: MaybeUndefined<String>,
    /// Fax number: as `telephone`.
    pub fax_number: MaybeUndefined<String>,
}

/// What `contactAdd` takes: at least a name, or one way to reach somebody.
#[derive(Clone, Debug, InputObject)]
pub struct ContactAddInput {
    /// At whom they are to be reached: an organization, or a person, who may have an assistant.
    pub customer: ID,
    /// The facts.
    #[graphql(flatten)]
    pub facts: ContactFacts,
}

/// What `contactUpdate` takes: what is absent stays as it is, null takes away. A name, or one way to reach somebody,
/// must be left.
#[derive(Clone, Debug, InputObject)]
pub struct ContactUpdateInput {
    /// The contact point.
    pub id: ID,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
    /// The facts.
    #[graphql(flatten)]
    pub facts: ContactFacts,
}

/// What `contactRemove` takes.
#[derive(Clone, Debug, InputObject)]
pub struct ContactRemoveInput {
    /// The contact point.
    pub id: ID,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}
