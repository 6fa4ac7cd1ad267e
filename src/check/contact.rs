//! Where somebody is to be reached: e-mail addresses and telephone numbers.

use email_address::{EmailAddress, Options};
use phonenumber::Mode;

use super::{Check, last};
use crate::rejection::RejectionCode;

/// The longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3, less the brackets of a path).
const LONGEST_EMAIL: usize = 254;

/// The longest telephone number as written, in characters, an extension included.
const LONGEST_TELEPHONE: usize = 50;

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telephone {
    /// As written.
    pub written: String,
    /// By E.164. None unless it is a valid number whose country is known.
    pub e164: Option<String>,
}

impl Check {
    /// An e-mail address as written (RFC 5322, internationalized by RFC 6531), without a name and without a quoted
    /// domain: a mailbox of at most 64 bytes, and a domain that has a dot.
    pub fn email(&mut self, path: &str, text: &str) -> Option<String> {
        let text = self.filled(path, text)?;
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        let is_address = text.len() <= LONGEST_EMAIL && EmailAddress::parse_with_options(text, options).is_ok();
        if !is_address || text.chars().any(char::is_control) {
            let message = format!(
                "{}: expected an e-mail address such as jane@example.org, of at most {LONGEST_EMAIL} bytes",
                last(path)
            );
            self.reject(RejectionCode::Invalid, path, message);
            return None;
        }
        Some(text.to_owned())
    }

    /// A telephone number as written. One that begins with `+` must be valid; any other is read as dialled in
    /// `country`, an ISO 3166-1 alpha-2 code, and need only look like a number.
    pub fn telephone(&mut self, path: &str, text: &str, country: Option<&str>) -> Option<Telephone> {
        let text = self.filled(path, text)?;
        let e164 = e164(text, country);
        let looks_right = phonenumber::is_viable(text) && text.chars().count() <= LONGEST_TELEPHONE;
        if !looks_right || text.starts_with('+') && e164.is_none() {
            let message = format!(
                "{}: expected a telephone number of at most {LONGEST_TELEPHONE} characters, such as +49 30 2312550; \
                 after a + it begins with the code of a country and is valid there",
                last(path)
            );
            self.reject(RejectionCode::Invalid, path, message);
            return None;
        }
        Some(Telephone { written: text.to_owned(), e164 })
    }

    /// The text without spaces at its ends, unless it is empty.
    fn filled<'a>(&mut self, path: &str, text: &'a str) -> Option<&'a str> {
        let text = text.trim();
        if text.is_empty() {
            self.reject(RejectionCode::Required, path, format!("{}: expected a text, not an empty one", last(path)));
            return None;
        }
        Some(text)
    }
}

/// A telephone number by E.164, such as `+49302312550`, if it is a valid one. Without a `+` it is read as dialled in
/// `country`, an ISO 3166-1 alpha-2 code; without that its country is not known. Extensions are left out.
#[must_use]
pub fn e164(telephone: &str, country: Option<&str>) -> Option<String> {
    let country = country.filter(|_| !telephone.trim_start().starts_with('+')).and_then(|code| code.parse().ok());
    let number = phonenumber::parse(country, telephone).ok().filter(phonenumber::is_valid)?;
    Some(number.format().mode(Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_where_the_standards_say() {
        let domain = |length| format!("{}.{}.{}.org", "b".repeat(63), "c".repeat(63), "d".repeat(length));
        let cases = [
            ("jane@example.org".to_owned(), true),
            (" jane@example.org ".to_owned(), true),
            ("josé@exämple.org".to_owned(), true),
            (format!("{}@example.org", "a".repeat(64)), true),
            (format!("{}@example.org", "a".repeat(65)), false),
            // 59 + 1 + 194 bytes, and one more.
            (format!("{}@{}", "a".repeat(59), domain(62)), true),
            (format!("{}@{}", "a".repeat(60), domain(62)), false),
            ("jane@localhost".to_owned(), false),
            ("jane@[127.0.0.1]".to_owned(), false),
            ("Jane <jane@example.org>".to_owned(), false),
            ("jane.example.org".to_owned(), false),
            ("jane@@example.org".to_owned(), false),
            ("jane\u{0}@example.org".to_owned(), false),
            (String::new(), false),
        ];

        for (text, is_right) in cases {
            let mut check = Check::default();
            let email = check.email("input.email", &text);
            assert_eq!(email, is_right.then(|| text.trim().to_owned()), "{text:?}");
            assert_eq!(check.done().is_ok(), is_right, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_kept_as_written_beside_e164() {
        let cases = [
            ("+49 (0)30 2312550", None, Some(Some("+49302312550"))),
            ("+49 30 2312550", Some("US"), Some(Some("+49302312550"))),
            ("030 / 2312550", Some("DE"), Some(Some("+49302312550"))),
            ("030 / 2312550", None, Some(None)),
            ("06 555 1234", Some("IT"), Some(Some("+39065551234"))),
            ("(650) 253-0000 x123", Some("US"), Some(Some("+16502530000"))),
            ("030 / 2312550", Some("Atlantis"), Some(None)),
            ("(171) 555-7788", Some("GB"), Some(None)),
            ("+1 555 010 1234", None, None),
            ("+49", None, None),
            ("+999 12345678", None, None),
            ("call me", Some("DE"), None),
            ("1", Some("DE"), None),
            ("", Some("DE"), None),
        ];

        for (text, country, expected) in cases {
            let mut check = Check::default();
            let telephone = check.telephone("input.telephone", text, country);
            let expected =
                expected.map(|e164| Telephone { written: text.trim().to_owned(), e164: e164.map(str::to_owned) });
            assert_eq!(check.done().is_ok(), expected.is_some(), "{text:?}");
            assert_eq!(telephone, expected, "{text:?}");
        }
    }

    #[test]
    fn a_number_has_at_most_50_characters() {
        for (length, is_right) in [(50, true), (51, false)] {
            let mut check = Check::default();
            let text = format!("030{}1", " ".repeat(length - 4));

            check.telephone("input.telephone", &text, None);

            assert_eq!(check.done().is_ok(), is_right, "{length}");
        }
    }
}
