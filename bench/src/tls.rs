//! Certificates of an authority that exists for one run.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

/// What every service needs to speak TLS, and what a client must trust.
pub(crate) struct Authority {
    acceptor: TlsAcceptor,
    root: NamedTempFile,
}

impl Authority {
    /// One root, and one certificate below it for every service on loopback.
    ///
    /// # Panics
    /// If no certificate can be made or stored.
    pub(crate) fn new() -> Self {
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Another name than that of the certificates below it, which would seem to be roots.
        root.distinguished_name.push(DnType::CommonName, "Root of the bench");
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root_key = KeyPair::generate().expect("a key can be made");
        let certificate = root.self_signed(&root_key).expect("a root can be made");
        let mut file = NamedTempFile::new().expect("there is a folder for temporary files");
        file.write_all(certificate.pem().as_bytes()).expect("the root can be stored");
        Self { acceptor: acceptor(&Issuer::new(root, root_key)), root: file }
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// The file for `SSL_CERT_FILE`.
    pub(crate) fn root_file(&self) -> &Path {
        self.root.path()
    }
}

fn acceptor(issuer: &Issuer<'_, KeyPair>) -> TlsAcceptor {
    let name = Ipv4Addr::LOCALHOST.to_string();
    let key = KeyPair::generate().expect("a key can be made");
    let mut certificate = CertificateParams::new([name]).expect("an address is a name");
    certificate.use_authority_key_identifier_extension = true;
    let certificate = certificate.signed_by(&key, issuer).expect("the root signs");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS needs")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("the key fits the certificate");
    TlsAcceptor::from(Arc::new(config))
}
