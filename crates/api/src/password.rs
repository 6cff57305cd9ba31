//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane).
//!
//! Both functions take some 20 ms of CPU: call them off the async threads.

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{Error, SaltString},
};

use crate::access_key::random;

/// The hash of a password with its salt and parameters, in PHC format.
pub fn hash(password: &str) -> String {
    let salt = SaltString::encode_b64(&random::<16>()).expect("16 bytes are a salt's length");
    // The crate's default is OWASP's recommendation; a test holds it to that.
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.expect("the parameters are valid and a password is shorter than 4 GiB").to_string()
}

/// Whether `password` is the one behind `stored`. A text that is no hash matches nothing.
pub fn verify(password: &str, stored: &str) -> bool {
    match PasswordHash::new(stored) {
        Ok(hash) => match Argon2::default().verify_password(password.as_bytes(), &hash) {
            Ok(()) => true,
            Err(Error::Password) => false,
            Err(error) => {
                tracing::error!(%error, "a stored password hash cannot be used");
                false
            }
        },
        Err(error) => {
            tracing::error!(%error, "a stored password hash cannot be read");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_matches_and_the_parameters_are_the_recommended_ones() {
        let stored = hash("correct horse");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse", &stored));
        assert!(!verify("correct horse ", &stored));
        assert!(!verify("correct horse", "no hash"));
    }
}
