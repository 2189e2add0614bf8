//! What the tools and the tests do with a key, and the deployed function never does: write one as its
//! platform would, and sign with it.
//!
//! Of the private keys, only those of the samples are known here. No account has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::rsa::{self, KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::der::{public_key_info, rsa_numbers};
use super::{Kind, PublicKey, SigningKey, TextPart};
use crate::platform::{Algorithm, Auth, KeyText, PublicKeyAlgorithm};

/// A key pair for each algorithm: its numbers in hexadecimal. `tests/project/formulas.py` reads them too.
#[derive(Deserialize)]
struct Sample {
    /// Of an RSA key of 2048 bits, down to `coefficient`.
    modulus: Hex,
    exponent: Hex,
    p: Hex,
    q: Hex,
    exponent_p: Hex,
    exponent_q: Hex,
    coefficient: Hex,
    p256_scalar: Hex,
    p256_point: Hex,
    ed25519_seed: Hex,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Hex(Vec<u8>);

/// The public exponent 65537, as almost every key has it.
const PUBLIC_EXPONENT: [u8; 3] = [1, 0, 1];

impl SigningKey {
    /// How the platform would write a key of these characters: for keys that are made here. A public key
    /// cannot be made of characters: it is that of the samples, whatever the text.
    pub fn written(text: &str, auth: &Auth) -> String {
        let Auth::Signature(signature) = auth else { return text.to_owned() };
        let text = match (signature.algorithm, signature.key) {
            (Algorithm::PublicKey(algorithm), _) => Sample::read().public_key(algorithm),
            (_, KeyText::Usual | KeyText::Raw) => text.to_owned(),
            (_, KeyText::Hex) => hex::encode(text),
            (_, KeyText::Base64) => STANDARD.encode(text),
        };
        if signature.has_key_id() { format!("sample-id:{text}") } else { text }
    }

    /// Signs a text as the platform does. `None` if the platform alone has the private key.
    pub(crate) fn sign(&self, text: &[TextPart<'_>]) -> Option<Vec<u8>> {
        match &self.kind {
            Kind::Shared { readings, algorithm } => {
                Some(self.hmac(*algorithm, &readings[0], text).as_ref().to_vec())
            }
            Kind::Public(keys) => {
                let sample = Sample::read();
                let known = keys.iter().find(|key| {
                    let text = sample.public_key(key.algorithm);
                    PublicKey::of_pem(&text, key.algorithm).is_ok_and(|known| known == **key)
                })?;
                Some(sample.sign(known.algorithm, &self.whole(text)))
            }
        }
    }

    /// The key as a token.
    pub(crate) fn expose(&self) -> &[u8] {
        self.readings()[0].bytes.expose_secret()
    }
}

impl Sample {
    fn read() -> Self {
        serde_json::from_str(include_str!("sample.json")).expect("the file is right")
    }

    /// The public key in PEM.
    fn public_key(&self, algorithm: PublicKeyAlgorithm) -> String {
        let key = match algorithm {
            PublicKeyAlgorithm::RsaSha256 => rsa_numbers(&self.modulus.0, &PUBLIC_EXPONENT),
            PublicKeyAlgorithm::EcdsaP256 => self.p256_point.0.clone(),
            PublicKeyAlgorithm::Ed25519 => self.ed25519().public_key().as_ref().to_vec(),
        };
        let der = public_key_info(algorithm, &key);
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der))
    }

    fn sign(&self, algorithm: PublicKeyAlgorithm, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match algorithm {
            PublicKeyAlgorithm::RsaSha256 => {
                let pair = self.rsa();
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature);
                signed.expect("the signature has the length of the modulus");
                signature
            }
            PublicKeyAlgorithm::EcdsaP256 => {
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_ASN1_SIGNING,
                    &self.p256_scalar.0,
                    &self.p256_point.0,
                    &random,
                );
                let signed = pair.expect("the point is of this scalar").sign(&random, text);
                signed.expect("the machine gives random bytes").as_ref().to_vec()
            }
            PublicKeyAlgorithm::Ed25519 => self.ed25519().sign(text).as_ref().to_vec(),
        }
    }

    fn rsa(&self) -> rsa::KeyPair {
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: &self.modulus.0[..], e: &PUBLIC_EXPONENT[..] },
            d: &self.exponent.0[..],
            p: &self.p.0[..],
            q: &self.q.0[..],
            dP: &self.exponent_p.0[..],
            dQ: &self.exponent_q.0[..],
            qInv: &self.coefficient.0[..],
        };
        rsa::KeyPair::from_components(&components).expect("the numbers are of one key")
    }

    fn ed25519(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.ed25519_seed.0).expect("it has 32 bytes")
    }
}

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}
