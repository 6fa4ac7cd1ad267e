//! What a transaction changed of its customers, as far as the rules of segments may read it.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::filter::{Entry, reads};

/// What may be different now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These alone.
    These {
        /// Columns of customers, and tables that hang on them.
        names: BTreeSet<&'static str>,
        /// Segments that they entered or left.
        segments: BTreeSet<Uuid>,
    },
    /// Anything.
    Everything,
}

impl Default for Changed {
    fn default() -> Self {
        Self::These { names: BTreeSet::new(), segments: BTreeSet::new() }
    }
}

impl From<&[&'static str]> for Changed {
    fn from(names: &[&'static str]) -> Self {
        Self::These { names: names.iter().copied().collect(), segments: BTreeSet::new() }
    }
}

impl From<Uuid> for Changed {
    fn from(segment: Uuid) -> Self {
        Self::These { names: BTreeSet::new(), segments: BTreeSet::from([segment]) }
    }
}

impl Changed {
    /// What is changed by writing events to the log, and messages.
    #[must_use]
    pub fn by_telling(has_events: bool, has_messages: bool) -> Self {
        let tables = [("event", has_events), ("communication", has_messages)];
        let names = tables.into_iter().filter(|(_, is_written)| *is_written).map(|(name, _)| name).collect();
        Self::These { names, segments: BTreeSet::new() }
    }

    /// This, and that too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::These { mut names, mut segments }, Self::These { names: others, segments: other_segments }) => {
                names.extend(others);
                segments.extend(other_segments);
                Self::These { names, segments }
            }
            _ => Self::Everything,
        }
    }

    /// Whether a rule reads something of it, or names a segment of it.
    ///
    /// What a rule reads is taken from its own SQL, so that there is no second list of it to keep. A column of another
    /// table that has the same name counts too: the rule is then asked in vain.
    #[must_use]
    pub fn concerns(&self, entry: &Entry) -> bool {
        self.is_read_in(&entry.reads) || self.is_of(&entry.names)
    }

    /// Whether one of `words`, those of a condition, reads something of it.
    #[must_use]
    pub fn is_read_in(&self, words: &BTreeSet<String>) -> bool {
        match self {
            Self::Everything => true,
            Self::These { names, .. } => names.iter().any(|name| reads(words, name)),
        }
    }

    /// Whether one of `named`, the segments that a condition names, is among what was entered or left.
    #[must_use]
    pub fn is_of(&self, named: &BTreeSet<Uuid>) -> bool {
        match self {
            Self::Everything => true,
            Self::These { segments, .. } => !segments.is_disjoint(named),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_concerned_by_what_it_reads() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
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
            assert_eq!(changed.is_read_in(&spent), expected, "{changed:?}");
        }
    }

    #[test]
    fn whoever_moves_concerns_those_who_name_the_segment() {
        let (vip, press) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let changed = Changed::from(&["tags"][..]).and(Changed::from(vip));

        assert!(changed.is_of(&BTreeSet::from([vip])));
        assert!(!changed.is_of(&BTreeSet::from([press])));
    }
}
