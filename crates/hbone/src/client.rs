//! HBONE's client side: what ztunnel does for a workload that talks to a service with a waypoint.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::Error;
use crate::loopback::Loopback;
use crate::pki::Credentials;
use crate::stream::Stream;

/// How long anything here waits for an answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Why a request has no response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Nobody listens, or the handshake fails.
    #[error("no connection to the waypoint: {0}")]
    Connection(#[source] std::io::Error),
    /// The connection ends before the tunnel is answered. With TLS 1.3 a client learns only here that its
    /// certificate is refused.
    #[error("the waypoint closes the connection: {0}")]
    Closed(#[source] hyper::Error),
    /// The waypoint answers CONNECT with this status.
    #[error("the waypoint refuses the tunnel: {0}")]
    Refused(StatusCode),
    /// The tunnel is open, and ends without an answer.
    #[error("the tunnel ends without an answer: {0}")]
    NoAnswer(String),
    /// No answer in time.
    #[error("no answer in {} s", PATIENCE.as_secs())]
    TimedOut,
}

/// A connection of one workload to a waypoint: mutual TLS, HTTP/2. Tunnels share it.
#[derive(Clone, Debug)]
pub struct Client {
    sender: http2::SendRequest<Empty<Bytes>>,
}

impl Client {
    /// Connects to a waypoint with a workload's certificate.
    ///
    /// # Errors
    /// If the certificate cannot be used, or there is no connection.
    pub async fn connect(waypoint: Loopback, credentials: &Credentials) -> Result<Self, Error> {
        let connector = TlsConnector::from(Arc::new(credentials.client()?));
        let handshake = async {
            let stream = waypoint.connect().await?;
            connector.connect(ServerName::IpAddress(waypoint.ip().into()), stream).await
        };
        let stream = timeout(PATIENCE, handshake)
            .await
            .map_err(|_| Failure::TimedOut)?
            .map_err(Failure::Connection)?;
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .handshake(TokioIo::new(stream))
            .await
            .map_err(Failure::Closed)?;
        // What ends the connection is told to whoever waits for a tunnel.
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Opens a tunnel: `authority` is the address and port that the workload has dialled, a VIP or a pod's.
    ///
    /// # Errors
    /// If the waypoint closes the connection or refuses the tunnel.
    pub async fn tunnel(&self, authority: &str) -> Result<Tunnel, Failure> {
        let request = Request::connect(authority)
            .body(Empty::new())
            .map_err(|error| Failure::NoAnswer(error.to_string()))?;
        let mut sender = self.sender.clone();
        let response =
            timeout(PATIENCE, sender.send_request(request)).await.map_err(|_| Failure::TimedOut)?;
        let response = response.map_err(Failure::Closed)?;
        if response.status() != StatusCode::OK {
            return Err(Failure::Refused(response.status()));
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(Failure::Closed)?;
        Ok(Tunnel(Box::new(TokioIo::new(upgraded))))
    }
}

/// An open tunnel: a stream of bytes to whom the waypoint chooses.
pub struct Tunnel(Box<dyn Stream>);

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tunnel")
    }
}

impl Tunnel {
    pub(crate) fn into_stream(self) -> Box<dyn Stream> {
        self.0
    }

    /// The stream, for a protocol.
    pub(crate) fn into_io(self) -> TokioIo<Box<dyn Stream>> {
        TokioIo::new(self.0)
    }

    /// Begins TLS in the tunnel, with whoever is at its end; any certificate of the mesh will do.
    ///
    /// # Errors
    /// If the credentials cannot be used, or the handshake fails.
    pub async fn tls(self, server_name: &str, credentials: &Credentials) -> Result<Self, Error> {
        let no_answer = |error: String| Failure::NoAnswer(error);
        let name =
            ServerName::try_from(server_name.to_owned()).map_err(|error| no_answer(error.to_string()))?;
        let mut config = credentials.client()?;
        config.alpn_protocols.clear();
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, self.0);
        let stream = timeout(PATIENCE, handshake).await.map_err(|_| Failure::TimedOut)?;
        Ok(Self(Box::new(stream.map_err(|error| no_answer(error.to_string()))?)))
    }

    /// Says a line over plain TCP, and waits for the line that comes back.
    ///
    /// # Errors
    /// If none comes.
    pub async fn say(mut self, line: &str) -> Result<String, Failure> {
        let saying = async {
            self.0.write_all(line.as_bytes()).await?;
            self.0.write_all(b"\n").await?;
            self.0.flush().await
        };
        saying.await.map_err(|error| Failure::NoAnswer(error.to_string()))?;
        self.listen().await
    }

    /// Waits for a line over plain TCP, without saying anything first.
    ///
    /// # Errors
    /// If none comes.
    pub async fn listen(self) -> Result<String, Failure> {
        let mut stream = BufReader::new(self.0);
        let mut line = String::new();
        match timeout(PATIENCE, stream.read_line(&mut line)).await {
            Err(_) => Err(Failure::TimedOut),
            Ok(Err(error)) => Err(Failure::NoAnswer(error.to_string())),
            Ok(Ok(0)) => Err(Failure::NoAnswer("end of stream".to_owned())),
            Ok(Ok(_)) => Ok(line.trim_end().to_owned()),
        }
    }
}
