//! Where seeded customers live, and how people and streets are called there.

use fake::{
    Fake,
    faker::{
        address::raw::StreetName,
        company::raw::CompanyName,
        name::raw::{FirstName, LastName},
    },
    locales::{DE_DE, Data, EN, FR_FR, IT_IT, JA_JP, PT_BR},
};
use rand::rngs::ChaCha8Rng;

use super::chance::Chance;

/// A country to sell to.
#[derive(Debug)]
pub struct Market {
    /// ISO 3166-1 alpha-2 code.
    pub country: &'static str,
    /// Languages in use, as BCP 47 tags.
    pub languages: &'static [&'static str],
    /// IANA time zone name.
    pub timezone: &'static str,
    /// What a town's postal code begins with; `#` stands for a digit. Then the town and its region.
    pub towns: &'static [(&'static str, &'static str, Option<&'static str>)],
    /// A telephone number; `#` stands for a digit.
    pub telephone: &'static str,
    /// Whether its telephone numbers are valid ones, and not reserved for stories.
    has_e164: bool,
    names: fn(&mut ChaCha8Rng) -> Names,
}

/// Names drawn together.
#[derive(Clone, Debug)]
pub struct Names {
    /// Of a person.
    pub given: String,
    /// Of a person.
    pub family: String,
    /// Of an organization.
    pub company: String,
    /// Of a street.
    pub street: String,
}

/// Domains for e-mail that lead nowhere (RFC 2606).
pub const DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

/// What a `#` may stand for.
const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// All markets.
pub const MARKETS: [Market; 7] = [
    Market {
        country: "US",
        languages: &["en-US", "es-US"],
        timezone: "America/New_York",
        towns: &[("100##", "New York", Some("NY")), ("606##", "Chicago", Some("IL")), ("787##", "Austin", Some("TX"))],
        telephone: "+1 555 01# ####",
        has_e164: false,
        names: |generator| draw(EN, generator),
    },
    Market {
        country: "GB",
        languages: &["en-GB"],
        timezone: "Europe/London",
        towns: &[("EC# #AA", "London", None), ("LS# #AB", "Leeds", Some("West Yorkshire"))],
        telephone: "+44 20 7946 0###",
        has_e164: true,
        names: |generator| draw(EN, generator),
    },
    Market {
        country: "FR",
        languages: &["fr-FR"],
        timezone: "Europe/Paris",
        towns: &[("750##", "Paris", None), ("691##", "Lyon", None), ("340##", "Orléans", None)],
        telephone: "+33 1 99 00 ## ##",
        has_e164: true,
        names: |generator| draw(FR_FR, generator),
    },
    Market {
        country: "DE",
        languages: &["de-DE"],
        timezone: "Europe/Berlin",
        towns: &[("101##", "Berlin", None), ("803##", "München", Some("Bayern")), ("506##", "Köln", None)],
        telephone: "+49 30 23125 ###",
        has_e164: true,
        names: |generator| draw(DE_DE, generator),
    },
    Market {
        country: "IT",
        languages: &["it-IT"],
        timezone: "Europe/Rome",
        towns: &[("001##", "Roma", Some("RM")), ("201##", "Milano", Some("MI"))],
        telephone: "+39 06 555 ####",
        has_e164: true,
        names: |generator| draw(IT_IT, generator),
    },
    Market {
        country: "BR",
        languages: &["pt-BR"],
        timezone: "America/Sao_Paulo",
        towns: &[("01###-0##", "São Paulo", Some("SP")), ("200##-0##", "Rio de Janeiro", Some("RJ"))],
        telephone: "+55 11 5555 ####",
        has_e164: true,
        names: |generator| draw(PT_BR, generator),
    },
    Market {
        country: "JP",
        languages: &["ja-JP", "en"],
        timezone: "Asia/Tokyo",
        towns: &[("100-0###", "千代田区", Some("東京都")), ("530-0###", "大阪市", Some("大阪府"))],
        telephone: "+81 3 5555 ####",
        has_e164: true,
        names: |generator| draw(JA_JP, generator),
    },
];

impl Market {
    /// Names of this market.
    pub fn names(&self, chance: &mut Chance) -> Names {
        (self.names)(chance.generator())
    }

    /// A telephone number of this market by E.164: what [`crate::check::e164`] gives, which compiles regular
    /// expressions for each country and keeps few of them, so that it would take longer than all else.
    pub fn e164(&self, telephone: &str) -> Option<String> {
        self.has_e164.then(|| telephone.replace(' ', ""))
    }
}

/// `pattern` with a digit for each `#`.
pub fn digits(pattern: &str, chance: &mut Chance) -> String {
    let digit = |letter| {
        if letter == '#' { chance.one(&DIGITS) } else { letter }
    };
    pattern.chars().map(digit).collect()
}

fn draw(locale: impl Data + Copy, generator: &mut ChaCha8Rng) -> Names {
    Names {
        given: FirstName(locale).fake_with_rng(generator),
        family: LastName(locale).fake_with_rng(generator),
        company: CompanyName(locale).fake_with_rng(generator),
        street: StreetName(locale).fake_with_rng(generator),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::check;

    #[test]
    fn telephone_numbers_are_known_by_what_is_checked_of_clients() {
        let mut chance = Chance::new(7, DateTime::UNIX_EPOCH);
        for market in MARKETS {
            for _ in 0..20 {
                let telephone = digits(market.telephone, &mut chance);
                assert_eq!(market.e164(&telephone), check::e164(&telephone, None), "{telephone}");
            }
        }
    }
}
