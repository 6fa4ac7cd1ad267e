//! The links by which customers get no more marketing: signed, so that nobody can make them for another.

use anyhow::Context;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entity::communication::CommunicationChannel;
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{ConnectionTrait, EntityTrait};
use sha2::Sha256;
use uuid::Uuid;

use crate::semantics::Base;

/// How many bytes of the signature a link has: 128 bits cannot be guessed.
const SIGNATURE: usize = 16;

/// What links are signed with.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    /// That of the store.
    ///
    /// # Errors
    /// When the database fails, or the store is not set up.
    pub async fn of_store(db: &impl ConnectionTrait) -> anyhow::Result<Self> {
        let store = entity::store::Entity::find().one(db).await.context("could not read the settings of the store")?;
        let secret = store.and_then(|store| store.link_secret).context("the store has nothing to sign links with")?;
        let secret = BASE64_URL_SAFE_NO_PAD.decode(secret).context("what links are signed with is damaged")?;
        Self::new(&secret)
    }

    fn new(secret: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(Hmac::new_from_slice(secret).context("links cannot be signed with this")?))
    }

    /// The link by which a customer gets no more marketing by a channel.
    #[must_use]
    pub fn link(&self, base: &Base, customer: Uuid, channel: CommunicationChannel) -> String {
        let claim = claim(customer, channel);
        let signature = self.0.clone().chain_update(claim).finalize().into_bytes();
        let token = [&claim[..], &signature[..SIGNATURE]].concat();
        base.url(&format!("unsubscribe/{}", BASE64_URL_SAFE_NO_PAD.encode(token)))
    }

    /// Whom and what the last part of a link is about. None if it was not signed here.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<(Uuid, CommunicationChannel)> {
        let token = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (key, rest) = token.split_first_chunk::<16>()?;
        let (channel, signature) = rest.split_first()?;
        let channel = match channel {
            b'E' => CommunicationChannel::Email,
            b'S' => CommunicationChannel::Sms,
            _ => return None,
        };
        let customer = Uuid::from_bytes(*key);
        if signature.len() != SIGNATURE {
            return None;
        }
        self.0.clone().chain_update(claim(customer, channel)).verify_truncated_left(signature).ok()?;
        Some((customer, channel))
    }
}

/// What is signed: the key, and a letter for the channel.
fn claim(customer: Uuid, channel: CommunicationChannel) -> [u8; 17] {
    let mut claim = [0; 17];
    claim[..16].copy_from_slice(customer.as_bytes());
    claim[16] = match channel {
        CommunicationChannel::Email => b'E',
        CommunicationChannel::Sms => b'S',
    };
    claim
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_link_is_read_by_whoever_made_it_alone() -> anyhow::Result<()> {
        let (own, other) = (Signer::new(&[1; 32])?, Signer::new(&[2; 32])?);
        let base = Base::new("https://shop.example", &[]).map_err(anyhow::Error::msg)?;
        let (customer, channel) = (Clock::System.key(), CommunicationChannel::Sms);

        let link = own.link(&base, customer, channel);

        let token = link.strip_prefix("https://shop.example/unsubscribe/").expect("a link");
        assert_eq!(own.read(token), Some((customer, channel)));
        assert_eq!(other.read(token), None);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token)?;
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert_eq!(own.read(&BASE64_URL_SAFE_NO_PAD.encode(changed)), None, "{place}");
            assert_eq!(own.read(&BASE64_URL_SAFE_NO_PAD.encode(&bytes[..place])), None, "{place}");
        }
        assert_eq!(own.read("%"), None);
        Ok(())
    }

    #[test]
    fn the_signature_is_that_of_the_standard() -> anyhow::Result<()> {
        // printf '\0%.0s' {1..16} > claim; printf E >> claim; openssl dgst -sha256 -mac HMAC -macopt hexkey:01…01 claim
        let base = Base::new("https://shop.example", &[]).map_err(anyhow::Error::msg)?;
        let link = Signer::new(&[1; 32])?.link(&base, Uuid::nil(), CommunicationChannel::Email);
        let token = BASE64_URL_SAFE_NO_PAD.decode(link.rsplit_once('/').expect("a link").1)?;
        assert_eq!(token[17..], 0x527e_7651_1f8b_f3a2_729d_f9a7_0406_eacc_u128.to_be_bytes());
        Ok(())
    }
}
