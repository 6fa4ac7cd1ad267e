//! Countries by the names that files have.

use crate::check::{country_code, e164};

/// The ISO 3166-1 alpha-2 code of a country, or the text as written where it is not recognised: see [`country_code`].
pub fn code(name: &str) -> String {
    country_code(name).unwrap_or(name).to_owned()
}

/// A telephone number by E.164, as it is dialled in a country of that name: see [`e164`].
pub fn telephone(number: Option<&str>, country: Option<&str>) -> Option<String> {
    e164(number?, country.and_then(country_code))
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_no_country_stays_as_written() {
        assert_eq!(super::code("Brazil"), "BR");
        assert_eq!(super::code("Atlantis"), "Atlantis");
    }
}
