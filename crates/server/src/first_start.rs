//! The first start: an administrator, an access key, and telling whoever started it what they are, once.

use std::io::Write;

use anyhow::Context as _;
use api::{
    access_key::{self, Sealer},
    password,
};
use daemon::{clock::UnixNanos, config::Settings, tls::TlsState};
use metadata_store::{
    AccessKeys as _, FIRST_ACCOUNT, MetadataStore, NewAccessKey, NewUser, Users as _,
};

use crate::data_dir::random;

pub(crate) const ADMIN: &str = "admin";

/// What was made at random and must be shown, since nobody else knows it.
#[derive(Debug, Default)]
pub(crate) struct Made {
    password: Option<String>,
    access_key: Option<String>,
}

/// Makes what is missing of administrator and access key.
pub(crate) async fn ensure(
    settings: &Settings,
    metadata: &MetadataStore,
    sealer: &Sealer,
    now: UnixNanos,
) -> anyhow::Result<Made> {
    let mut made = Made::default();
    if metadata.count_users().await? == 0 {
        let given = given_password(settings)?;
        let password = given.clone().unwrap_or_else(random_password);
        create_admin(metadata, &password).await?;
        made.password = given.is_none().then_some(password);
    }
    let keys = metadata.access_keys().await?;
    let given = settings.access_key.value.as_ref().map(|secret| secret.reveal().to_owned());
    let is_new = |key: &String| !keys.iter().any(|known| known.key_hash == access_key::hash(key));
    match given {
        Some(key) if is_new(&key) => create_key(metadata, sealer, "configured", &key, now).await?,
        None if keys.is_empty() => {
            let key = access_key::generate();
            create_key(metadata, sealer, "first", &key, now).await?;
            made.access_key = Some(key);
        }
        Some(_) | None => {}
    }
    Ok(made)
}

const MIN_PASSWORD_CHARS: usize = 8;

/// The configured password of the administrator, unless there is none.
///
/// # Errors
/// When it is too short.
pub(crate) fn given_password(settings: &Settings) -> anyhow::Result<Option<String>> {
    let Some(secret) = &settings.admin_password.value else { return Ok(None) };
    let password = secret.reveal();
    anyhow::ensure!(
        password.chars().count() >= MIN_PASSWORD_CHARS,
        "admin-password is refused: it has to have at least {MIN_PASSWORD_CHARS} characters"
    );
    Ok(Some(password.to_owned()))
}

async fn create_admin(metadata: &MetadataStore, password: &str) -> anyhow::Result<()> {
    let admin = NewUser {
        account_id: FIRST_ACCOUNT,
        user_name: ADMIN.to_owned(),
        display_name: "Administrator".to_owned(),
        email: String::new(),
        password_hash: password::hash(password),
    };
    metadata.create_user(&admin).await.context("making the administrator")?;
    Ok(())
}

/// Stores an access key under a name.
pub(crate) async fn create_key(
    metadata: &MetadataStore,
    sealer: &Sealer,
    name: &str,
    key: &str,
    now: UnixNanos,
) -> anyhow::Result<()> {
    let new = NewAccessKey {
        account_id: FIRST_ACCOUNT,
        name: name.to_owned(),
        key_hash: access_key::hash(key),
        sealed: sealer.seal(key),
        created_ms: i64::try_from(now.millis()).expect("the year is before 292 million"),
    };
    metadata.create_access_key(&new).await.context("making the access key")?;
    Ok(())
}

/// Twenty characters that nobody mistakes for one another.
pub(crate) fn random_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    random::<20>()
        .map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]))
        .iter()
        .collect()
}

/// Tells once what was made. Nothing is told when nothing was.
pub(crate) fn tell(
    made: &Made,
    url: &str,
    tls: &TlsState,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if made.password.is_none() && made.access_key.is_none() {
        return Ok(());
    }
    writeln!(out, "\n  Vedette is set up. This is shown once:\n")?;
    writeln!(out, "    page          {url}")?;
    if let Some(password) = &made.password {
        writeln!(out, "    user          {ADMIN}")?;
        writeln!(out, "    password      {password}")?;
    }
    if let Some(key) = &made.access_key {
        writeln!(out, "    access key    {key}    (agents send it as x-api-key)")?;
    }
    if let Some(authority) = &tls.authority {
        writeln!(out, "    CA            {}", authority.file.display())?;
        writeln!(out, "    fingerprint   {}\n", authority.fingerprint)?;
        writeln!(
            out,
            "  Browser: import the CA file as an authority, or compare the fingerprint on the sign-in page."
        )?;
        writeln!(
            out,
            "  Agent:   curl --insecure {url}/ca.pem -o vedette-ca.pem, compare the fingerprint with"
        )?;
        writeln!(
            out,
            "           openssl x509 -noout -fingerprint -sha256 -in vedette-ca.pem, then set"
        )?;
        writeln!(
            out,
            "           OTEL_EXPORTER_OTLP_CERTIFICATE=vedette-ca.pem  (Node.js: NODE_EXTRA_CA_CERTS too)"
        )?;
    }
    writeln!(
        out,
        "           OTEL_EXPORTER_OTLP_ENDPOINT={url}  OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
    )?;
    writeln!(out, "           OTEL_EXPORTER_OTLP_HEADERS=x-api-key=<access key>")?;
    writeln!(out, "  Forgotten password: vedette admin reset-password\n")?;
    out.flush()
}
