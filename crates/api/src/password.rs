//! Passwords: Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane).
//!
//! Both functions take some 20 ms of CPU: call them off the async threads.

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{Error, SaltString},
};

use crate::access_key::random;

/// Characters that a password has to have.
pub const MIN_CHARS: usize = 12;
/// More of a text than anybody types would only take time to hash.
const MAX_BYTES: usize = 1024;

/// Whether a password may be one of this user's.
///
/// # Errors
/// What it has to be, in a sentence.
pub fn sound(password: &str, user_name: &str) -> Result<(), String> {
    if password.chars().count() < MIN_CHARS || password.len() > MAX_BYTES {
        return Err(format!(
            "the password has to have at least {MIN_CHARS} characters, and at most {MAX_BYTES} bytes"
        ));
    }
    let (lower, name) = (password.to_lowercase(), user_name.to_lowercase());
    // What is left when the name is taken out has to be worth something by itself.
    let rest = if name.is_empty() { lower.clone() } else { lower.replace(&name, "") };
    let distinct = rest.chars().collect::<std::collections::BTreeSet<char>>().len();
    if rest.chars().count() < MIN_CHARS / 2 || distinct < 4 {
        return Err("the password must not be the user's name, nor one character again and again"
            .to_owned());
    }
    Ok(())
}

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
    fn a_password_is_long_and_not_the_name() {
        for (password, name) in [
            ("correct hors", "ada"),
            ("three wise otters", "ada"),
            ("ada and her otters", "ada"),
            ("péché mignon!", "ada"),
        ] {
            assert_eq!(sound(password, name), Ok(()), "{password}");
        }
        for (password, name) in [
            ("short", "ada"),
            ("eleven char", "ada"),
            ("administrator", "administrator"),
            ("Administrator1", "administrator"),
            ("adaadaadaada", "ada"),
            ("aaaaaaaaaaaaaa", "x"),
            (&"long enough ".repeat(100), "ada"),
        ] {
            assert!(sound(password, name).is_err(), "{password}");
        }
    }

    #[test]
    fn only_the_right_password_matches_and_the_parameters_are_the_recommended_ones() {
        let stored = hash("correct horse");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse", &stored));
        assert!(!verify("correct horse ", &stored));
        assert!(!verify("correct horse", "no hash"));
    }
}
