//! Countries by the names that people write.

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

/// The ISO 3166-1 alpha-2 code of a country, or the text as written where it is not recognised. Names are
/// matched without regard to case and accents; codes of two and three letters are recognised too.
pub fn code(name: &str) -> String {
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
        .unwrap_or(name)
        .to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn countries_are_known_by_name_and_code() {
        let cases = [
            ("Germany", "DE"),
            ("méxico", "MX"),
            ("UK", "GB"),
            ("United Kingdom", "GB"),
            ("USA", "US"),
            ("Venezuela", "VE"),
            ("Czech Republic", "CZ"),
            ("Netherlands", "NL"),
            ("fr", "FR"),
            ("BRA", "BR"),
            ("Atlantis", "Atlantis"),
        ];

        for (name, expected) in cases {
            assert_eq!(super::code(name), expected, "{name}");
        }
    }
}
