//! A request as plain data: what every door and test files are given.

use std::net::{AddrParseError, IpAddr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::header_list::HeaderList;
use super::request::{Destination, ExtAuthz, Protocol, Request, Source};
use super::request_error::RequestError;
use super::tokens;
use super::via::Via;
use crate::admission::syntax::is_header_name;

/// A [`Request`] as plain data, with everything still to be checked; what is absent has its default.
///
/// ```
/// use waypoint_xds::trace::{Request, RequestSpec};
///
/// let spec: RequestSpec = serde_json::from_str(
///     r#"{"from": "shop/web", "to": "cart.shop:80", "method": "POST", "path": "/items", "headers": {"canary": "1"}}"#,
/// )?;
/// let request = Request::try_from(spec)?;
/// assert_eq!(request.headers, [("canary".to_owned(), "1".to_owned())]);
///
/// let error = Request::try_from(RequestSpec { path: Some("items".to_owned()), ..RequestSpec::new("shop/web", "cart.shop") });
/// assert_eq!(error.unwrap_err().to_string(), "path: `items` does not begin with a slash");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RequestSpec {
    /// Who asks: `NAMESPACE/NAME` of a pod, else of a service account, else of a workload;
    /// `pod/NAME.NAMESPACE`, `sa/NAME.NAMESPACE`, `spiffe://…` or `outside` (of the mesh).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who is asked: `HOST[:PORT]`, `pod/NAME.NAMESPACE:PORT` or `ADDRESS:PORT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How it gets there: `ztunnel`, `sidecar`, `ingress` (a gateway), or `NAMESPACE/NAME` of the waypoint
    /// that it is given to; by default what the client's pod says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// What is spoken: `http` (the default), `h2`, `grpc`, `tcp`, `tls` or `tls:SERVER-NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The method; GET by default, POST for gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, with the query; `/` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `Host` or `:authority`; by default the destination as it is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The other headers.
    #[serde(skip_serializing_if = "is_empty")]
    pub headers: HeaderList,
    /// The claims of a token that counts as verified, `iss` among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Map<String, Value>>,
    /// A token (JWT) that counts as verified, instead of `claims`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The server name of the application's own TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// The protocols that the application's own TLS offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Vec<String>>,
    /// What an external authorizer answers: `allow` or `deny`; without it, that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext_authz: Option<String>,
    /// The address that is asked from; by default the pod's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_address: Option<String>,
    /// Any text, which picks one of what may come of the request by chance; the same text picks the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
}

fn is_empty(headers: &HeaderList) -> bool {
    headers.0.is_empty()
}

/// The host, if it is given, and the other headers.
type HostAndHeaders = (Option<String>, Vec<(String, String)>);

