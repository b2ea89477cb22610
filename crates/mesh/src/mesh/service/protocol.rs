//! What is spoken on a port:
//! <https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/>.

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// `http`
    Http,
    /// `http2`
    Http2,
    /// `http_proxy`
    HttpProxy,
    /// `grpc`
    Grpc,
    /// `grpc-web`
    GrpcWeb,
    /// `https`
    Https,
    /// `tls`
    Tls,
    /// `tcp`
    Tcp,
    /// `mongo`
    Mongo,
    /// `redis`
    Redis,
    /// `mysql`
    MySql,
    /// `udp`
    Udp,
    /// Undeclared: detected per connection.
    Unsupported,
}

impl Protocol {
    /// HTTP/1, HTTP/2, gRPC or gRPC-Web in clear text.
    #[must_use]
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::HttpProxy | Self::Grpc | Self::GrpcWeb)
    }

    /// HTTP/2 without negotiation.
    #[must_use]
    pub const fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// gRPC or gRPC-Web.
    #[must_use]
    pub const fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::GrpcWeb)
    }

    /// Anything proxied as bytes.
    #[must_use]
    pub const fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp | Self::Https | Self::Tls | Self::Mongo | Self::Redis | Self::MySql)
    }

    /// TLS that the proxy does not terminate.
    #[must_use]
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Nothing was declared: the proxy has to look at the first bytes.
    #[must_use]
    pub const fn is_unsupported(self) -> bool {
        matches!(self, Self::Unsupported)
    }

    /// The protocol of this name, in any case; [`Protocol::Unsupported`] for any other word.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        const NAMES: [(&str, Protocol); 12] = [
            ("tcp", Protocol::Tcp),
            ("udp", Protocol::Udp),
            ("grpc", Protocol::Grpc),
            ("grpc-web", Protocol::GrpcWeb),
            ("http", Protocol::Http),
            ("http_proxy", Protocol::HttpProxy),
            ("http2", Protocol::Http2),
            ("https", Protocol::Https),
            ("tls", Protocol::Tls),
            ("mongo", Protocol::Mongo),
            ("redis", Protocol::Redis),
            ("mysql", Protocol::MySql),
        ];
        NAMES
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(name))
            .map_or(Self::Unsupported, |(_, protocol)| *protocol)
    }

    /// The protocol of a port of a Kubernetes Service.
    ///
    /// `appProtocol` counts instead of the port's name, and of either only what stands before the first
    /// hyphen.
    #[must_use]
    pub fn of_service_port(port: &DeclaredPort<'_>, kubernetes_names: bool) -> Self {
        if port.transport == "UDP" {
            return Self::Udp;
        }
        if kubernetes_names && let Some(protocol) = port.app_protocol.and_then(kubernetes_app_protocol) {
            return protocol;
        }
        let name = port.app_protocol.unwrap_or(port.name);
        // The one name with a hyphen of its own; what follows it does not matter.
        if name.get(..8).is_some_and(|prefix| prefix.eq_ignore_ascii_case("grpc-web")) {
            return Self::GrpcWeb;
        }
        let word = name.split_once('-').map_or(name, |(word, _)| word);
        match Self::parse(word) {
            Self::Unsupported if WELL_KNOWN_SERVER_FIRST.contains(&port.number) => Self::Tcp,
            protocol => protocol,
        }
    }
}

/// Ports on which the server speaks first (SMTP, DNS, MySQL, MongoDB): detection would wait for ever there.
const WELL_KNOWN_SERVER_FIRST: [i32; 4] = [25, 53, 3306, 27017];

/// The names that Kubernetes itself gives to values of `appProtocol`.
fn kubernetes_app_protocol(name: &str) -> Option<Protocol> {
    match name {
        "kubernetes.io/h2c" => Some(Protocol::Http2),
        "kubernetes.io/ws" => Some(Protocol::Http),
        "kubernetes.io/wss" => Some(Protocol::Https),
        _ => None,
    }
}

/// What a Service says about one of its ports.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredPort<'a> {
    /// `name`
    pub name: &'a str,
    /// `port`
    pub number: i32,
    /// `protocol`
    pub transport: &'a str,
    /// `appProtocol`
    pub app_protocol: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(name: &str, number: i32, app_protocol: Option<&str>) -> Protocol {
        Protocol::of_service_port(&DeclaredPort { name, number, transport: "TCP", app_protocol }, true)
    }

    #[test]
    fn the_name_counts_up_to_the_first_hyphen() {
        assert_eq!(select("http-web-2", 80, None), Protocol::Http);
        assert_eq!(select("HTTP2", 80, None), Protocol::Http2);
        assert_eq!(select("grpc-web-x", 80, None), Protocol::GrpcWeb);
        assert_eq!(select("grpc-we", 80, None), Protocol::Grpc);
        assert_eq!(select("httpx", 80, None), Protocol::Unsupported);
        assert_eq!(select("", 80, None), Protocol::Unsupported);
    }

    #[test]
    fn app_protocol_beats_the_name() {
        assert_eq!(select("http", 80, Some("mysql")), Protocol::MySql);
        assert_eq!(select("http", 80, Some("")), Protocol::Unsupported);
        assert_eq!(select("http", 80, Some("kubernetes.io/h2c")), Protocol::Http2);
        let port = DeclaredPort {
            name: "http",
            number: 80,
            transport: "TCP",
            app_protocol: Some("kubernetes.io/h2c"),
        };
        assert_eq!(Protocol::of_service_port(&port, false), Protocol::Unsupported);
    }

    #[test]
    fn server_first_ports_are_tcp_unless_declared() {
        assert_eq!(select("", 3306, None), Protocol::Tcp);
        assert_eq!(select("db", 27017, None), Protocol::Tcp);
        assert_eq!(select("http", 25, None), Protocol::Http);
    }

    #[test]
    fn udp_is_udp_whatever_its_name() {
        let port = DeclaredPort { name: "http", number: 80, transport: "UDP", app_protocol: None };
        assert_eq!(Protocol::of_service_port(&port, true), Protocol::Udp);
    }
}
