//! What a message says: a template, filled in with what is known of the customer.

use anyhow::Context;
use entity::{
    communication::CommunicationChannel,
    customer::{self, CustomerKind},
    term::Term,
};
use serde_json::{Value, json};

use super::Automatic;
use crate::post::{Part, Templates};

/// The template of messages that have a text of their own.
pub const OWN_TEXT: &str = "message";

/// The templates of the pages on which customers unsubscribe: one that asks, one that says that it is done.
pub const PAGES: [&str; 2] = ["unsubscribe", "unsubscribed"];

/// What the pages are filled in with.
#[must_use]
pub fn page_facts(channel: CommunicationChannel) -> Value {
    json!({ "channel": channel.description().name, "unsubscribe": null })
}

/// What is known of a message before it is written, the customer aside.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// How it travels.
    pub channel: CommunicationChannel,
    /// What it is written from.
    pub template: &'a str,
    /// Its own subject, where it has one.
    pub subject: Option<&'a str>,
    /// Its own text, where it has one.
    pub body: Option<&'a str>,
    /// The tier that it tells of: name, program, discount and benefits. Null if it tells of none.
    pub tier: Value,
    /// The link by which the customer gets no more of the kind, where they can choose.
    pub unsubscribe: Option<String>,
}

/// A message as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// The language it is in.
    pub language: String,
    /// The subject. None where the channel has none.
    pub subject: Option<String>,
    /// The text.
    pub text: String,
    /// The text as HTML. None where the channel or the template has none.
    pub html: Option<String>,
}

/// The part of a template that messages of a channel cannot do without.
#[must_use]
pub fn main_part(channel: CommunicationChannel) -> Part {
    match channel {
        CommunicationChannel::Email => Part::Text,
        CommunicationChannel::Sms => Part::Sms,
    }
}

/// Writes a message to a customer, in the language that they prefer if there is a template in it.
///
/// # Errors
/// When there is no such template, or it asks for something that is not known.
pub fn write(templates: &Templates, draft: &Draft<'_>, customer: &customer::Model) -> anyhow::Result<Writing> {
    let main = main_part(draft.channel);
    let language = templates.language(draft.template, main, customer.preferred_language.as_deref());
    let language = language.with_context(|| format!("there is no template {:?} for the channel", draft.template))?;
    let facts = facts(draft, customer);
    let part = |part| templates.render(language, draft.template, part, &facts);
    let text = part(main)?.context("the template has no text")?;
    let (subject, html) = match draft.channel {
        CommunicationChannel::Email => (part(Part::Subject)?, part(Part::Html)?),
        CommunicationChannel::Sms => (None, None),
    };
    Ok(Writing { language: language.to_owned(), subject, text, html })
}

fn facts(draft: &Draft<'_>, customer: &customer::Model) -> Value {
    json!({
        "customer": {
            "name": customer.name,
            "givenName": customer.given_name,
            "familyName": customer.family_name,
            "isOrganization": customer.kind == CustomerKind::Organization,
        },
        "channel": draft.channel.description().name,
        "tier": draft.tier,
        "subject": draft.subject,
        "body": draft.body,
        "unsubscribe": draft.unsubscribe,
    })
}

