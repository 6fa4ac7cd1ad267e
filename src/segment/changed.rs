//! What a transaction changed of its customers, as far as the rules of segments may read it.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::filter::{Entry, Reads};

/// What may be different now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These alone.
    These {
        /// Columns of customers, and tables that hang on them.
        names: BTreeSet<&'static str>,
        /// Segments that they entered or left.
        segments: BTreeSet<Uuid>,
        /// Segments whose rules are new, or are applied to another instant.
        rules: BTreeSet<Uuid>,
    },
    /// Anything.
    Everything,
}

impl Default for Changed {
    fn default() -> Self {
        Self::These { names: BTreeSet::new(), segments: BTreeSet::new(), rules: BTreeSet::new() }
    }
}

impl From<&[&'static str]> for Changed {
    fn from(names: &[&'static str]) -> Self {
        Self::of_names(names.iter().copied())
    }
}

impl From<Uuid> for Changed {
    fn from(segment: Uuid) -> Self {
        Self::These { names: BTreeSet::new(), segments: BTreeSet::from([segment]), rules: BTreeSet::new() }
    }
}

impl Changed {
    /// What is changed by an edit of these fields, which are called as in GraphQL.
    #[must_use]
    pub fn by_edit(fields: &[&'static str]) -> Self {
        Self::of_names(fields.iter().map(|field| place_of(field)).chain(["updated_at", "version"]))
    }

    /// What is changed by writing events to the log, and messages.
    #[must_use]
    pub fn by_telling(has_events: bool, has_messages: bool) -> Self {
        let tables = [("event", has_events), ("communication", has_messages)];
        Self::of_names(tables.into_iter().filter(|(_, is_written)| *is_written).map(|(name, _)| name))
    }

    /// What is changed by applying the rules of these segments, whatever their customers did.
    #[must_use]
    pub fn by_rules(rules: BTreeSet<Uuid>) -> Self {
        Self::These { names: BTreeSet::new(), segments: BTreeSet::new(), rules }
    }

    fn of_names(names: impl Iterator<Item = &'static str>) -> Self {
        Self::These { names: names.collect(), segments: BTreeSet::new(), rules: BTreeSet::new() }
    }

    /// This, and that too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (
                Self::These { mut names, mut segments, mut rules },
                Self::These { names: more_names, segments: more_segments, rules: more_rules },
            ) => {
                names.extend(more_names);
                segments.extend(more_segments);
                rules.extend(more_rules);
                Self::These { names, segments, rules }
            }
            _ => Self::Everything,
        }
    }

    /// Whether a rule is among it, reads something of it, or names a segment of it.
    ///
    /// What a rule reads is taken from its own SQL, so that there is no second list of it to keep. A column of another
    /// table that has the same name counts too: the rule is then asked in vain.
    #[must_use]
    pub fn concerns(&self, entry: &Entry) -> bool {
        self.is_by(entry.key) || self.is_in(&entry.reads)
    }

    /// Whether the rule of `segment` itself is among it.
    #[must_use]
    pub fn is_by(&self, segment: Uuid) -> bool {
        match self {
            Self::Everything => true,
            Self::These { rules, .. } => rules.contains(&segment),
        }
    }

    /// Whether a condition reads something of it, or names a segment of it.
    #[must_use]
    pub fn is_in(&self, reads: &Reads) -> bool {
        match self {
            Self::Everything => true,
            Self::These { names, segments, .. } => {
                names.iter().any(|name| reads.has(name)) || !segments.is_disjoint(&reads.names)
            }
        }
    }
}

/// The column in which a field of a customer is stored, or the table. Columns that are made of it begin with its name.
fn place_of(field: &'static str) -> &'static str {
    match field {
        "givenName" => "given_name",
        "familyName" => "family_name",
        "legalName" => "legal_name",
        "telephoneE164" => "telephone_e164",
        "birthDate" => "birth_date",
        "emailOptIn" => "email_opt_in",
        "smsOptIn" => "sms_opt_in",
        "communicationPreferences" => "communication_channels",
        "preferredLanguage" => "preferred_language",
        "customFields" => "custom_fields",
        "externalId" => "external_id",
        "customerSince" => "customer_since",
        "addresses" => "address",
        "contacts" => "contact_point",
        "consents" => "consent",
        // In one word: the column is called the same.
        field => field,
    }
}

#[cfg(test)]
mod tests {
    use entity::{address, consent, contact_point};
    use sea_orm::EntityName;

    use super::*;

    fn words(words: &[&str]) -> Reads {
        Reads { words: words.iter().map(|word| (*word).to_owned()).collect(), names: BTreeSet::new() }
    }

    #[test]
    fn a_condition_is_concerned_by_what_it_reads() {
        let spent = words(&["customer", "total_spent"]);
        let cases = [
            (Changed::from(&["total_spent"][..]), true),
            (Changed::from(&["tags", "total_spent"][..]), true),
            (Changed::from(&["total_orders", "orders"][..]), false),
            (Changed::default(), false),
            (Changed::Everything, true),
            (Changed::from(&["tags"][..]).and(Changed::Everything), true),
            (Changed::from(&["spent"][..]), false),
        ];
        for (changed, expected) in cases {
            assert_eq!(changed.is_in(&spent), expected, "{changed:?}");
        }
    }

    #[test]
    fn what_hangs_on_a_customer_is_told_by_its_table() {
        let tables = [
            ("addresses", address::Entity.table_name()),
            ("contacts", contact_point::Entity.table_name()),
            ("consents", consent::Entity.table_name()),
        ];
        for (field, table) in tables {
            let changed = Changed::by_edit(&[field]);
            assert!(changed.is_in(&words(&[table])), "{field}");
            assert!(!changed.is_in(&words(&["total_spent"])), "{field}");
        }
    }

    #[test]
    fn whoever_moves_concerns_those_who_name_the_segment() {
        let (vip, press) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let changed = Changed::from(&["tags"][..]).and(Changed::from(vip));
        let naming = |segment| Reads { words: BTreeSet::new(), names: BTreeSet::from([segment]) };

        assert!(changed.is_in(&naming(vip)));
        assert!(!changed.is_in(&naming(press)));
    }
}
