//! What a client says of a field in an update: nothing, that it goes, or what it becomes.

use async_graphql::MaybeUndefined;

use super::{Check, last};
use crate::rejection::RejectionCode;

impl Check {
    /// Changes a field that may be empty: absent leaves it, null empties it, and a value becomes what `read` makes of
    /// it.
    pub fn change<T, V>(
        &mut self,
        path: &str,
        given: &MaybeUndefined<T>,
        field: &mut Option<V>,
        read: impl FnOnce(&mut Self, &str, &T) -> Option<V>,
    ) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => *field = None,
            MaybeUndefined::Value(value) => {
                if let Some(value) = read(self, path, value) {
                    *field = Some(value);
                }
            }
        }
    }

    /// Changes a field that is never empty: absent leaves it, null is wrong.
    pub fn replace<T: Clone>(&mut self, path: &str, given: &MaybeUndefined<T>, field: &mut T) {
        self.replace_by(path, given, field, |_, _, value| value.clone());
    }

    /// As [`Check::replace`], where a value becomes what `read` makes of it.
    pub fn replace_by<T, V>(
        &mut self,
        path: &str,
        given: &MaybeUndefined<T>,
        field: &mut V,
        read: impl FnOnce(&mut Self, &str, &T) -> V,
    ) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => {
                let message = format!("{}: expected a value, or nothing at all; it cannot be null", last(path));
                self.reject(RejectionCode::Required, path, message);
            }
            MaybeUndefined::Value(value) => *field = read(self, path, value),
        }
    }

    /// As [`Check::change`], for a text of at most `longest` characters.
    pub fn change_text(
        &mut self,
        path: &str,
        given: &MaybeUndefined<String>,
        field: &mut Option<String>,
        longest: usize,
    ) {
        self.change(path, given, field, |check, path, text| Some(check.text_within(path, text, longest)));
    }

    /// As [`Check::change`], for a telephone number as written and by E.164: see [`Check::telephone`].
    pub fn change_telephone(
        &mut self,
        path: &str,
        given: &MaybeUndefined<String>,
        (written, e164): (&mut Option<String>, &mut Option<String>),
        country: Option<&str>,
    ) {
        match given {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => (*written, *e164) = (None, None),
            MaybeUndefined::Value(text) => {
                if let Some(telephone) = self.telephone(path, text, country) {
                    (*written, *e164) = (Some(telephone.written), telephone.e164);
                }
            }
        }
    }
}
