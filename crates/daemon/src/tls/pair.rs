//! A certificate chain and its key from PEM, checked to belong together.

use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::{OwnCertificate, TlsError, damaged};

/// The pair that `files` hold, whose contents are `chain` and `key`.
pub(super) fn certified(
    files: &OwnCertificate,
    chain: &[u8],
    key: &[u8],
) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(&files.chain, format!("{error:?}")))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: files.chain.clone() });
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| TlsError::NoKey { path: files.key.clone() })?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain, key, &provider).map_err(|source| TlsError::Mismatch {
        chain: files.chain.clone(),
        key: files.key.clone(),
        source,
    })
}
