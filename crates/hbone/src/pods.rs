//! HBONE's server side: pods behind ztunnel.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::echo::{Application, Arrival, Log};
use crate::identity::Identity;
use crate::loopback::{HBONE_PORT, Loopback};
use crate::pki::{Authority, identity_of};
use crate::{Error, Result};

/// A pod: a name, an address and an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// What it calls itself.
    pub name: String,
    /// Its label `version`, or nothing.
    pub version: String,
    /// Where it listens.
    pub address: Ipv4Addr,
    /// Whom its certificate names.
    pub identity: Identity,
    /// The ports on which the application itself listens, for whoever comes without HBONE.
    pub ports: Vec<u16>,
}

/// Pods that run until this is dropped.
#[derive(Debug)]
pub struct Pods {
    /// What they saw.
    pub log: Log,
    _tasks: JoinSet<()>,
}

impl Pods {
    /// Starts pods. Each listens before this returns.
    ///
    /// # Errors
    /// If an address is not of this machine, or taken.
    pub async fn start(pods: &[Pod], authority: &Authority) -> Result<Self> {
        Self::start_with(pods, authority, true).await
    }

    /// Starts pods that greet a client that says nothing, or do not: one that is only slow is not to be
    /// greeted.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(pods: &[Pod], authority: &Authority, greets: bool) -> Result<Self> {
        let mut tasks = JoinSet::new();
        let log = Log::default();
        for pod in pods {
            let credentials = authority.issue(&pod.identity)?;
            let application = Application {
                pod: pod.name.clone(),
                version: pod.version.clone(),
                log: log.clone(),
                greets,
                tls: TlsAcceptor::from(Arc::new(credentials.application()?)),
            };
            for port in &pod.ports {
                tasks.spawn(plain(listen(pod, *port).await?, application.clone()));
            }
            let tls = TlsAcceptor::from(Arc::new(credentials.server()?));
            tasks.spawn(hbone(listen(pod, HBONE_PORT).await?, tls, application));
        }
        Ok(Self { log, _tasks: tasks })
    }
}

async fn listen(pod: &Pod, port: u16) -> Result<TcpListener> {
    let address = Loopback::new(pod.address, port)?;
    address.bind().await.map_err(Error::start(format_args!("pod {} on {address}", pod.name)))
}

/// Accepts connections for ever; one that fails before it is accepted is nobody's.
async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    serve: impl Fn(TcpStream) -> F,
) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            connections.spawn(serve(stream));
        }
        // Forget those that have ended.
        while connections.try_join_next().is_some() {}
    }
}

async fn plain(listener: TcpListener, application: Application) {
    accept(listener, |stream| application.clone().serve(stream, Arrival::default())).await;
}

async fn hbone(listener: TcpListener, tls: TlsAcceptor, application: Application) {
    accept(listener, |stream| serve_hbone(stream, tls.clone(), application.clone())).await;
}

async fn serve_hbone(stream: TcpStream, tls: TlsAcceptor, application: Application) {
    let Ok(stream) = tls.accept(stream).await else { return };
    let certificates = stream.get_ref().1.peer_certificates();
    let peer = certificates.and_then(|chain| identity_of(chain.first()?)).unwrap_or_default();
    let service = service_fn(move |request| {
        let response = open_tunnel(request, &application, &peer);
        async move { Ok::<_, Infallible>(response) }
    });
    let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// Answers CONNECT, and gives what comes through the tunnel to the application.
fn open_tunnel(request: Request<Incoming>, application: &Application, peer: &str) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    let Some(destination) = request.uri().authority().filter(|_| request.method() == Method::CONNECT) else {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        return response;
    };
    let arrival =
        Arrival { peer: peer.to_owned(), destination: destination.to_string(), ..Arrival::default() };
    let application = application.clone();
    tokio::spawn(async move {
        if let Ok(stream) = hyper::upgrade::on(request).await {
            application.serve(TokioIo::new(stream), arrival).await;
        }
    });
    response
}
