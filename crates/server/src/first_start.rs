//! The first start: an administrator, an access key, and telling whoever started it what they are, once.

use std::{io::Write, net::SocketAddr};

use anyhow::Context as _;
use api::{
    access_key::{self, Sealer},
    password,
};
use daemon::{clock::UnixNanos, config::Settings, tls::TlsState};
use metadata_store::{
    ACCOUNT_OWNER, AccessKey, AccessKeys as _, ActorKind, FIRST_ACCOUNT, MetadataStore,
    NewAccessKey, NewAudit, NewUser, Users as _,
};
use tracing::{info, warn};

use crate::{Started, data_dir::random};

pub(crate) const ADMIN: &str = "admin";

/// What the first start made.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Whether this is the first start.
    administrator: bool,
    /// What was made at random and must be shown, since nobody else knows it.
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
        create_admin(metadata, &password, now).await?;
        made.administrator = true;
        made.password = given.is_none().then_some(password);
    } else {
        say_if_not_the_password(settings, metadata).await?;
    }
    let keys = metadata.access_keys().await?;
    let given = settings.access_key.value.as_ref().map(|secret| secret.reveal().to_owned());
    match given {
        Some(key) => match keys.iter().find(|known| known.key_hash == access_key::hash(&key)) {
            None => {
                create_key(metadata, sealer, "configured", &key, now).await?;
                if !keys.is_empty() {
                    info!("the configured access-key was new and is taken beside the others");
                }
            }
            Some(known) => say_if_disabled(known),
        },
        None if keys.is_empty() => {
            let key = access_key::generate();
            create_key(metadata, sealer, "first", &key, now).await?;
            made.access_key = Some(key);
        }
        None => {}
    }
    Ok(made)
}

/// A configured password that is not the administrator's would else be tried in vain.
async fn say_if_not_the_password(
    settings: &Settings,
    metadata: &MetadataStore,
) -> anyhow::Result<()> {
    let Some(secret) = &settings.admin_password.value else { return Ok(()) };
    let Some(admin) = metadata.user_by_name(FIRST_ACCOUNT, ADMIN).await? else { return Ok(()) };
    let given = secret.reveal().to_owned();
    let verify = move || password::verify(&given, &admin.password_hash);
    if !tokio::task::spawn_blocking(verify).await.context("comparing the configured password")? {
        warn!(
            origin = %settings.admin_password.source,
            "admin-password is ignored: the user admin exists already and has another password; to set this one, run \
             vedette admin reset-password with it"
        );
    }
    Ok(())
}

fn say_if_disabled(key: &AccessKey) {
    if key.disabled {
        warn!(
            name = key.name,
            "the configured access-key is ignored: it was disabled, for ever; make another with vedette access-key create"
        );
    }
}

/// The configured password of the administrator, unless there is none.
///
/// # Errors
/// When it is none that a user may have.
pub(crate) fn given_password(settings: &Settings) -> anyhow::Result<Option<String>> {
    let Some(secret) = &settings.admin_password.value else { return Ok(None) };
    let password = secret.reveal();
    password::sound(password, ADMIN).map_err(|why| {
        anyhow::anyhow!(
            "admin-password = *** ({}) is refused: {why}",
            settings.admin_password.source
        )
    })?;
    Ok(Some(password.to_owned()))
}

async fn create_admin(
    metadata: &MetadataStore,
    password: &str,
    now: UnixNanos,
) -> anyhow::Result<()> {
    let created_ms = millis(now);
    let admin = NewUser {
        account_id: FIRST_ACCOUNT,
        user_name: ADMIN.to_owned(),
        display_name: "Administrator".to_owned(),
        email: String::new(),
        password_hash: password::hash(password),
        must_change_password: false,
        roles: vec![ACCOUNT_OWNER],
        groups: Vec::new(),
        created_ms,
    };
    let entry = by_itself(created_ms, "create", "user", ADMIN);
    metadata.create_user(&admin, &entry).await.context("making the administrator")?;
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
        created_ms: millis(now),
    };
    let entry = by_itself(millis(now), "create", "access key", name);
    metadata.create_access_key(&new, &entry).await.context("making the access key")?;
    Ok(())
}

pub(crate) fn millis(now: UnixNanos) -> i64 {
    i64::try_from(now.millis()).expect("the year is before 292 million")
}

/// What the audit log says of something that Vedette does by itself, or at its command line.
pub(crate) fn by_itself(at_ms: i64, action: &str, object: &str, name: &str) -> NewAudit {
    NewAudit {
        account_id: FIRST_ACCOUNT,
        at_ms,
        actor_kind: ActorKind::System,
        actor: "vedette".to_owned(),
        address: String::new(),
        action: action.to_owned(),
        object_type: object.to_owned(),
        object_id: String::new(),
        object_name: name.to_owned(),
        before: String::new(),
        after: String::new(),
    }
}

/// Twenty characters that nobody mistakes for one another.
pub(crate) fn random_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    random::<20>()
        .map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]))
        .iter()
        .collect()
}

/// Tells once what was made, and what to reach by it: at the first start, and when there is something that nobody else
/// knows. Of a password or a key that was given it says so, and no more.
pub(crate) fn tell(
    made: &Made,
    started: &Started,
    tls: &TlsState,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if !made.administrator && made.access_key.is_none() {
        return Ok(());
    }
    writeln!(out, "\n  Vedette is set up. This is shown once:\n")?;
    match started.https {
        Some(_) => writeln!(out, "    page          {}", started.url)?,
        None => writeln!(out, "    page          none, since https-listen is off; nor REST")?,
    }
    if made.administrator {
        writeln!(out, "    user          {ADMIN}")?;
        writeln!(out, "    password      {}", made.password.as_deref().unwrap_or("as configured"))?;
    }
    match &made.access_key {
        Some(key) => writeln!(out, "    access key    {key}    (agents send it as x-api-key)")?,
        None => writeln!(out, "    access key    as configured")?,
    }
    match started.https {
        Some(_) => tell_of_https(&started.url, tls, out)?,
        None => tell_of_plaintext(started.otlp, out)?,
    }
    writeln!(out, "  Forgotten password: vedette admin reset-password\n")?;
    out.flush()
}

fn tell_of_https(url: &str, tls: &TlsState, out: &mut dyn Write) -> std::io::Result<()> {
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
    writeln!(out, "           OTEL_EXPORTER_OTLP_HEADERS=x-api-key=<access key>")
}

/// Where agents are taken in the clear: gRPC, then HTTP.
fn tell_of_plaintext(
    [grpc, http]: [Option<SocketAddr>; 2],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    writeln!(out)?;
    for (address, protocol) in [(http, "http/protobuf"), (grpc, "grpc")] {
        if let Some(address) = address {
            writeln!(
                out,
                "  Agent:   OTEL_EXPORTER_OTLP_ENDPOINT=http://{address}  OTEL_EXPORTER_OTLP_PROTOCOL={protocol}"
            )?;
        }
    }
    if grpc.or(http).is_none() {
        writeln!(out, "  Agent:   none can report: every listen address is off or taken")?;
    }
    Ok(())
}
