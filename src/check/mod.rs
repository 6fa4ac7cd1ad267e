//! Checking what clients send: every field that is wrong is told of, not just the first.

mod change;
mod contact;
mod document;
mod handle;
mod instant;
mod locale;
mod money;
mod place;
mod unique;

pub use contact::{Telephone, e164};
pub use money::LARGEST_AMOUNT;
pub use place::country_code;

use crate::rejection::{Attempt, Refusal, Rejection, RejectionCode};

/// The longest text in a field that names no other limit, in characters.
pub const LONGEST_TEXT: usize = 500;

/// The longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 10_000;

/// What is wrong with an input, gathered.
#[derive(Clone, Debug, Default)]
pub struct Check {
    rejections: Vec<Rejection>,
}

impl Check {
    /// One more thing is wrong.
    pub fn add(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }

    /// The value at `path`, a dotted one, is wrong.
    pub fn reject(&mut self, code: RejectionCode, path: &str, message: impl Into<String>) {
        self.add(Rejection::new(code, path, message));
    }

    /// The value, or the reason why it is wrong, which begins with what was expected.
    pub fn value<T>(&mut self, path: &str, value: Result<T, impl Into<String>>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(message) => {
                self.reject(RejectionCode::Invalid, path, message);
                None
            }
        }
    }

    /// A text without spaces at its ends, which must not be empty and have at most [`LONGEST_TEXT`] characters.
    pub fn text(&mut self, path: &str, text: &str) -> String {
        self.text_within(path, text, LONGEST_TEXT)
    }

    /// As [`Check::text`], with at most `longest` characters.
    pub fn text_within(&mut self, path: &str, text: &str, longest: usize) -> String {
        let text = text.trim();
        let length = text.chars().count();
        if text.is_empty() {
            self.reject(RejectionCode::Required, path, format!("{}: expected a text, not an empty one", last(path)));
        } else if length > longest {
            let message = format!("{}: expected at most {longest} characters, not {length}", last(path));
            self.reject(RejectionCode::Invalid, path, message);
        } else if text.chars().any(is_control) {
            self.reject(
                RejectionCode::Invalid,
                path,
                format!("{}: expected a text without control characters", last(path)),
            );
        }
        text.to_owned()
    }

    /// As [`Check::text`], of a text that need not be given.
    pub fn optional_text(&mut self, path: &str, text: Option<&str>) -> Option<String> {
        self.optional_text_within(path, text, LONGEST_TEXT)
    }

    /// As [`Check::optional_text`], with at most `longest` characters.
    pub fn optional_text_within(&mut self, path: &str, text: Option<&str>, longest: usize) -> Option<String> {
        text.map(|text| self.text_within(path, text, longest))
    }

    /// Nothing was wrong.
    ///
    /// # Errors
    /// Everything that was.
    pub fn done(self) -> Attempt<()> {
        if self.rejections.is_empty() { Ok(()) } else { Err(Refusal::Rejected(self.rejections)) }
    }
}

/// Whether no text may have this letter: it is a control character, and no end of a line and no tab.
pub fn is_control(letter: char) -> bool {
    letter.is_control() && !"\n\r\t".contains(letter)
}

/// The last name of a dotted path, with the index that may follow it: how messages call a field.
fn last(path: &str) -> &str {
    let start = |path: &str| path.rfind('.').map_or(0, |point| point + 1);
    let end = start(path);
    if path[end..].bytes().all(|byte| byte.is_ascii_digit()) && end > 0 {
        &path[start(&path[..end - 1])..]
    } else {
        &path[end..]
    }
}
