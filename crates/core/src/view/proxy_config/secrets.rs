//! `istioctl proxy-config secret`: the certificates that a proxy holds, or waits for.
//!
//! A proxy that has got its resources and no certificate yet waits for those that they name: that is what a
//! snapshot tells.

use std::collections::BTreeSet;

use envoy::config::core::v3::DataSource;
use envoy::config::core::v3::data_source::Specifier;
use envoy::extensions::transport_sockets::tls::v3::secret::Type;
use envoy::extensions::transport_sockets::tls::v3::spiffe_cert_validator_config::TrustDomain;
use envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, SdsSecretConfig, Secret, SpiffeCertValidatorConfig,
};
use envoy::inside::{self, Visit};
use envoy::{Message, Name};
use serde_json::{Value, json};

use super::certificate::Facts;
use super::{ProxyConfig, XdsResources};
use crate::resources::Part;
use crate::rules::{IstioctlRules, SecretTable};
use crate::view::config_dump::PART_OF_DUMP;
use crate::view::json::typed_value;
use crate::view::table::Table;

/// A secret that a proxy holds, or waits for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HeldSecret {
    /// Its name.
    pub name: String,
    /// What is held; without a type where nothing came yet.
    pub secret: Secret,
    /// How far it has come.
    pub state: State,
}

/// How far a secret has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was asked for.
    Warming,
    /// It is in use.
    Active,
    /// It is in use, and nothing came for it.
    Uninitialized,
}

/// The secrets that resources name, which a proxy would wait for, by name.
pub(super) fn named(resources: &XdsResources) -> Vec<HeldSecret> {
    let mut names = Names::default();
    // What can't be looked into names nothing that Envoy would find.
    resources.listeners.iter().for_each(|listener| names.look_into(listener));
    resources.clusters.iter().for_each(|cluster| names.look_into(cluster));
    names.waited_for()
}

/// The names of secrets.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Adds those that a message names, however deep inside.
    pub(super) fn look_into<M: Message + Name>(&mut self, message: &M) {
        let _ = inside::visit(message, self);
    }

    /// The secrets.
    pub(super) fn waited_for(self) -> Vec<HeldSecret> {
        let waiting = |name: String| HeldSecret {
            secret: Secret { name: name.clone(), r#type: None },
            name,
            state: State::Warming,
        };
        self.0.into_iter().map(waiting).collect()
    }
}

impl Visit for Names {
    fn message(&mut self, name: &str, wire: &[u8]) {
        // One without a source is in the bootstrap already.
        if let Some(SdsSecretConfig { name, sds_config: Some(_) }) = inside::read(name, wire) {
            self.0.insert(name);
        }
    }
}

/// The table of secrets, those that are waited for first. `now` is in seconds since 1970.
#[must_use]
pub fn table(config: &ProxyConfig, rules: &IstioctlRules, now: u64) -> Table {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let waiting = config.secrets.iter().filter(|secret| secret.state == State::Warming);
    let held = config.secrets.iter().filter(|secret| secret.state != State::Warming);
    for secret in waiting.chain(held) {
        rows.extend(certificates(secret).into_iter().map(|certificate| Row::new(secret, certificate)));
    }
    let mut header =
        vec!["RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE"];
    // Where all trust domains are known, there may be several.
    let federated = rules.secrets == SecretTable::TrustDomains
        && !rows.is_empty()
        && rows.iter().all(|row| !row.trust_domain().is_empty());
    if federated {
        header.push("TRUST DOMAIN");
    }
    let mut table = Table::new(&header, 5);
    for row in rows {
        let mut cells = row.cells(rules.secrets, now);
        if federated {
            cells.push(row.trust_domain().to_owned());
        }
        table.push(&row.secret.name, Part::Resource, cells);
    }
    table
}

