//! When the server's certificate is issued anew, and how.

use std::{collections::BTreeSet, fmt, net::IpAddr, path::Path, sync::Arc};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::sign::CertifiedKey;
use time::{Duration, OffsetDateTime};
use x509_parser::{extensions::GeneralName, parse_x509_certificate, prelude::X509Certificate};

use super::{
    Authority, Config, OwnCertificate, TlsError,
    authority::{BACKDATED, LoadedAuthority},
    damaged,
    files::{self, Readers},
    pair,
};
use crate::{clock::UnixNanos, config::TlsName};

/// Browsers refuse server certificates of more than 398 days.
const LIFETIME: Duration = Duration::days(397);

/// Enough for an operator to notice that issuing fails.
const REISSUED_BEFORE_END: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

/// The certificate that [`ensure`] found or made.
#[derive(Debug)]
pub struct Issued {
    /// The CA that signed it.
    pub authority: Authority,
    /// What it says.
    pub certificate: ServerCertificate,
    /// Why it was issued just now; `None` when the one on the disk is good.
    pub reissued: Option<Reissue>,
    /// To serve with: leaf, CA and the leaf's key.
    pub certified: Arc<CertifiedKey>,
}

/// What a server certificate says, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    /// Names and addresses that it is good for.
    pub names: BTreeSet<TlsName>,
    /// When it begins.
    pub not_before: UnixNanos,
    /// When it ends.
    pub not_after: UnixNanos,
}

/// Why a server certificate is issued anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reissue {
    /// There is none, it cannot be read, or another CA signed it.
    Unusable,
    /// The machine or the configuration has other names.
    NamesChanged,
    /// It ends within 30 days, or has ended.
    EndsSoon,
    /// It was issued while the machine's clock was ahead.
    NotYetValid,
}

impl fmt::Display for Reissue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unusable => "there was no usable one",
            Self::NamesChanged => "names or addresses have changed",
            Self::EndsSoon => "the old one ends within 30 days",
            Self::NotYetValid => "the old one begins in the future",
        })
    }
}

/// Decides whether `current` will do. A certificate never outlives its CA, which ends at `authority_end`.
pub fn needs_reissue(
    current: Option<&ServerCertificate>,
    wanted: &BTreeSet<TlsName>,
    authority_end: UnixNanos,
    now: UnixNanos,
) -> Option<Reissue> {
    let Some(current) = current else { return Some(Reissue::Unusable) };
    // One that already lasts as long as its CA is not bettered by another.
    let could_last_longer = current.not_after < authority_end;
    if current.names != *wanted {
        Some(Reissue::NamesChanged)
    } else if now < current.not_before {
        Some(Reissue::NotYetValid)
    } else if current.not_after.since(now) <= REISSUED_BEFORE_END && could_last_longer {
        Some(Reissue::EndsSoon)
    } else {
        None
    }
}

/// Makes CA and certificate where they are missing or do not do, and loads them. Idempotent; safe to interrupt.
///
/// `machine` are the names found on this machine, to which the configuration's are added.
pub fn ensure(
    config: &Config,
    machine: &BTreeSet<TlsName>,
    now: UnixNanos,
) -> Result<Issued, TlsError> {
    files::make_dir(&config.dir)?;
    let wanted: BTreeSet<TlsName> = machine.union(&config.names).cloned().collect();
    let authority = LoadedAuthority::ensure(&config.dir, common_name(&wanted), date(now))?;
    let authority_end = ServerCertificate::read(&authority.public.file, &authority.der)?.not_after;
    let files =
        OwnCertificate { chain: config.dir.join("server.pem"), key: config.dir.join("server.key") };

    let current = load(&files, &authority)?;
    let facts = current.as_ref().map(|(facts, _)| facts);
    let reissued = needs_reissue(facts, &wanted, authority_end, now);
    let (certificate, certified) = match (current, reissued) {
        (Some(current), None) => current,
        _ => {
            issue(&files, &authority, &wanted, (now, authority_end))?;
            load(&files, &authority)?
                .ok_or_else(|| damaged(&files.chain, "it was changed while it was written"))?
        }
    };
    Ok(Issued {
        authority: authority.public,
        certificate,
        reissued,
        certified: Arc::new(certified),
    })
}

