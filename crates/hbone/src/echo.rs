//! The application in every pod: it answers HTTP/1.1, HTTP/2, gRPC and plain TCP with what it saw.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::client::PATIENCE;
use crate::http::grpc_frame;
use crate::stream::Stream;

/// What a pod saw of a request, and who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The pod that answers.
    pub pod: String,
    /// Its label `version`.
    pub version: String,
    /// The identity at the other end of the tunnel: the waypoint's. Empty without a tunnel.
    pub peer: String,
    /// What the tunnel was opened for. Empty without a tunnel.
    pub destination: String,
    /// `HTTP/1.1`, `HTTP/2.0`; `TCP` for anything else.
    pub protocol: String,
    /// Whether the application's stream was in TLS.
    pub tls: bool,
    /// The server name that the client asked for in TLS; empty without.
    pub server_name: String,
    /// The client's address by PROXY protocol; empty without.
    pub proxied: String,
    /// The request's method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    /// Its host.
    pub host: String,
    /// Its headers; several of one name are joined by commas.
    pub headers: BTreeMap<String, String>,
}

/// Everything that the pods of a run saw, in the order in which they saw it.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<Seen>>>);

impl Log {
    fn add(&self, seen: Seen) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }

    /// Everything since this was asked last.
    #[must_use]
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The requests for one path.
    #[must_use]
    pub fn of_path(&self, path: &str) -> Vec<Seen> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }
}

/// The application of one pod.
#[derive(Clone)]
pub struct Application {
    pub(crate) pod: String,
    pub(crate) version: String,
    pub(crate) log: Log,
    /// Whether a client that says nothing is greeted.
    pub(crate) greets: bool,
    pub(crate) tls: TlsAcceptor,
}

/// Requests may ask a pod to misbehave.
pub mod ask {
    /// Answer with this status.
    pub const STATUS: &str = "x-echo-status";
    /// Answer this many milliseconds later.
    pub const DELAY: &str = "x-echo-delay-ms";
    /// Only pods of this name or version misbehave.
    pub const ONLY: &str = "x-echo-only";
}

/// How a stream came to the application.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrival {
    pub(crate) peer: String,
    pub(crate) destination: String,
    pub(crate) tls: bool,
    pub(crate) server_name: String,
    pub(crate) proxied: String,
}

impl Application {
    /// Serves one stream, whatever it speaks.
    pub(crate) async fn serve(self, stream: impl Stream + 'static, mut arrival: Arrival) {
        let mut stream: Box<dyn Stream> = Box::new(stream);
        // TLS and PROXY protocol only wrap what is spoken.
        loop {
            let Ok((first, again)) = peek(stream, self.greets).await else { return };
            stream = again;
            match first {
                First::Nothing => return,
                First::Http => return self.serve_http(stream, arrival).await,
                First::Other => return self.serve_tcp(stream, &arrival).await,
                First::Tls => {
                    let Ok(inner) = self.tls.accept(stream).await else { return };
                    arrival.tls = true;
                    arrival.server_name = inner.get_ref().1.server_name().unwrap_or_default().to_owned();
                    stream = Box::new(inner);
                }
                First::Proxy => {
                    let Ok(line) = read_line(&mut stream).await else { return };
                    arrival.proxied = line.split(' ').nth(2).unwrap_or_default().to_owned();
                }
            }
        }
    }

    async fn serve_http(self, stream: Box<dyn Stream>, arrival: Arrival) {
        let service = service_fn(move |request| {
            let (application, arrival) = (self.clone(), arrival.clone());
            async move { Ok::<_, Infallible>(application.answer(request, arrival).await) }
        });
        // A stream that ends early is the client's business.
        let _ =
            auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
    }

    async fn serve_tcp(self, stream: Box<dyn Stream>, arrival: &Arrival) {
        let (reader, mut writer) = tokio::io::split(stream);
        let mut lines = BufReader::new(reader).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let seen = Seen { protocol: "TCP".to_owned(), path: line, ..self.seen(arrival) };
            let answer = serde_json::to_string(&seen).unwrap_or_default() + "\n";
            self.log.add(seen);
            if writer.write_all(answer.as_bytes()).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
    }

    fn seen(&self, arrival: &Arrival) -> Seen {
        let Arrival { peer, destination, tls, server_name, proxied } = arrival.clone();
        Seen {
            pod: self.pod.clone(),
            version: self.version.clone(),
            peer,
            destination,
            tls,
            server_name,
            proxied,
            ..Seen::default()
        }
    }

