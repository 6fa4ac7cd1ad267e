//! The keys by which text is matched and sorted alike on every database.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Text without case and accents, spaces collapsed: what names are sorted by and searches match.
///
/// Compatibility decomposition (Unicode Standard Annex 15), marks dropped, then lower case.
#[must_use]
pub fn text(text: &str) -> String {
    let plain: String = text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An e-mail address without case: two addresses with the same key are the same address.
#[must_use]
pub fn email(address: &str) -> String {
    address.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    #[test]
    fn case_accents_and_spaces_do_not_matter() {
        assert_eq!(super::text("  México  D.F. "), "mexico d.f.");
        assert_eq!(super::text("ÅRHUS"), super::text("århus"));
    }

    #[test]
    fn accents_of_an_address_matter() {
        assert_ne!(super::email("josé@example.org"), super::email("jose@example.org"));
        assert_eq!(super::email(" Jose@Example.org"), "jose@example.org");
    }
}
