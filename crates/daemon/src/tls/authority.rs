//! Our own CA: made once, then only read.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use time::{Duration, OffsetDateTime};

use super::{
    Authority, TlsError, damaged,
    files::{self, Readers},
    fingerprint,
};

const LIFETIME: Duration = Duration::days(10 * 365);

/// Agents whose clocks are behind ours should not have to wait for the certificate to begin.
pub(super) const BACKDATED: Duration = Duration::days(1);

/// The CA's certificate, and its key when it is there.
#[derive(Debug)]
pub(super) struct LoadedAuthority {
    pub(super) public: Authority,
    pub(super) der: CertificateDer<'static>,
    key: Option<KeyPair>,
}

impl LoadedAuthority {
    /// Reads `ca.pem` and `ca.key` in `dir`, or makes both.
    pub(super) fn ensure(dir: &Path, host: &str, now: OffsetDateTime) -> Result<Self, TlsError> {
        match files::read(&dir.join("ca.pem"))? {
            Some(pem) => Self::load(dir, pem),
            None => Self::make(dir, host, now),
        }
    }

    fn load(dir: &Path, pem: Vec<u8>) -> Result<Self, TlsError> {
        let file = dir.join("ca.pem");
        let pem = String::from_utf8(pem).map_err(|error| damaged(&file, error))?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| TlsError::NoCertificate { path: file.clone() })?;
        let key_file = dir.join("ca.key");
        let key = files::read(&key_file)?
            .map(|key| {
                KeyPair::from_pem(&String::from_utf8_lossy(&key))
                    .map_err(|_| TlsError::NoKey { path: key_file })
            })
            .transpose()?;
        let public = Authority { fingerprint: fingerprint(&der), file, pem };
        Ok(Self { public, der, key })
    }

    fn make(dir: &Path, host: &str, now: OffsetDateTime) -> Result<Self, TlsError> {
        let key = KeyPair::generate().map_err(TlsError::Generate)?;
        let certificate = params(&key, host, now).self_signed(&key).map_err(TlsError::Generate)?;
        // The certificate last: with it the CA exists, and it must not exist without its key.
        files::write(&dir.join("ca.key"), &key.serialize_pem(), Readers::Owner)?;
        let file = dir.join("ca.pem");
        files::write(&file, &certificate.pem(), Readers::Everyone)?;
        let der = certificate.der().clone();
        let public = Authority { fingerprint: fingerprint(&der), file, pem: certificate.pem() };
        Ok(Self { public, der, key: Some(key) })
    }

    /// What signs in this CA's name; an error when its key is not on this machine.
    pub(super) fn issuer(&self) -> Result<Issuer<'static, &KeyPair>, TlsError> {
        let key = self.key.as_ref().ok_or_else(|| TlsError::NoAuthorityKey {
            key: self.public.file.with_extension("key"),
            certificate: self.public.file.clone(),
        })?;
        Issuer::from_ca_cert_der(&self.der, key).map_err(TlsError::Generate)
    }
}

fn params(key: &KeyPair, host: &str, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = now - BACKDATED;
    params.not_after = now + LIFETIME;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Trust stores look CAs up by their name, so that of each installation is its own.
    let distinct: String = fingerprint(key.public_key_raw()).split(':').take(4).collect();
    params.distinguished_name.push(DnType::OrganizationName, "Vedette");
    params.distinguished_name.push(DnType::CommonName, format!("Vedette CA {host} {distinct}"));
    params
}
