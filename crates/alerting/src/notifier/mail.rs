//! The server that sends emails, account-wide.

use metadata_store::{Expected, Settings as _};
use serde::{Deserialize, Serialize};

use super::{Notifier, NotifierError};
use crate::actions::email::MailServer;

/// A mail server, with its password sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub server: MailServer,
    sealed: Vec<u8>,
}

impl Mail {
    /// Whether there is a password.
    pub fn has_password(&self) -> bool {
        !self.sealed.is_empty()
    }
}

fn setting(account: u32) -> String {
    format!("notice-mail/{account}")
}

impl Notifier {
    /// The account's mail server.
    ///
    /// # Errors
    /// When the store fails, or holds what cannot be read.
    pub async fn mail(&self, account: u32) -> Result<Option<Mail>, NotifierError> {
        let Some(stored) = self.store.setting(&setting(account)).await? else { return Ok(None) };
        let read = serde_json::from_slice(&stored.value);
        let unread = |source| NotifierError::Stored { what: "the mail server".to_owned(), source };
        read.map_err(unread)
    }

    /// Stores the account's mail server; without a password the one before is kept.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put_mail(
        &self,
        account: u32,
        server: Option<MailServer>,
        password: Option<&str>,
    ) -> Result<(), NotifierError> {
        let before = self.mail(account).await?.map(|mail| mail.sealed).unwrap_or_default();
        let mail = server.map(|server| {
            let sealed = match password {
                // Whoever signs in as nobody needs none.
                _ if server.user.is_empty() => Vec::new(),
                Some("") => Vec::new(),
                Some(password) => self.secrets.seal(password),
                None => before,
            };
            Mail { server, sealed }
        });
        let value = serde_json::to_vec(&mail).expect("texts and numbers are JSON");
        self.store.put_setting(&setting(account), &value, Expected::Anything).await?;
        Ok(())
    }

    /// The password of a mail server.
    ///
    /// # Errors
    /// When it does not open with this data directory's key.
    pub(super) fn mail_password(&self, mail: &Mail) -> Result<String, NotifierError> {
        if mail.sealed.is_empty() {
            return Ok(String::new());
        }
        self.secrets
            .open(&mail.sealed)
            .map_err(|why| NotifierError::Sealed { what: "the mail server".to_owned(), why })
    }
}