impl RequestSpec {
    /// A request of somebody to somebody, with defaults for all else.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: Some(from.into()), to: Some(to.into()), ..Self::default() }
    }

    /// A request as people write it: without what the destination says, and what is not HTTP's.
    pub(super) fn told(request: &Request) -> Self {
        let http = request.protocol.is_http();
        Self {
            method: http.then(|| request.method.clone()),
            path: http.then(|| request.path.clone()),
            host: request.authority.clone().filter(|host| *host != request.destination.host),
            headers: HeaderList(request.headers.clone()),
            claims: request.claims.clone(),
            source_address: request.source_address.map(|address| address.to_string()),
            ..Self::new(request.source.to_string(), request.destination.to_string())
        }
    }

    /// These fields, and what they leave out from `defaults`. Headers are those of both; a name that is here
    /// hides the defaults' headers of that name.
    #[must_use]
    pub fn or(self, defaults: Self) -> Self {
        let headers = {
            let own = |name: &str| self.headers.0.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            let kept = defaults.headers.0.into_iter().filter(|(name, _)| !own(name));
            HeaderList(kept.chain(self.headers.0.iter().cloned()).collect())
        };
        // A token of one's own hides the other sort.
        let has_token = self.claims.is_some() || self.token.is_some();
        Self {
            from: self.from.or(defaults.from),
            to: self.to.or(defaults.to),
            via: self.via.or(defaults.via),
            protocol: self.protocol.or(defaults.protocol),
            method: self.method.or(defaults.method),
            path: self.path.or(defaults.path),
            host: self.host.or(defaults.host),
            headers,
            claims: self.claims.or(defaults.claims.filter(|_| !has_token)),
            token: self.token.or(defaults.token.filter(|_| !has_token)),
            sni: self.sni.or(defaults.sni),
            alpn: self.alpn.or(defaults.alpn),
            ext_authz: self.ext_authz.or(defaults.ext_authz),
            source_address: self.source_address.or(defaults.source_address),
            seed: self.seed.or(defaults.seed),
        }
    }

    fn protocol(&self) -> Result<Protocol, RequestError> {
        let given = self.protocol.as_deref().map(str::parse).transpose()?;
        let (sni, alpn) = (self.sni.clone(), self.alpn.clone());
        match given {
            None if sni.is_some() || alpn.is_some() => {
                Ok(Protocol::Tls { sni, alpn: alpn.unwrap_or_default() })
            }
            None => Ok(Protocol::Http1),
            Some(Protocol::Tls { sni: named, alpn: offered }) => {
                Ok(Protocol::Tls { sni: sni.or(named), alpn: alpn.unwrap_or(offered) })
            }
            Some(_) if sni.is_some() => Err(RequestError::NotTls("sni")),
            Some(_) if alpn.is_some() => Err(RequestError::NotTls("alpn")),
            Some(other) => Ok(other),
        }
    }

    fn method(&self, protocol: &Protocol) -> Result<String, RequestError> {
        let default = if *protocol == Protocol::Grpc { "POST" } else { "GET" };
        let method = self.method.as_deref().unwrap_or(default);
        if is_header_name(method) {
            Ok(method.to_owned())
        } else {
            Err(RequestError::Method(method.to_owned()))
        }
    }

    fn path(&self) -> Result<String, RequestError> {
        let path = self.path.as_deref().unwrap_or("/");
        if !path.starts_with('/') && path != "*" {
            return Err(RequestError::Slash(path.to_owned()));
        }
        printable("path", path)
    }

    /// The host, and the headers without it.
    fn headers(&self) -> Result<HostAndHeaders, RequestError> {
        let mut host = self.host.as_deref().map(|host| printable("host", host)).transpose()?;
        let mut headers = Vec::new();
        for (name, value) in &self.headers.0 {
            if !is_header_name(name) {
                return Err(RequestError::HeaderName(name.clone()));
            }
            if value.chars().any(|c| c.is_control() && c != '\t') {
                return Err(RequestError::Character { field: "headers", value: value.clone() });
            }
            if !name.eq_ignore_ascii_case("host") {
                headers.push((name.clone(), value.clone()));
            } else if host.replace(printable("host", value)?).is_some() {
                return Err(RequestError::TwoHosts);
            }
        }
        Ok((host, headers))
    }

    /// The claims, of a token if there is one.
    fn claims(&self) -> Result<Option<Map<String, Value>>, RequestError> {
        let (field, claims) = match (&self.claims, &self.token) {
            (Some(_), Some(_)) => return Err(RequestError::TwoTokens),
            (Some(claims), None) => ("claims", claims.clone()),
            (None, Some(token)) => ("token", tokens::claims(token).ok_or(RequestError::NotAToken)?),
            (None, None) => return Ok(None),
        };
        match claims.get("iss") {
            Some(Value::String(issuer)) if !issuer.is_empty() => Ok(Some(claims)),
            _ => Err(RequestError::NoIssuer(field)),
        }
    }
}

/// The value of a field of the request's first line, which blanks would end.
fn printable(field: &'static str, value: &str) -> Result<String, RequestError> {
    if value.chars().any(|c| c.is_control() || c == ' ') {
        return Err(RequestError::Character { field, value: value.to_owned() });
    }
    Ok(value.to_owned())
}

impl TryFrom<RequestSpec> for Request {
    type Error = RequestError;

