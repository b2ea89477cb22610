//! Of the members of a oneof the last one counts, in the order in which the API declares them: Istio's reader
//! of mesh configurations lets each replace the one before.

use super::{CertificateData, ExtensionProvider, MeshConfig, ProxyConfig};
use crate::snapshot::mesh_config::provider::{HttpHeader, LogFormat};

/// A member of a oneof.
trait Member {
    fn is_set(&self) -> bool;
    fn clear(&mut self);
}

impl<T> Member for Option<T> {
    fn is_set(&self) -> bool {
        self.is_some()
    }

    fn clear(&mut self) {
        *self = None;
    }
}

/// Clears all members but the last that is set.
fn keep_last(members: &mut [&mut dyn Member]) {
    let mut later = false;
    for member in members.iter_mut().rev() {
        if later {
            member.clear();
        }
        later |= member.is_set();
    }
}

impl MeshConfig {
    pub(super) fn settle_oneofs(&mut self) {
        self.ca_certificates.iter_mut().for_each(CertificateData::settle_oneofs);
        self.extension_providers.iter_mut().for_each(ExtensionProvider::settle_oneofs);
        if let Some(config) = &mut self.default_config {
            config.settle_oneofs();
        }
    }
}

impl CertificateData {
    fn settle_oneofs(&mut self) {
        keep_last(&mut [&mut self.pem, &mut self.spiffe_bundle_url]);
    }
}

impl ProxyConfig {
    pub(super) fn settle_oneofs(&mut self) {
        keep_last(&mut [&mut self.service_cluster, &mut self.tracing_service_name]);
        if let Some(tracing) = &mut self.tracing {
            keep_last(&mut [
                &mut tracing.zipkin,
                &mut tracing.lightstep,
                &mut tracing.datadog,
                &mut tracing.stackdriver,
                &mut tracing.open_census_agent,
            ]);
        }
        if let Some(provider) = &mut self.private_key_provider {
            keep_last(&mut [&mut provider.cryptomb, &mut provider.qat]);
        }
    }
}

impl ExtensionProvider {
    fn settle_oneofs(&mut self) {
        keep_last(&mut [
            &mut self.envoy_ext_authz_http,
            &mut self.envoy_ext_authz_grpc,
            &mut self.zipkin,
            &mut self.lightstep,
            &mut self.datadog,
            &mut self.stackdriver,
            &mut self.opencensus,
            &mut self.skywalking,
            &mut self.opentelemetry,
            &mut self.prometheus,
            &mut self.envoy_file_access_log,
            &mut self.envoy_http_als,
            &mut self.envoy_tcp_als,
            &mut self.envoy_otel_als,
            &mut self.sds,
        ]);
        if let Some(LogFormat { text, labels }) =
            self.envoy_file_access_log.as_mut().and_then(|log| log.log_format.as_mut())
        {
            keep_last(&mut [text, labels]);
        }
        if let Some(zipkin) = &mut self.zipkin {
            zipkin.headers.iter_mut().for_each(HttpHeader::settle_oneofs);
        }
        let Some(otel) = &mut self.opentelemetry else { return };
        let sampler = otel.dynatrace_sampler.as_mut().and_then(|sampler| sampler.http_service.as_mut());
        let services = [otel.http.as_mut(), sampler.and_then(|service| service.http.as_mut())];
        let headers = services.into_iter().flatten().flat_map(|service| &mut service.headers);
        let metadata = otel.grpc.iter_mut().flat_map(|service| &mut service.initial_metadata);
        headers.chain(metadata).for_each(HttpHeader::settle_oneofs);
    }
}

impl HttpHeader {
    fn settle_oneofs(&mut self) {
        keep_last(&mut [&mut self.value, &mut self.env_name]);
    }
}
