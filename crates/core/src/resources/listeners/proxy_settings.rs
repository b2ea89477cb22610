//! What the proxy's own configuration changes in connection managers: `proxyHeaders`, `connectionSettings`
//! and a few settings in the proxy's metadata.
//!
//! Source: [ProxyConfig](https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig).

use envoy::config::core::v3::http_protocol_options::HeadersWithUnderscoresAction;
use envoy::config::core::v3::http1_protocol_options::HeaderKeyFormat;
use envoy::config::core::v3::http1_protocol_options::header_key_format::HeaderFormat;
use envoy::config::core::v3::{Http1ProtocolOptions, Http2ProtocolOptions, HttpProtocolOptions};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    ForwardClientCertDetails, PathWithEscapedSlashesAction, ServerHeaderTransformation,
};
use envoy::extensions::http::header_formatters::preserve_case::v3::PreserveCaseFormatterConfig;
use envoy::google::protobuf::UInt32Value;

use crate::Str;
use crate::plan::WaypointSettings;
use crate::resources::filters::extension_config;
use crate::resources::proto::duration;
use crate::snapshot::Duration;
use crate::snapshot::mesh_config::proxy::{self as given, ConnectionSettings, ProxyHeaders};

/// The `server` header where nothing else is set.
const SERVER_NAME: &str = "istio-envoy";

/// What the proxy's own configuration changes in connection managers.
#[derive(Clone, Debug)]
pub(super) struct ProxySettings<'m> {
    headers: Option<&'m ProxyHeaders>,
    connections: Option<&'m ConnectionSettings>,
    http10: bool,
    idle_timeout: Option<Duration>,
}

impl<'m> ProxySettings<'m> {
    /// Reads the settings of a waypoint.
    pub(super) fn new(settings: &WaypointSettings<'m>) -> Self {
        let config = &settings.proxy.config;
        let metadata = |key| config.proxy_metadata.get(key).map(Str::as_str);
        Self {
            headers: config.proxy_headers.as_ref(),
            connections: config.connection_settings.as_ref(),
            http10: settings.features.pilot_http10 || metadata("ISTIO_META_HTTP10") == Some("1"),
            idle_timeout: metadata("ISTIO_META_IDLE_TIMEOUT").and_then(|text| Duration::parse(text).ok()),
        }
    }

    /// When idle TCP connections are closed, unless something else says so.
    pub(super) fn idle_timeout(&self) -> Option<Duration> {
        self.idle_timeout
    }

    /// Whether Envoy's own headers are left out.
    pub(super) fn suppresses_envoy_headers(&self) -> bool {
        self.headers.and_then(|h| h.envoy_debug_headers.as_ref()).is_some_and(|s| s.disabled == Some(true))
    }

    /// What the client's certificate says is passed on like this.
    pub(super) fn forwarded_client_cert(&self) -> ForwardClientCertDetails {
        use given::ForwardClientCertDetails as Given;
        match self.headers.map(|h| h.forwarded_client_cert).unwrap_or_default() {
            Given::Undefined | Given::AppendForward => ForwardClientCertDetails::AppendForward,
            Given::Sanitize => ForwardClientCertDetails::Sanitize,
            Given::ForwardOnly => ForwardClientCertDetails::ForwardOnly,
            Given::SanitizeSet => ForwardClientCertDetails::SanitizeSet,
            Given::AlwaysForwardOnly => ForwardClientCertDetails::AlwaysForwardOnly,
        }
    }

    /// Sets the `server` header and whether requests get an id: on every connection manager.
    pub(super) fn apply_headers(&self, manager: &mut HttpConnectionManager) {
        let server = self.headers.and_then(|h| h.server.as_ref());
        match server {
            Some(server) if server.disabled == Some(true) => {
                manager.server_header_transformation = ServerHeaderTransformation::PassThrough.into();
            }
            Some(server) if !server.value.is_empty() => manager.server_name = server.value.to_string(),
            _ => manager.server_name = SERVER_NAME.to_owned(),
        }
        let request_id = self.headers.and_then(|h| h.request_id.as_ref());
        if request_id.is_some_and(|switch| switch.disabled == Some(true)) {
            manager.generate_request_id = Some(false.into());
        }
    }

