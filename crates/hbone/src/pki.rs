//! A test authority: certificates with SPIFFE identities, as istiod issues them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, ServerConfig,
    SignatureScheme, version,
};

use crate::identity::Identity;
use crate::{Error, Result};

/// The names that istio-agent gives to a workload's files.
pub const CHAIN_FILE: &str = "cert-chain.pem";
/// The private key of the chain's first certificate.
pub const KEY_FILE: &str = "key.pem";
/// The authority's certificate.
pub const ROOT_FILE: &str = "root-cert.pem";
/// The authority's private key: a real cluster keeps it in istiod.
pub const ROOT_KEY_FILE: &str = "root-key.pem";

/// A certificate authority.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// A workload's certificate with its key, and the authority that it trusts.
#[derive(Debug)]
pub struct Credentials {
    chain: String,
    key: String,
    root: String,
}

/// All that is in an authority's own certificate. It is the same for every authority but for the key, so that
/// an authority can be read back from its key.
fn authority_parameters() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.distinguished_name = named("waypoint-xds test authority");
    parameters
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// If no key can be made.
    pub fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = authority_parameters().self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(authority_parameters(), key), certificate })
    }

    /// Reads an authority that [`write`](Self::write) has written.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn read(directory: &Path) -> Result<Self> {
        let certificate = read(&directory.join(ROOT_FILE))?;
        let key = KeyPair::from_pem(&read(&directory.join(ROOT_KEY_FILE))?)?;
        Ok(Self { issuer: Issuer::new(authority_parameters(), key), certificate })
    }

    /// Writes the authority's certificate and key.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn write(&self, directory: &Path) -> Result<()> {
        write(directory, ROOT_FILE, &self.certificate)?;
        write(directory, ROOT_KEY_FILE, &self.issuer.key().serialize_pem())
    }

    /// A certificate for this identity.
    ///
    /// # Errors
    /// If the identity cannot stand in a certificate.
    pub fn issue(&self, identity: &Identity) -> Result<Credentials> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::default();
        // istiod's certificates have no subject; nobody reads one here.
        parameters.distinguished_name = DistinguishedName::new();
        parameters.subject_alt_names = vec![SanType::URI(identity.to_string().as_str().try_into()?)];
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        parameters.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Credentials {
            chain: parameters.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem(),
            root: self.certificate.clone(),
        })
    }
}

impl Credentials {
    /// Writes the three files that istio-agent would write.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn write(&self, directory: &Path) -> Result<()> {
        write(directory, CHAIN_FILE, &self.chain)?;
        write(directory, KEY_FILE, &self.key)?;
        write(directory, ROOT_FILE, &self.root)
    }

    /// The same certificate, but trusting another authority.
    #[must_use]
    pub fn trusting(self, authority: &Authority) -> Self {
        Self { root: authority.certificate.clone(), ..self }
    }

    /// TLS for who dials: shows this certificate, and accepts any workload of the authority.
    ///
    /// # Errors
    /// If the certificate or the key cannot be used.
    pub fn client(&self) -> Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let verifier = AnyWorkload { roots: self.roots()?, provider: Arc::clone(&provider) };
        let (chain, key) = self.der()?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }

    /// TLS for who is dialled over HBONE: asks for a certificate of the authority.
    ///
    /// # Errors
    /// If the certificate or the key cannot be used.
    pub fn server(&self) -> Result<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots()?), Arc::clone(&provider))
                .build()
                .map_err(|error| Error::Certificate(error.to_string()))?;
        let (chain, key) = self.der()?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }

    /// TLS for an application behind HBONE, which asks for no certificate.
    ///
    /// # Errors
    /// If the certificate or the key cannot be used.
    pub fn application(&self) -> Result<ServerConfig> {
        let (chain, key) = self.der()?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn der(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes());
        Ok((certificates(&self.chain)?, key.map_err(|error| Error::Certificate(error.to_string()))?))
    }

    fn roots(&self) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.root)? {
            roots.add(certificate)?;
        }
        Ok(roots)
    }
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::Certificate(error.to_string()))
}

/// The first URI of a certificate: whom it names.
#[must_use]
pub fn identity_of(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    certificate.valid_uri_names().next().map(str::to_owned)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Error::file(path))
}

fn write(directory: &Path, name: &str, text: &str) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::file(directory))?;
    let path = directory.join(name);
    fs::write(&path, text).map_err(Error::file(&path))
}

/// Accepts every certificate of the authority. The certificates have no DNS name that could be compared with
/// the address, so that rustls' own verifier would refuse them all.
#[derive(Debug)]
struct AnyWorkload {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyWorkload {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        let parsed = ParsedCertificate::try_from(end_entity)?;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)?;
        match identity_of(end_entity) {
            Some(identity) if identity.starts_with("spiffe://") => Ok(ServerCertVerified::assertion()),
            _ => Err(TlsError::InvalidCertificate(CertificateError::NotValidForName)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_names_its_identity() {
        let authority = Authority::new().unwrap();
        let credentials = authority.issue(&Identity::new("shop", "curl")).unwrap();
        let (chain, _) = credentials.der().unwrap();
        assert_eq!(identity_of(&chain[0]).unwrap(), "spiffe://cluster.local/ns/shop/sa/curl");
    }
}
