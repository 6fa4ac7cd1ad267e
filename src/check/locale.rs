//! How somebody is spoken to: languages and time zones.

use chrono_tz::Tz;
use oxilangtag::LanguageTag;

use super::Check;

/// The longest language tag, in bytes: more than any in use.
const LONGEST_LANGUAGE: usize = 100;

impl Check {
    /// A language tag that is well-formed by BCP 47 (RFC 5646, section 2.1), in its usual case: `pt-BR`.
    pub fn language(&mut self, path: &str, text: &str) -> Option<String> {
        let tag = Some(text.trim()).filter(|text| text.len() <= LONGEST_LANGUAGE);
        let tag = tag.and_then(|text| LanguageTag::parse_and_normalize(text).ok());
        let expected = "expected a language tag by BCP 47, such as pt-BR";
        let tag = tag.ok_or_else(|| format!("{}: {expected}", super::last(path)));
        self.value(path, tag).map(LanguageTag::into_inner)
    }

    /// The name of a time zone in the database of IANA, such as `America/Sao_Paulo`.
    pub fn timezone(&mut self, path: &str, text: &str) -> Option<String> {
        let zone = text.trim().parse::<Tz>();
        let expected = "expected a time zone by its IANA name, such as America/Sao_Paulo";
        let zone = zone.map_err(|_| format!("{}: {expected}", super::last(path)));
        self.value(path, zone).map(|zone| zone.name().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_well_formed_and_normalised() {
        let cases = [
            ("en", Some("en")),
            (" PT-br ", Some("pt-BR")),
            ("zh-hant-tw", Some("zh-Hant-TW")),
            ("en_US", None),
            ("e", None),
            ("", None),
        ];

        for (text, expected) in cases {
            let mut check = Check::default();
            assert_eq!(check.language("input.preferredLanguage", text).as_deref(), expected, "{text:?}");
            assert_eq!(check.done().is_ok(), expected.is_some(), "{text:?}");
        }
        let longest = format!("x-{}", ["a"; 49].join("-"));
        assert_eq!((longest.len(), Check::default().language("l", &longest).is_some()), (99, true));
        assert_eq!(Check::default().language("l", &format!("{longest}-a")), None);
    }

    #[test]
    fn time_zones_have_the_names_of_iana() {
        let cases = [
            ("Europe/Berlin", Some("Europe/Berlin")),
            ("UTC", Some("UTC")),
            ("Europe/berlin", None),
            ("+02:00", None),
            ("", None),
        ];

        for (text, expected) in cases {
            let mut check = Check::default();
            assert_eq!(check.timezone("input.timezone", text).as_deref(), expected, "{text:?}");
            assert_eq!(check.done().is_ok(), expected.is_some(), "{text:?}");
        }
    }
}