    /// Sets what only the connection managers inside the tunnel have.
    pub(super) fn apply(&self, manager: &mut HttpConnectionManager) {
        self.apply_headers(manager);
        let port = self.headers.and_then(|h| h.x_forwarded_port.as_ref());
        manager.append_x_forwarded_port = port.is_some_and(|option| option.enabled == Some(true));
        let preserve_case = self.headers.is_some_and(|h| h.preserve_http1_header_case == Some(true));
        if self.http10 || preserve_case {
            manager.http_protocol_options = Some(Http1ProtocolOptions {
                accept_http_10: self.http10,
                header_key_format: preserve_case.then(preserved_case),
                ..Http1ProtocolOptions::default()
            });
        }
        if let Some(timeout) = self.idle_timeout {
            common(manager).idle_timeout = Some(duration(timeout));
        }
        if let Some(settings) = self.connections {
            apply_connection_settings(settings, manager);
        }
    }
}

fn preserved_case() -> HeaderKeyFormat {
    let formatter = extension_config("preserve_case", &PreserveCaseFormatterConfig::default());
    HeaderKeyFormat { header_format: Some(HeaderFormat::StatefulFormatter(formatter)) }
}

fn common(manager: &mut HttpConnectionManager) -> &mut HttpProtocolOptions {
    manager.common_http_protocol_options.get_or_insert_default()
}

fn apply_connection_settings(settings: &ConnectionSettings, manager: &mut HttpConnectionManager) {
    if settings.http_idle_timeout.is_some() {
        common(manager).idle_timeout = settings.http_idle_timeout.map(duration);
    }
    if settings.http_max_connection_duration.is_some() {
        common(manager).max_connection_duration = settings.http_max_connection_duration.map(duration);
    }
    if settings.http_max_stream_duration.is_some() {
        common(manager).max_stream_duration = settings.http_max_stream_duration.map(duration);
    }
    if settings.http_stream_idle_timeout.is_some() {
        manager.stream_idle_timeout = settings.http_stream_idle_timeout.map(duration);
    }
    manager.request_timeout = settings.http_request_timeout.map(duration);
    manager.request_headers_timeout = settings.http_request_headers_timeout.map(duration);
    manager.drain_timeout = settings.http_drain_timeout.map(duration);
    apply_http2(settings, manager);
    if let Some(action) = underscores(settings.http_headers_with_underscores_action) {
        common(manager).headers_with_underscores_action = action.into();
    }
    if let Some(merge) = settings.http_merge_slashes {
        manager.merge_slashes = merge;
    }
    if let Some(action) = escaped_slashes(settings.http_path_with_escaped_slashes_action) {
        manager.path_with_escaped_slashes_action = action.into();
    }
}

fn apply_http2(settings: &ConnectionSettings, manager: &mut HttpConnectionManager) {
    let streams = settings.http_max_concurrent_streams;
    let stream_window = settings.http2_initial_stream_window_size;
    let connection_window = settings.http2_initial_connection_window_size;
    if streams.or(stream_window).or(connection_window).is_none() {
        return;
    }
    // A negative number sets nothing, but the options are there.
    let number = |value: Option<i32>| value.and_then(|n| u32::try_from(n).ok()).map(UInt32Value::from);
    let options: &mut Http2ProtocolOptions = manager.http2_protocol_options.get_or_insert_default();
    options.max_concurrent_streams = number(streams);
    options.initial_stream_window_size = number(stream_window);
    options.initial_connection_window_size = number(connection_window);
}

fn underscores(action: given::HeadersWithUnderscoresAction) -> Option<HeadersWithUnderscoresAction> {
    use given::HeadersWithUnderscoresAction as Given;
    match action {
        Given::Unspecified => None,
        Given::Allow => Some(HeadersWithUnderscoresAction::Allow),
        Given::RejectRequest => Some(HeadersWithUnderscoresAction::RejectRequest),
        Given::DropHeader => Some(HeadersWithUnderscoresAction::DropHeader),
    }
}

fn escaped_slashes(action: given::PathWithEscapedSlashesAction) -> Option<PathWithEscapedSlashesAction> {
    use given::PathWithEscapedSlashesAction as Given;
    match action {
        Given::Unspecified => None,
        Given::KeepUnchanged => Some(PathWithEscapedSlashesAction::KeepUnchanged),
        Given::RejectRequest => Some(PathWithEscapedSlashesAction::RejectRequest),
        Given::UnescapeAndRedirect => Some(PathWithEscapedSlashesAction::UnescapeAndRedirect),
        Given::UnescapeAndForward => Some(PathWithEscapedSlashesAction::UnescapeAndForward),
    }
}