/// The secrets as a part of a config dump.
#[must_use]
pub fn dump(config: &ProxyConfig) -> Value {
    let of = |wanted: fn(State) -> bool| -> Vec<Value> {
        let entry = |held: &HeldSecret| json!({"name": held.name, "secret": typed_value(&held.secret)});
        config.secrets.iter().filter(|held| wanted(held.state)).map(entry).collect()
    };
    json!({
        "@type": format!("{PART_OF_DUMP}SecretsConfigDump"),
        "dynamicActiveSecrets": of(|state| state != State::Warming),
        "dynamicWarmingSecrets": of(|state| state == State::Warming),
    })
}

/// A certificate within a secret: of a bundle, with the trust domain that it is for.
struct Certificate {
    facts: Option<Facts>,
    domain: Option<String>,
}

/// The certificates of a secret; one without facts where it has none.
fn certificates(held: &HeldSecret) -> Vec<Certificate> {
    let single = |pem: Option<&[u8]>| vec![Certificate { facts: pem.and_then(Facts::of_pem), domain: None }];
    match &held.secret.r#type {
        Some(Type::TlsCertificate(certificate)) => {
            single(certificate.certificate_chain.as_ref().and_then(bytes))
        }
        Some(Type::ValidationContext(context)) => match context.trusted_ca.as_ref().and_then(bytes) {
            None => bundles(context).unwrap_or_else(|| single(None)),
            trusted => single(trusted),
        },
        _ => single(None),
    }
}

/// The bytes that stand in a secret itself.
fn bytes(source: &DataSource) -> Option<&[u8]> {
    match &source.specifier {
        Some(Specifier::InlineBytes(bytes)) if !bytes.is_empty() => Some(bytes),
        _ => None,
    }
}

/// What each trust domain is verified by, where a validator of SPIFFE identities knows several.
fn bundles(context: &CertificateValidationContext) -> Option<Vec<Certificate>> {
    let validator = context.custom_validator_config.as_ref()?.typed_config.as_ref()?;
    let known: SpiffeCertValidatorConfig = envoy::unpack(validator).ok()?;
    let bundle = |domain: TrustDomain| {
        let facts = domain.trust_bundle.as_ref().and_then(bytes).and_then(Facts::of_pem);
        Certificate { facts, domain: Some(domain.name) }
    };
    Some(known.trust_domains.into_iter().map(bundle).collect())
}

/// A row of the table.
struct Row<'c> {
    secret: &'c HeldSecret,
    certificate: Certificate,
}

impl<'c> Row<'c> {
    fn new(secret: &'c HeldSecret, certificate: Certificate) -> Self {
        Self { secret, certificate }
    }

    fn trust_domain(&self) -> &str {
        let Certificate { facts, domain } = &self.certificate;
        // Of what could not be read nothing is told.
        let Some(facts) = facts else { return "" };
        domain.as_deref().or(facts.trust_domain.as_deref()).unwrap_or_default()
    }

    fn cells(&self, form: SecretTable, now: u64) -> Vec<String> {
        let state = match (self.secret.state, form) {
            (State::Warming, _) => "WARMING",
            (State::Uninitialized, SecretTable::Plain) => "UNINITIALIZED",
            // An accident: later releases change a copy.
            (State::Active | State::Uninitialized, _) => "ACTIVE",
        };
        let digits = if form == SecretTable::Plain { 0 } else { 32 };
        let name = self.secret.name.clone();
        let Some(facts) = &self.certificate.facts else {
            let blank = String::new;
            return vec![name, blank(), state.to_owned(), "false".to_owned(), blank(), blank(), blank()];
        };
        let kind = if facts.is_authority { "CA" } else { "Cert Chain" };
        let is_valid = facts.from < now && now < facts.until;
        vec![
            name,
            kind.to_owned(),
            state.to_owned(),
            is_valid.to_string(),
            facts.serial_text(digits),
            facts.not_after.clone(),
            facts.not_before.clone(),
        ]
    }
}
