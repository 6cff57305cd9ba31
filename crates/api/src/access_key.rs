//! Access keys: making them, what intake looks them up by, and how they are kept so that they can be shown again.

use api_types::AccessKey;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use metadata_store::MAX_NAME_CHARS;
use sha2::{Digest, Sha256};

/// First byte of a sealed key.
const FORMAT: u8 = 1;
const NONCE: usize = 24;
/// Ties a sealed text to its purpose.
const PURPOSE: &[u8] = b"vedette access key";
const PURPOSE_OF_NOTICES: &[u8] = b"vedette notices";

/// A new key, `vk_` and 43 characters that need no escaping anywhere.
pub fn generate() -> String {
    random_text("vk_")
}

/// 256 random bits behind a prefix that says what they are for: 43 characters that need no escaping anywhere.
pub(crate) fn random_text(prefix: &str) -> String {
    use base64::Engine as _;
    let random = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random::<32>());
    format!("{prefix}{random}")
}

/// The name of a key as it is kept: trimmed, so that people can read it and a list shows it on one line.
///
/// # Errors
/// What a name has to be, in a sentence.
pub fn sound_name(name: &str) -> Result<&str, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(format!("name has to have 1 to {MAX_NAME_CHARS} characters"));
    }
    if name.chars().any(char::is_control) {
        return Err("name has to be without control characters such as line breaks".to_owned());
    }
    Ok(name)
}

/// What a key is found by. Keys are random, so one round of a fast hash hides them.
pub fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Encrypts and decrypts access keys with the data directory's key.
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    purpose: &'static [u8],
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

/// A sealed key that this data directory's key does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("a stored access key has the unknown format {0:?}")]
    Format(Option<u8>),
    #[error("a stored access key does not open with this data directory's key file")]
    Key,
}

impl Sealer {
    /// Seals with 32 random bytes that are kept beside the data and nowhere else.
    pub fn new(key: [u8; 32]) -> Sealer {
        Sealer { cipher: XChaCha20Poly1305::new(&key.into()), purpose: PURPOSE }
    }

    /// The same for what notices are sent by: passwords and tokens. Neither opens what the other one sealed.
    pub fn of_notices(key: [u8; 32]) -> Sealer {
        Sealer { purpose: PURPOSE_OF_NOTICES, ..Sealer::new(key) }
    }

    /// The key, encrypted: format, nonce, ciphertext. Sealing twice gives two different texts.
    pub fn seal(&self, access_key: &str) -> Vec<u8> {
        let nonce = random::<NONCE>();
        let payload = Payload { msg: access_key.as_bytes(), aad: self.purpose };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.expect("a key is far shorter than the cipher's limit of 256 GiB");
        [&[FORMAT], &nonce[..], &sealed].concat()
    }

    /// The key that was sealed.
    ///
    /// # Errors
    /// When it was sealed by another key or damaged.
    pub fn open(&self, sealed: &[u8]) -> Result<String, OpenError> {
        let (&format, rest) = sealed.split_first().ok_or(OpenError::Format(None))?;
        if format != FORMAT {
            return Err(OpenError::Format(Some(format)));
        }
        let (nonce, text) = rest.split_at_checked(NONCE).ok_or(OpenError::Key)?;
        let payload = Payload { msg: text, aad: self.purpose };
        let opened = self.cipher.decrypt(XNonce::from_slice(nonce), payload);
        String::from_utf8(opened.map_err(|_| OpenError::Key)?).map_err(|_| OpenError::Key)
    }

    /// A stored key as administrators see it. One that does not open shows why instead of the key.
    pub(crate) fn shown(&self, stored: &metadata_store::AccessKey) -> AccessKey {
        let key = self.open(&stored.sealed).unwrap_or_else(|error| format!("({error})"));
        AccessKey {
            id: stored.id,
            name: stored.name.clone(),
            key,
            created_at: stored.created_ms,
            disabled: stored.disabled,
            last_used_at: stored.last_used_ms,
        }
    }
}

impl alerting::Secrets for Sealer {
    fn seal(&self, text: &str) -> Vec<u8> {
        Sealer::seal(self, text)
    }

    fn open(&self, sealed: &[u8]) -> Result<String, String> {
        Sealer::open(self, sealed).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_only_with_its_own_key_and_undamaged() {
        let sealer = Sealer::new([7; 32]);
        let sealed = sealer.seal("vk_abc");
        assert_eq!(sealer.open(&sealed).unwrap(), "vk_abc");
        assert!(!sealed.windows(3).any(|part| part == b"abc"));
        assert!(Sealer::new([8; 32]).open(&sealed).is_err());
        assert!(Sealer::of_notices([7; 32]).open(&sealed).is_err());
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(sealer.open(&damaged).is_err(), "byte {at}");
        }
        assert!(sealer.open(&sealed[..10]).is_err());
        assert!(sealer.open(&[]).is_err());
    }

    #[test]
    fn no_two_keys_and_no_two_sealings_are_alike() {
        assert_ne!(generate(), generate());
        let sealer = Sealer::new([7; 32]);
        assert_ne!(sealer.seal("k"), sealer.seal("k"));
    }
}
