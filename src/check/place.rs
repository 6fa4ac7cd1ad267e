//! Countries, by the codes and the names that people write.

use super::{Check, last};
use crate::fold;

/// Names in use that ISO 3166-1 has not, folded, with their codes.
const OTHER_NAMES: [(&str, &str); 16] = [
    ("bolivia", "BO"),
    ("czech republic", "CZ"),
    ("great britain", "GB"),
    ("holland", "NL"),
    ("iran", "IR"),
    ("netherlands", "NL"),
    ("russia", "RU"),
    ("south korea", "KR"),
    ("taiwan", "TW"),
    ("turkey", "TR"),
    ("uk", "GB"),
    ("united kingdom", "GB"),
    ("united states", "US"),
    ("usa", "US"),
    ("venezuela", "VE"),
    ("vietnam", "VN"),
];

impl Check {
    /// The ISO 3166-1 alpha-2 code of a country, which may be written as a code of two or three letters, or by a name:
    /// see [`country_code`].
    pub fn country(&mut self, path: &str, text: &str) -> Option<String> {
        let code = country_code(text);
        let expected = "expected a country by its ISO 3166-1 code or its name, such as BR";
        let code = code.ok_or_else(|| format!("{}: {expected}", last(path)));
        self.value(path, code).map(str::to_owned)
    }
}

/// The ISO 3166-1 alpha-2 code of a country, if it is recognised. Names are matched without regard to case and accents;
/// codes of two and three letters are recognised too.
#[must_use]
pub fn country_code(name: &str) -> Option<&'static str> {
    let folded = fold::text(name);
    let upper = folded.to_uppercase();
    let other = OTHER_NAMES.iter().find(|(known, _)| *known == folded).map(|(_, code)| *code);
    other
        .or_else(|| rust_iso3166::from_alpha2(&upper).map(|country| country.alpha2))
        .or_else(|| rust_iso3166::from_alpha3(&upper).map(|country| country.alpha2))
        .or_else(|| {
            let named = |country: &&rust_iso3166::CountryCode| fold::text(country.name) == folded;
            rust_iso3166::ALL.iter().find(named).map(|country| country.alpha2)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_name_and_code() {
        let cases = [
            ("Germany", Some("DE")),
            ("méxico", Some("MX")),
            ("UK", Some("GB")),
            ("United Kingdom", Some("GB")),
            ("USA", Some("US")),
            ("Venezuela", Some("VE")),
            ("Czech Republic", Some("CZ")),
            ("Netherlands", Some("NL")),
            ("fr", Some("FR")),
            (" BRA ", Some("BR")),
            ("Atlantis", None),
            ("XX", None),
            ("", None),
        ];

        for (name, expected) in cases {
            let mut check = Check::default();
            assert_eq!(check.country("input.addressCountry", name).as_deref(), expected, "{name}");
            assert_eq!(check.done().is_ok(), expected.is_some(), "{name}");
        }
    }
}
