//! Requests through a tunnel: HTTP/1.1, HTTP/2 without TLS, and gRPC by hand.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{CONTENT_TYPE, HOST, TE};
use hyper::{HeaderMap, Method, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::timeout;

use crate::client::{Failure, PATIENCE, Tunnel};
use crate::echo::Seen;

/// How an inner stream speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 with prior knowledge.
    H2c,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its method.
    pub method: Method,
    /// Its path, with the query.
    pub path: String,
    /// Its host: `Host` or `:authority`.
    pub host: String,
    /// Its other headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What follows the body; gRPC's status is there.
    pub trailers: HeaderMap,
    /// How long it took.
    pub took: Duration,
}

/// gRPC's frame around a message: not compressed, and its length.
pub(crate) fn grpc_frame(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0], length.to_be_bytes().as_slice(), message].concat().into()
}

impl Request {
    /// A GET.
    #[must_use]
    pub fn get(host: &str, path: &str) -> Self {
        Self {
            protocol: Protocol::Http1,
            method: Method::GET,
            path: path.to_owned(),
            host: host.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// A unary gRPC call; `path` is `/package.Service/Method`.
    #[must_use]
    pub fn grpc(host: &str, path: &str, message: &[u8]) -> Self {
        let request = Self {
            protocol: Protocol::H2c,
            method: Method::POST,
            body: grpc_frame(message),
            ..Self::get(host, path)
        };
        request.header(CONTENT_TYPE.as_str(), "application/grpc").header(TE.as_str(), "trailers")
    }

    /// The same request with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn build(&self) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
        let builder = hyper::Request::builder().method(self.method.clone());
        let builder = match self.protocol {
            Protocol::Http1 => builder.uri(&self.path).header(HOST, &self.host),
            Protocol::H2c => builder.uri(format!("http://{}{}", self.host, self.path)),
        };
        let builder = self.headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        builder.body(Full::new(self.body.clone()))
    }
}

impl Reply {
    async fn read(response: Response<Incoming>, start: Instant) -> Result<Self, Failure> {
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(no_answer)?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let took = start.elapsed();
        Ok(Self { status: head.status, headers: head.headers, body: body.to_bytes(), trailers, took })
    }

    /// A header's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// gRPC's status, which follows the body, or stands in the headers if there is none.
    #[must_use]
    pub fn grpc_status(&self) -> Option<&str> {
        let status = self.trailers.get("grpc-status").or_else(|| self.headers.get("grpc-status"));
        status.and_then(|value| value.to_str().ok())
    }

    /// What the pod saw of the request, if a pod has answered.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        let json = match self.header(CONTENT_TYPE.as_str()) {
            Some("application/grpc") => self.body.get(5..)?,
            _ => &self.body,
        };
        serde_json::from_slice(json).ok()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// An HTTP connection inside a tunnel.
#[derive(Debug)]
pub enum Session {
    /// HTTP/1.1.
    Http1(http1::SendRequest<Full<Bytes>>),
    /// HTTP/2.
    H2c(http2::SendRequest<Full<Bytes>>),
}

fn no_answer(error: impl std::error::Error) -> Failure {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure::NoAnswer(format!("{error}{cause}"))
}

impl Session {
    /// Begins to speak a protocol in a tunnel.
    ///
    /// # Errors
    /// If the tunnel ends.
    pub async fn open(tunnel: Tunnel, protocol: Protocol) -> Result<Self, Failure> {
        let io = tunnel.into_io();
        match protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(io).await.map_err(no_answer)?;
                tokio::spawn(connection);
                Ok(Self::Http1(sender))
            }
            Protocol::H2c => {
                let (sender, connection) =
                    http2::handshake(TokioExecutor::new(), io).await.map_err(no_answer)?;
                tokio::spawn(connection);
                Ok(Self::H2c(sender))
            }
        }
    }

    /// Sends a request, and waits for all of the response.
    ///
    /// # Errors
    /// If the tunnel ends before the response does.
    pub async fn send(&mut self, request: &Request) -> Result<Reply, Failure> {
        let built = request.build().map_err(no_answer)?;
        let exchange = async {
            let start = Instant::now();
            let response = match self {
                Self::Http1(sender) => {
                    sender.ready().await.map_err(no_answer)?;
                    sender.send_request(built).await
                }
                Self::H2c(sender) => sender.send_request(built).await,
            };
            Reply::read(response.map_err(no_answer)?, start).await
        };
        timeout(PATIENCE, exchange).await.map_err(|_| Failure::TimedOut)?
    }
}

/// One request over a connection of its own.
///
/// # Errors
/// As [`Session::send`].
pub async fn request_once(tunnel: Tunnel, request: &Request) -> Result<Reply, Failure> {
    Session::open(tunnel, request.protocol).await?.send(request).await
}

/// A GET without TLS or tunnel, for an admin interface.
pub(crate) async fn get_plain(address: crate::loopback::Loopback, path: &str) -> Result<Reply, Failure> {
    let exchange = async {
        let stream = address.connect().await.map_err(Failure::Connection)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(no_answer)?;
        tokio::spawn(connection);
        let start = Instant::now();
        let request = Request::get("admin", path).build().map_err(no_answer)?;
        Reply::read(sender.send_request(request).await.map_err(no_answer)?, start).await
    };
    timeout(PATIENCE, exchange).await.map_err(|_| Failure::TimedOut)?
}