/// Fills in every template that messages and pages are written from, so that a fault shows when the server starts, not
/// when it sends. A template may rely on all facts but those about a tier: only the upgrade is about one.
///
/// # Errors
/// When one asks for something that no message has; its file is named.
pub fn check(templates: &Templates) -> anyhow::Result<()> {
    let tier = json!({ "name": "Gold", "program": "Rewards", "discountPercent": 10, "benefits": ["Free shipping"] });
    let epoch = entity::ChronoUnixTimestampMillis(chrono::DateTime::UNIX_EPOCH);
    let id = uuid::Uuid::nil();
    let customer = customer::Model::new(id, CustomerKind::Person, "Jane".to_owned(), epoch, epoch);
    for channel in [CommunicationChannel::Email, CommunicationChannel::Sms] {
        for template in templates.names(main_part(channel)) {
            for language in templates.languages() {
                let draft = Draft {
                    channel,
                    template,
                    subject: Some("Subject"),
                    body: Some("Text"),
                    tier: if template == Automatic::Upgrade.template() { tier.clone() } else { Value::Null },
                    unsubscribe: Some("https://shop.example/unsubscribe".to_owned()),
                };
                let customer = customer::Model { preferred_language: Some(language.to_owned()), ..customer.clone() };
                write(templates, &draft, &customer)?;
            }
        }
    }
    for page in PAGES {
        for language in templates.languages() {
            templates.render(language, page, Part::Html, &page_facts(CommunicationChannel::Email))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn customer(name: &str, language: Option<&str>) -> customer::Model {
        let now = entity::ChronoUnixTimestampMillis(crate::given::now());
        let customer = customer::Model::new(Clock::System.key(), CustomerKind::Person, name.to_owned(), now, now);
        customer::Model { preferred_language: language.map(str::to_owned), ..customer }
    }

    fn draft(template: &str) -> Draft<'_> {
        Draft {
            channel: CommunicationChannel::Email,
            template,
            subject: None,
            body: None,
            tier: json!({ "name": "Gold", "program": "Rewards", "discountPercent": 10, "benefits": ["A & B", "C"] }),
            unsubscribe: None,
        }
    }

    #[test]
    fn the_templates_of_the_program_have_all_they_ask_for() -> anyhow::Result<()> {
        check(&Templates::load(None)?)
    }

    #[test]
    fn only_the_upgrade_may_ask_for_a_tier() -> anyhow::Result<()> {
        for (name, is_right) in [("upgrade", true), ("news", false), ("welcome", false)] {
            let directory = tempfile::tempdir()?;
            std::fs::create_dir(directory.path().join("en"))?;
            std::fs::write(directory.path().join(format!("en/{name}.sms")), "Hello, {{ tier.name }}!")?;

            let checked = check(&Templates::load(Some(directory.path()))?);

            assert_eq!(checked.is_ok(), is_right, "{name}: {checked:?}");
        }
        Ok(())
    }

    #[test]
    fn a_welcome_that_advertises_says_how_to_get_no_more() -> anyhow::Result<()> {
        let templates = Templates::load(None)?;
        for (language, channel) in [("en", CommunicationChannel::Email), ("de", CommunicationChannel::Sms)] {
            let link = Some("https://shop.example/unsubscribe/x".to_owned());
            let draft = Draft { channel, unsubscribe: link, ..draft("welcome") };

            let writing = write(&templates, &draft, &customer("Jane", Some(language)))?;
            let plain = write(&templates, &Draft { unsubscribe: None, ..draft }, &customer("Jane", Some(language)))?;

            assert!(writing.text.contains(": https://shop.example/unsubscribe/x"), "{}", writing.text);
            assert!(!plain.text.contains(": http"), "{}", plain.text);
        }
        Ok(())
    }

    #[test]
    fn an_upgrade_tells_of_the_tier_in_the_language_of_the_customer() -> anyhow::Result<()> {
        let templates = Templates::load(None)?;

        let english = write(&templates, &draft("upgrade"), &customer("<i>Jane</i>", Some("fr")))?;
        let german = write(&templates, &draft("upgrade"), &customer("Jane", Some("de-AT")))?;

        assert_eq!(english.subject.as_deref(), Some("Congratulations, you are Gold now"));
        assert_eq!(
            english.text,
            "Hello <i>Jane</i>,\n\ncongratulations! You have reached Gold in Rewards.\n\nFrom now on you get 10 % off.\n\n\
             It also gives you:\n- A & B\n- C\n\nThank you for your loyalty."
        );
        let html = english.html.expect("HTML");
        assert!(html.contains("<p>Hello &lt;i&gt;Jane&lt;&#x2f;i&gt;,</p>"), "{html}");
        assert!(html.contains("<li>A &amp; B</li>") && !html.contains("<i>"), "{html}");
        assert_eq!((english.language.as_str(), german.language.as_str()), ("en", "de"));
        assert_eq!(german.subject.as_deref(), Some("Herzlichen Glückwunsch, Sie sind jetzt Gold"));
        Ok(())
    }

    #[test]
    fn a_text_of_its_own_is_shown_as_it_is() -> anyhow::Result<()> {
        let templates = Templates::load(None)?;
        let link = Some("https://shop.example/unsubscribe/x".to_owned());
        let draft = Draft {
            subject: Some("{{ 1 }} & more"),
            body: Some("One <b>\n\nTwo {{ name }}"),
            unsubscribe: link,
            ..draft(OWN_TEXT)
        };

        let mail = write(&templates, &draft, &customer("Jane", None))?;
        let sms = write(&templates, &Draft { channel: CommunicationChannel::Sms, ..draft }, &customer("Jane", None))?;

        assert_eq!(mail.subject.as_deref(), Some("{{ 1 }} & more"));
        let expected = "One <b>\n\nTwo {{ name }}\n\nNo more of these: https://shop.example/unsubscribe/x\n";
        assert_eq!(mail.text.trim_end(), expected.trim_end());
        let html = mail.html.expect("HTML");
        assert!(html.contains(">One &lt;b&gt;</p>") && html.contains(">Two {{ name }}</p>"), "{html}");
        assert_eq!((sms.subject, sms.html), (None, None));
        assert!(sms.text.ends_with("No more of these: https://shop.example/unsubscribe/x"), "{}", sms.text);
        Ok(())
    }
}
