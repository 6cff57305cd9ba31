//! Email over SMTP.

use std::time::Duration;

use lettre::{
    Message, SmtpTransport, Transport as _,
    message::{Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use serde::{Deserialize, Serialize};

use super::{Email, Hidden, Outcome, outward::Allowed, redact::redact, render::Rendering};
use crate::notice::{Notice, NoticeKind};

/// How long a server may take for one answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// The server that sends, as it is stored. Its password is apart and sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Empty: nobody signs in.
    pub user: String,
    /// `Vedette <vedette@example.com>`.
    pub from: String,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Not at all.
    None,
    /// Begins in the clear and must go over to TLS before anything is said.
    StartTls,
    /// TLS from the beginning.
    Tls,
}

/// A message as it will be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Writes the message of a notice.
///
/// # Errors
/// A sentence about the template that is wrong.
pub fn write(email: &Email, notice: &Notice) -> Result<Written, String> {
    let rendering = Rendering::of(notice, &Hidden::default());
    let subject = match email.subject.trim() {
        "" => notice.title.clone(),
        template => rendering.fill("subject", template).map_err(|error| error.to_string())?,
    };
    // A line feed would begin another header.
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = rendering.email_text().map_err(|error| error.to_string())?;
    let html = rendering.email_html().map_err(|error| error.to_string())?;
    Ok(Written { subject, text, html })
}

/// Reads an address such as `Operators <ops@example.com>`.
///
/// # Errors
/// A sentence with the address.
pub fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no email address"))
}

/// What emails are sent by.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    pub allowed: Allowed,
    /// Certificates that are trusted besides the machine's, PEM.
    pub trusted: Vec<u8>,
}

impl Sender {
    /// Sends a message once and says how it ended.
    pub async fn send(
        &self,
        server: &MailServer,
        password: &str,
        email: &Email,
        notice: &Notice,
    ) -> Outcome {
        let target = format!("{} via {}:{}", email.to.join(", "), server.host, server.port);
        let secrets = Hidden([("password".to_owned(), password.to_owned())].into());
        let outcome = self.try_send(server, password, email, notice, &target).await;
        let mut outcome = outcome.unwrap_or_else(|refused| refused);
        outcome.status = redact(&outcome.status, &secrets);
        outcome.answer = redact(&outcome.answer, &secrets);
        outcome
    }

    async fn try_send(
        &self,
        server: &MailServer,
        password: &str,
        email: &Email,
        notice: &Notice,
        target: &str,
    ) -> Result<Outcome, Outcome> {
        let message =
            message(server, email, notice).map_err(|error| Outcome::refused(target, error))?;
        let addresses =
            self.allowed.addresses(&server.host, server.port).await.map_err(|refused| Outcome {
                retry: refused.may_pass(),
                ..Outcome::refused(target, refused.to_string())
            })?;
        let transport = self
            .transport(server, password, addresses[0].ip())
            .map_err(|error| Outcome::refused(target, error))?;
        let sent = tokio::task::spawn_blocking(move || transport.send(&message)).await;
        let sent = sent.map_err(|error| Outcome::failed(target, error.to_string()))?;
        Ok(match sent {
            Ok(response) => Outcome {
                ok: true,
                target: target.to_owned(),
                status: response.code().to_string(),
                answer: response.message().collect::<Vec<_>>().join("\n"),
                ..Outcome::default()
            },
            Err(error) => {
                Outcome { retry: !error.is_permanent(), ..Outcome::refused(target, said(&error)) }
            }
        })
    }

    fn transport(
        &self,
        server: &MailServer,
        password: &str,
        address: std::net::IpAddr,
    ) -> Result<SmtpTransport, String> {
        let tls = match server.security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(self.tls(&server.host)?),
            Security::Tls => Tls::Wrapper(self.tls(&server.host)?),
        };
        // "Dangerous" as far as it connects where it is told and not by a name: that address is the one that was checked.
        let builder = SmtpTransport::builder_dangerous(address.to_string())
            .port(server.port)
            .timeout(Some(ANSWER_TIME))
            .tls(tls);
        Ok(match server.user.as_str() {
            "" => builder.build(),
            user => {
                builder.credentials(Credentials::new(user.to_owned(), password.to_owned())).build()
            }
        })
    }

    fn tls(&self, host: &str) -> Result<TlsParameters, String> {
        let mut builder = TlsParameters::builder(host.to_owned());
        if !self.trusted.is_empty() {
            let certificate = Certificate::from_pem(&self.trusted).map_err(|error| {
                format!("the certificates of notice-ca cannot be read: {error}")
            })?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(|error| format!("TLS cannot be set up: {error}"))
    }
}

/// What went wrong, with what the server said.
fn said(error: &lettre::transport::smtp::Error) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

fn message(server: &MailServer, email: &Email, notice: &Notice) -> Result<Message, String> {
    let written = write(email, notice)?;
    let mut builder = Message::builder().from(mailbox(&server.from)?).subject(written.subject);
    for to in &email.to {
        builder = builder.to(mailbox(to)?);
    }
    // What belongs together is shown together.
    let key = notice.key.replace(|one: char| !one.is_ascii_alphanumeric(), ".");
    let thread = format!("<{key}@vedette>");
    // The same at each attempt, so that a server that had taken it already knows it again.
    let domain = server.from.rsplit_once('@').map_or("vedette", |(_, domain)| domain);
    let id = format!("<{key}.{}@{}>", notice.at_ms, domain.trim_end_matches('>'));
    builder = builder.message_id(Some(id));
    if matches!(notice.kind, NoticeKind::Alarm | NoticeKind::Recovery) {
        builder = builder.references(thread);
    }
    let part = |kind, text| SinglePart::builder().header(kind).body(text);
    let both = MultiPart::alternative()
        .singlepart(part(ContentType::TEXT_PLAIN, written.text))
        .singlepart(part(ContentType::TEXT_HTML, written.html));
    builder.multipart(both).map_err(|error| format!("the message cannot be written: {error}"))
}
