//! What the columns of files hold.

use crate::{
    check::{Check, LONGEST_TEXT, is_control},
    instant::Day,
};

/// What a column holds.
pub trait Value: Sized {
    /// Reads it, or says what is wrong.
    fn read(text: &str) -> Result<Self, String>;
}

/// Text that is there, without the spaces around it.
impl Value for String {
    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let length = text.chars().count();
        if text.is_empty() {
            Err("is empty".to_owned())
        } else if length > LONGEST_TEXT {
            Err(format!("has {length} characters, and at most {LONGEST_TEXT} are kept"))
        } else if text.chars().any(is_control) {
            Err("has a control character".to_owned())
        } else {
            Ok(text.to_owned())
        }
    }
}

/// An e-mail address.
#[derive(Clone, Debug)]
pub struct Email(pub String);

impl Value for Email {
    fn read(text: &str) -> Result<Self, String> {
        let address = Check::default().email("email", text);
        address.map(Self).ok_or_else(|| "is not an e-mail address such as jane@example.org".to_owned())
    }
}

impl Value for i32 {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("{text:?} is not a whole number"))
    }
}

impl Value for Day {
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("{text:?} is not a date such as 1998-05-06"))
    }
}

/// What may be missing.
impl<V: Value> Value for Option<V> {
    fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() { Ok(None) } else { V::read(text).map(Some) }
    }
}