/// The pair on the disk; `None` when it is missing, damaged, half written or of another CA.
fn load(
    files: &OwnCertificate,
    authority: &LoadedAuthority,
) -> Result<Option<(ServerCertificate, CertifiedKey)>, TlsError> {
    let (Some(chain), Some(key)) = (files::read(&files.chain)?, files::read(&files.key)?) else {
        return Ok(None);
    };
    let Ok(certified) = pair::certified(files, &chain, &key) else { return Ok(None) };
    let leaf = &certified.cert[0];
    let usable = is_signed_by(leaf, &authority.der)
        .then(|| ServerCertificate::read(&files.chain, leaf).ok())
        .flatten();
    Ok(usable.map(|facts| (facts, certified)))
}

fn is_signed_by(leaf: &[u8], authority: &[u8]) -> bool {
    let (Ok((_, leaf)), Ok((_, authority))) =
        (parse_x509_certificate(leaf), parse_x509_certificate(authority))
    else {
        return false;
    };
    leaf.verify_signature(Some(authority.public_key())).is_ok()
}

fn issue(
    files: &OwnCertificate,
    authority: &LoadedAuthority,
    names: &BTreeSet<TlsName>,
    (now, authority_end): (UnixNanos, UnixNanos),
) -> Result<(), TlsError> {
    let key = KeyPair::generate().map_err(TlsError::Generate)?;
    let issuer = authority.issuer()?;
    let params = params(names, date(now), date(authority_end))?;
    let certificate = params.signed_by(&key, &issuer).map_err(TlsError::Generate)?;
    // A crash between the two leaves a pair that does not fit, which the next start replaces.
    files::write(&files.key, &key.serialize_pem(), Readers::Owner)?;
    let chain = format!("{}{}", certificate.pem(), authority.public.pem);
    files::write(&files.chain, &chain, Readers::Everyone)
}

fn params(
    names: &BTreeSet<TlsName>,
    now: OffsetDateTime,
    authority_end: OffsetDateTime,
) -> Result<CertificateParams, TlsError> {
    let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(texts).map_err(TlsError::Generate)?;
    params.not_before = now - BACKDATED;
    params.not_after = authority_end.min(params.not_before + LIFETIME);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Verifiers that go by RFC 5280 to the letter (Python 3.13) demand it.
    params.use_authority_key_identifier_extension = true;
    params.distinguished_name.push(DnType::CommonName, common_name(names));
    Ok(params)
}

/// A name that tells people which machine this is. 64 characters are all that a common name may have.
fn common_name(names: &BTreeSet<TlsName>) -> &str {
    let is_telling = |name: &&str| {
        name.parse::<IpAddr>().is_err()
            && *name != "localhost"
            && !name.starts_with('*')
            && name.len() <= 64
    };
    names.iter().map(TlsName::as_str).find(is_telling).unwrap_or("localhost")
}

/// Certificates know seconds only.
fn date(time: UnixNanos) -> OffsetDateTime {
    i64::try_from(time.secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .expect("the clock's range ends in the year 2554, the calendar's in 9999")
}

impl ServerCertificate {
    /// What the certificate in `der`, which comes from the file `path`, says.
    pub(super) fn read(path: &Path, der: &[u8]) -> Result<Self, TlsError> {
        let (_, parsed) = parse_x509_certificate(der).map_err(|error| damaged(path, error))?;
        let validity = parsed.validity();
        Ok(Self {
            names: names_in(&parsed),
            not_before: moment(validity.not_before.timestamp()),
            not_after: moment(validity.not_after.timestamp()),
        })
    }
}

fn moment(seconds: i64) -> UnixNanos {
    UnixNanos::from_secs(u64::try_from(seconds).unwrap_or(0))
}

fn names_in(certificate: &X509Certificate<'_>) -> BTreeSet<TlsName> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return BTreeSet::new() };
    names.value.general_names.iter().filter_map(name_of).collect()
}

fn name_of(name: &GeneralName<'_>) -> Option<TlsName> {
    match name {
        GeneralName::DNSName(name) => TlsName::new(name),
        GeneralName::IPAddress(bytes) => {
            let v4 = || <[u8; 4]>::try_from(*bytes).ok().map(IpAddr::from);
            let v6 = || <[u8; 16]>::try_from(*bytes).ok().map(IpAddr::from);
            TlsName::new(&v4().or_else(v6)?.to_string())
        }
        _ => None,
    }
}
