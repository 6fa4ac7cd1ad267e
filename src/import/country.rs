//! Countries by the names that files have.

use crate::check::country_code;

/// The ISO 3166-1 alpha-2 code of a country, or the text as written where it is not recognised: see [`country_code`].
pub fn code(name: &str) -> String {
    country_code(name).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_no_country_stays_as_written() {
        assert_eq!(super::code("Brazil"), "BR");
        assert_eq!(super::code("Atlantis"), "Atlantis");
    }
}
