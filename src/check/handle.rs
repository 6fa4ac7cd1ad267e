//! Handles: stable names for programs.

use super::{Check, last};
use crate::{fold, rejection::RejectionCode};

/// The longest handle, in characters.
const LONGEST_HANDLE: usize = 100;

impl Check {
    /// A handle: lower case letters of ASCII, digits, and hyphens between them, such as `big-spenders`. One that is
    /// not given is made from `name`.
    pub fn handle(&mut self, path: &str, given: Option<&str>, name: &str) -> String {
        let field = last(path);
        let handle = given.map_or_else(|| slug(name), |given| given.trim().to_owned());
        if handle.is_empty() {
            let message = format!("{field}: expected one such as big-spenders, since none can be made from the name");
            self.reject(RejectionCode::Required, path, message);
        } else if handle.len() > LONGEST_HANDLE || slug(&handle) != handle {
            let message = format!(
                "{field}: expected at most {LONGEST_HANDLE} letters a to z, digits, and hyphens between them, such as \
                 big-spenders"
            );
            self.reject(RejectionCode::Invalid, path, message);
        }
        handle
    }
}

/// The handle that a name makes, at most as long as one may be; empty when it has no letter of ASCII and no digit.
fn slug(name: &str) -> String {
    let folded = fold::text(name);
    let words = folded.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.collect::<Vec<_>>().join("-");
    slug.truncate(LONGEST_HANDLE);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_made_from_names() {
        let cases = [
            ("Big Spenders", None, "big-spenders", true),
            ("  Café & Bar (2026) ", None, "cafe-bar-2026", true),
            ("常連", None, "", false),
            ("常連", Some("regulars"), "regulars", true),
            ("Regulars", Some("Regulars"), "Regulars", false),
            ("Regulars", Some("-x"), "-x", false),
            ("Regulars", Some("a--b"), "a--b", false),
            ("Regulars", Some(""), "", false),
        ];

        for (name, given, expected, is_right) in cases {
            let mut check = Check::default();
            assert_eq!(check.handle("input.handle", given, name), expected, "{name} {given:?}");
            assert_eq!(check.done().is_ok(), is_right, "{name} {given:?}");
        }
        let mut check = Check::default();
        assert_eq!(check.handle("input.handle", None, &"a b ".repeat(60)).len(), 99);
        assert!(check.done().is_ok());
    }
}