    async fn answer(&self, request: Request<Incoming>, arrival: Arrival) -> Response<Body> {
        let (head, body) = request.into_parts();
        // The request is read to its end, so that its connection can be used again.
        let _ = body.collect().await;
        let host = head.uri.authority().map(ToString::to_string);
        let seen = Seen {
            protocol: format!("{:?}", head.version),
            method: head.method.to_string(),
            path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            host: host.or_else(|| text(&head.headers, "host")).unwrap_or_default(),
            headers: texts(&head.headers),
            ..self.seen(&arrival)
        };
        self.log.add(seen.clone());
        let misbehave =
            seen.headers.get(ask::ONLY).is_none_or(|only| *only == self.pod || *only == self.version);
        let asked = |name: &str| seen.headers.get(name).filter(|_| misbehave);
        if let Some(delay) = asked(ask::DELAY).and_then(|delay| delay.parse().ok()) {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        let status = asked(ask::STATUS).and_then(|status| status.parse().ok()).unwrap_or(StatusCode::OK);
        let response = respond(&seen, status);
        // HTTP/2 takes a body as an answer to HEAD for an error.
        if seen.method == "HEAD" { response.map(|_| Full::default().boxed()) } else { response }
    }
}

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

fn respond(seen: &Seen, status: StatusCode) -> Response<Body> {
    let json = serde_json::to_vec(seen).unwrap_or_default();
    let grpc =
        seen.headers.get(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/grpc"));
    let (kind, body) = if grpc {
        let trailers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
        let body = Full::new(grpc_frame(&json)).with_trailers(std::future::ready(Some(Ok(trailers))));
        ("application/grpc", body.boxed())
    } else {
        ("application/json", Full::from(json).boxed())
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

const GRPC_STATUS: hyper::header::HeaderName = hyper::header::HeaderName::from_static("grpc-status");

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn texts(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        texts
            .entry(name.to_string())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    texts
}

/// What a stream begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Nothing,
    Tls,
    Proxy,
    Http,
    Other,
}

impl First {
    fn of(bytes: &[u8]) -> Self {
        let word = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
        match bytes {
            [] => Self::Nothing,
            // A TLS record of the type handshake.
            [0x16, ..] => Self::Tls,
            _ if word == b"PROXY" => Self::Proxy,
            // Whatever the method is.
            _ if !word.is_empty() && word.iter().all(u8::is_ascii_alphabetic) && is_http(bytes) => Self::Http,
            _ => Self::Other,
        }
    }
}

/// Whether the first line ends with a version of HTTP, as far as it is there.
fn is_http(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    line.ends_with(b" HTTP/1.1")
        || line.ends_with(b" HTTP/2.0")
        || line.len() == bytes.len() && line.contains(&b'/')
}

/// How long a pod waits for a client to say something before it speaks first.
const SILENCE: Duration = Duration::from_millis(200);
/// What it says then.
pub const GREETING: &str = "after you";

/// Waits for the first bytes of a stream, and puts them back. A client that says nothing is greeted, as
/// servers of server-first protocols do.
async fn peek(stream: Box<dyn Stream>, greets: bool) -> std::io::Result<(First, Box<dyn Stream>)> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut first = vec![0; 1024];
    let patience = if greets { SILENCE } else { PATIENCE };
    let length = match timeout(patience, reader.read(&mut first)).await {
        Ok(length) => length?,
        Err(_) if !greets => reader.read(&mut first).await?,
        Err(_) => {
            writer.write_all(GREETING.as_bytes()).await?;
            writer.write_all(b"\n").await?;
            writer.flush().await?;
            reader.read(&mut first).await?
        }
    };
    first.truncate(length);
    Ok((First::of(&first), Box::new(tokio::io::join(Cursor::new(first).chain(reader), writer))))
}

/// Reads a line byte by byte, so that nothing after it is taken.
async fn read_line<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<String> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await? {
            b'\n' => return Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            byte => line.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::First;

    #[test]
    fn a_protocol_is_known_by_its_first_bytes() {
        assert_eq!(First::of(b"GET / HTTP/1.1\r\n"), First::Http);
        assert_eq!(First::of(b"PRI * HTTP/2.0\r\n"), First::Http);
        assert_eq!(First::of(b"HE /a HTTP/1.1\r\n"), First::Http);
        assert_eq!(First::of(b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"), First::Proxy);
        assert_eq!(First::of(&[0x16, 3, 1, 0]), First::Tls);
        assert_eq!(First::of(b"hello world\n"), First::Other);
        assert_eq!(First::of(b"HELLO"), First::Other);
        assert_eq!(First::of(b""), First::Nothing);
    }
}
