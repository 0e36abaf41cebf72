//! The sandbox's own certificate authority, made anew each time.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _,
};
use ring::digest::{SHA256, digest};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const HOSTS: [&str; 5] = ["box.com", "*.box.com", "*.app.box.com", "*.ent.box.com", "*.boxcloud.com"];

/// Writes the authority's certificate to `ca_file`. Returns the TLS configuration for Box's names, with a certificate
/// that may have expired, and the pin of that certificate's key.
pub(crate) fn issue(ca_file: &Path, expired: bool) -> Result<(TlsAcceptor, String)> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Box sandbox authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?;
    std::fs::write(ca_file, authority.pem())?;
    let issuer = Issuer::new(params, key);

    let mut params = CertificateParams::new(HOSTS.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "Box sandbox");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    if expired {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate()?;
    let hosts = params.signed_by(&key, &issuer)?;

    let pin = BASE64_STANDARD.encode(digest(&SHA256, &key.subject_public_key_info()));
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![hosts.der().clone()], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), pin))
}