    fn try_from(spec: RequestSpec) -> Result<Self, RequestError> {
        let source: Source = spec.from.as_deref().ok_or(RequestError::NoSource)?.parse()?;
        let destination: Destination = spec.to.as_deref().ok_or(RequestError::NoDestination)?.parse()?;
        let protocol = spec.protocol()?;
        let (authority, headers) = spec.headers()?;
        let address = |text: &str| -> Result<IpAddr, RequestError> {
            text.parse().map_err(|_: AddrParseError| RequestError::Address(text.to_owned()))
        };
        Ok(Self {
            source_address: spec.source_address.as_deref().map(address).transpose()?,
            via: spec.via.as_deref().map(str::parse::<Via>).transpose()?.unwrap_or_default(),
            method: spec.method(&protocol)?,
            path: spec.path()?,
            authority,
            headers,
            claims: spec.claims()?,
            ext_authz: spec.ext_authz.as_deref().map(str::parse::<ExtAuthz>).transpose()?,
            protocol,
            token: spec.token,
            seed: spec.seed,
            ..Self::new(source, destination)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(json: Value) -> Result<Request, String> {
        let spec: RequestSpec = serde_json::from_value(json).map_err(|error| error.to_string())?;
        Request::try_from(spec).map_err(|error| error.to_string())
    }

    fn with(field: &str, value: Value) -> Result<Request, String> {
        request(json!({"from": "shop/web", "to": "cart.shop:80", field: value}))
    }

    #[test]
    fn what_is_absent_has_its_default() {
        let plain = request(json!({"from": "sa/web.shop", "to": "cart.shop:80"})).unwrap();
        let expected = Request::new("sa/web.shop".parse().unwrap(), "cart.shop:80".parse().unwrap());
        assert_eq!(format!("{plain:?}"), format!("{expected:?}"));
        assert_eq!(with("protocol", json!("grpc")).unwrap().method, "POST");
        let tls = with("sni", json!("a.example")).unwrap().protocol;
        assert_eq!(tls, Protocol::Tls { sni: Some("a.example".to_owned()), alpn: Vec::new() });
    }

    #[test]
    fn every_field_arrives() {
        let request = request(json!({
            "from": "outside", "to": "10.0.0.1:443", "via": "shop/waypoint", "protocol": "tls:b.example",
            "method": "PUT", "path": "/a?b=c", "headers": {"Host": "d.example", "x": ["1", "2"]},
            "claims": {"iss": "i", "sub": "s"}, "sni": "a.example", "alpn": ["h2"], "extAuthz": "deny",
            "sourceAddress": "10.1.2.3", "seed": "7",
        }))
        .unwrap();
        assert_eq!(request.source, Source::Outside);
        assert_eq!(request.via.to_string(), "shop/waypoint");
        let tls = Protocol::Tls { sni: Some("a.example".to_owned()), alpn: vec!["h2".to_owned()] };
        assert_eq!(
            (request.protocol, request.method.as_str(), request.path.as_str()),
            (tls, "PUT", "/a?b=c")
        );
        assert_eq!(request.authority.as_deref(), Some("d.example"));
        assert_eq!(request.headers.len(), 2);
        assert_eq!(request.claims.unwrap().get("sub"), Some(&json!("s")));
        assert_eq!(request.ext_authz, Some(ExtAuthz::Deny));
        assert_eq!(request.source_address, Some([10, 1, 2, 3].into()));
        assert_eq!(request.seed.as_deref(), Some("7"));
    }

    #[test]
    fn a_token_tells_its_claims() {
        let token = "e30.eyJpc3MiOiJhIn0.c2ln";
        let request = with("token", json!(token)).unwrap();
        assert_eq!(request.claims.unwrap().get("iss"), Some(&json!("a")));
        assert_eq!(request.token.as_deref(), Some(token));
    }

    #[test]
    fn messages_name_the_field() {
        for (field, value, message) in [
            ("from", json!("web"), "from: `web` is no source"),
            ("from", Value::Null, "from: say who asks"),
            ("to", json!("cart:http"), "to: `cart:http` is no destination"),
            ("to", Value::Null, "to: say who is asked"),
            ("via", json!("carrier pigeon"), "via: `carrier pigeon` is no way: expected ztunnel, sidecar"),
            ("protocol", json!("udp"), "protocol: `udp` is no protocol"),
            ("method", json!("GET /"), "method: `GET /` is no method of HTTP"),
            ("path", json!("x"), "path: `x` does not begin with a slash"),
            ("path", json!("/a b"), "path: `/a b` has a blank or control character"),
            ("host", json!("a b"), "host: `a b` has a blank or control character"),
            ("headers", json!({":path": "/"}), "headers: `:path` is no name of a header"),
            ("headers", json!({"a": "b\nc"}), "headers: `b\nc` has a blank or control character"),
            ("headers", json!({"host": ["a", "b"]}), "host: a header `Host` is given, too"),
            ("claims", json!({"sub": "a"}), "claims: a token has an issuer"),
            ("token", json!("a.b"), "token: expected three parts"),
            ("extAuthz", json!("maybe"), "extAuthz: `maybe` is no answer: expected allow or deny"),
            ("sourceAddress", json!("web"), "sourceAddress: `web` is no IP address"),
            ("metod", json!("GET"), "unknown field `metod`, expected one of `from`, `to`"),
        ] {
            let error = with(field, value).map(|_| ()).unwrap_err();
            assert!(error.starts_with(message), "{error}\nis not\n{message}");
        }
        let both = json!({"from": "outside", "to": "a", "claims": {"iss": "i"}, "token": "e30.eyJpc3MiOiJhIn0.c2ln"});
        assert!(request(both).unwrap_err().starts_with("token: `claims` are given, too"));
        let sni = json!({"from": "outside", "to": "a", "protocol": "http", "sni": "a"});
        assert_eq!(request(sni).unwrap_err(), "sni: only `protocol: tls` has it");
    }

    #[test]
    fn defaults_fill_what_is_left_out() {
        let spec = |json: Value| serde_json::from_value::<RequestSpec>(json).unwrap();
        let defaults = spec(json!({
            "from": "shop/web", "to": "cart.shop", "headers": ["A: 1", "b: 2"], "claims": {"iss": "i"}
        }));
        let own = spec(json!({"path": "/x", "headers": {"a": "3"}, "token": "t"}));
        let both = own.or(defaults);
        assert_eq!(
            serde_json::to_value(both).unwrap(),
            json!({"from": "shop/web", "to": "cart.shop", "path": "/x", "headers": [["b", "2"], ["a", "3"]], "token": "t"})
        );
    }
}
