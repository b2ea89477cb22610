//! What a certificate says of itself, as far as istioctl tells it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_cert::certificate::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether it is an authority's.
    pub(super) is_authority: bool,
    /// Its serial number, the most significant byte first, without zeros before it.
    pub(super) serial: Vec<u8>,
    /// From when on and until when it is valid, in seconds since 1970.
    pub(super) from: u64,
    pub(super) until: u64,
    /// The same as RFC 3339 has it.
    pub(super) not_before: String,
    pub(super) not_after: String,
    /// The trust domain of its SPIFFE identity.
    pub(super) trust_domain: Option<String>,
}

impl Facts {
    /// Of the first certificate of a PEM file; none where that is none.
    pub(super) fn of_pem(pem: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(&first_block(std::str::from_utf8(pem).ok()?)?).ok()?;
        let certificate = certificate.tbs_certificate();
        let validity = certificate.validity();
        let constraints = certificate.get_extension::<BasicConstraints>().ok().flatten();
        let names = certificate.get_extension::<SubjectAltName>().ok().flatten();
        let serial = certificate.serial_number().as_bytes().iter();
        Some(Self {
            is_authority: constraints.is_some_and(|(_, constraints)| constraints.ca),
            serial: serial.copied().skip_while(|byte| *byte == 0).collect(),
            from: validity.not_before.to_unix_duration().as_secs(),
            until: validity.not_after.to_unix_duration().as_secs(),
            not_before: validity.not_before.to_date_time().to_string(),
            not_after: validity.not_after.to_date_time().to_string(),
            // The last one counts.
            trust_domain: names.and_then(|(_, names)| names.0.iter().rev().find_map(trust_domain)),
        })
    }

    /// The serial number in hexadecimal digits, at least as many as asked for.
    pub(super) fn serial_text(&self, digits: usize) -> String {
        let all: String = self.serial.iter().map(|byte| format!("{byte:02x}")).collect();
        let plain = all.trim_start_matches('0');
        format!("{:0>digits$}", if plain.is_empty() { "0" } else { plain })
    }
}

/// What is between the first `-----BEGIN …-----` and its end.
fn first_block(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (_, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let base64: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(base64).ok()
}

/// The trust domain of a SPIFFE identity.
fn trust_domain(name: &GeneralName) -> Option<String> {
    let GeneralName::UniformResourceIdentifier(uri) = name else { return None };
    let rest = uri.as_str().strip_prefix("spiffe://")?;
    Some(rest.split('/').next().unwrap_or_default().to_owned())
}
