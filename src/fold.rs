//! The keys by which text is matched and sorted alike on every database.
//!
//! Case is folded as Unicode matches without case (The Unicode Standard, section 3.13, compatibility caseless
//! matching), so that `STRASSE` is `Straße`, and a letter with its accent is the same in one piece and in two.
//! Keys have no spaces at their ends; what is looked for within a key keeps its own, since they tell a word
//! from a part of one.

use caseless::Caseless;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Text without case and accents, spaces collapsed: what names are sorted by and searches match.
#[must_use]
pub fn text(text: &str) -> String {
    text_part(text).trim().to_owned()
}

/// What is looked for in a key of [`text()`]. A space at an end means that a word begins or ends there.
#[must_use]
pub fn text_part(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let letters = caseless(text).nfkd().filter(|letter| !is_combining_mark(*letter)).collect::<String>();
    for letter in letters.chars() {
        let letter = if letter.is_whitespace() { ' ' } else { letter };
        if letter != ' ' || !folded.ends_with(' ') {
            folded.push(letter);
        }
    }
    folded
}

/// An e-mail address without case: two addresses with the same key are the same address.
#[must_use]
pub fn email(address: &str) -> String {
    email_part(address.trim())
}

/// What is looked for in a key of [`email()`].
#[must_use]
pub fn email_part(address: &str) -> String {
    caseless(address).nfkc().collect()
}

/// Definition D146 of the Unicode Standard, all but the last normalization.
fn caseless(text: &str) -> impl Iterator<Item = char> {
    text.nfd().default_case_fold().nfkd().default_case_fold()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_spaces_do_not_matter() {
        assert_eq!(text("  México  D.F. "), "mexico d.f.");
        let same = [
            ("ÅRHUS", "århus"),
            ("STRASSE", "Straße"),
            ("ΟΔΥΣΣΕΥΣ", "Οδυσσεύς"),
            ("e\u{301}", "É"),
            ("ﬁn", "FIN"),
            ("İ", "i"),
            ("\u{1E9E}", "ss"),
        ];

        for (one, other) in same {
            assert_eq!(text(one), text(other), "{one} {other}");
        }
    }

    #[test]
    fn case_and_composition_of_an_address_do_not_matter_but_its_accents_do() {
        assert_ne!(email("josé@example.org"), email("jose@example.org"));
        let same = [
            (" Jose@Example.org", "jose@example.org"),
            ("STRASSE@example.org", "straße@example.org"),
            ("ΝΙΚΟΣ@example.org", "Νικος@example.org"),
            ("jose\u{301}@example.org", "JOSÉ@example.org"),
        ];

        for (one, other) in same {
            assert_eq!(email(one), email(other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_looked_for_keeps_its_ends() {
        assert_eq!(text_part(" \u{a0}De "), " de ");
        assert_eq!(email_part("@Example.org "), "@example.org ");
    }

    #[test]
    fn keys_of_keys_are_themselves() {
        for letter in ('\0'..=char::MAX).filter(|letter| !letter.is_ascii()) {
            let word = format!("a{letter}b");
            let (folded, address) = (text(&word), email(&word));
            assert_eq!(text(&folded), folded, "{letter:?}");
            assert_eq!(email(&address), address, "{letter:?}");
        }
    }
}
