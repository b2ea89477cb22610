//! `hbone`: what a waypoint on a laptop needs around it.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Parser};
use hbone::client::{Client, Failure, PATIENCE};
use hbone::http::{Protocol, Reply, Request, Session};
use hbone::identity::Identity;
use hbone::loopback::Loopback;
use hbone::pki::{Authority, Credentials};
use hbone::pods::Pods;
use hbone::workloads::Workloads;
use hbone::{Error, Result, rig};
use hyper::Method;
use tokio::time::sleep;
use waypoint_xds::mesh::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;

/// Certificates, pods and requests for a waypoint on this machine. Nothing leaves 127.0.0.0/8.
#[derive(Debug, Parser)]
#[command(name = "hbone", version, max_term_width = 110)]
enum Command {
    /// Write a test authority, and a waypoint's certificate as istio-agent would.
    Certs(Certs),
    /// Run the pods of a snapshot, until stopped. Each answers with what it saw.
    Pods(PodsOf),
    /// Send a request through the waypoint, as ztunnel would for a workload. It waits until the waypoint's
    /// Envoy listens.
    Get(Get),
}

#[derive(Debug, Args)]
struct Certs {
    /// Where they go.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The waypoint's NAMESPACE/SERVICE-ACCOUNT. In 1.31 the account has the Gateway's name, in 1.18
    /// `-istio-waypoint` follows.
    #[arg(long = "as", value_name = "NS/SA")]
    identity: Identity,
}

#[derive(Debug, Args)]
struct PodsOf {
    /// The snapshot.
    #[arg(short = 'f', long = "filename", required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// What `hbone certs` has written.
    #[arg(long, value_name = "DIR")]
    certs: PathBuf,
    /// The release of Istio.
    #[arg(long, default_value_t = Release::default(), value_name = "RELEASE")]
    release: Release,
    /// The waypoint; may be left out where there is only one.
    #[arg(long, value_name = "NS/NAME")]
    waypoint: Option<WaypointName>,
}

#[derive(Debug, Args)]
struct Get {
    /// `http://ADDRESS:PORT/PATH`, with the address of a Service or of a pod.
    url: String,
    /// Who asks.
    #[arg(long = "as", value_name = "NS/SA")]
    identity: Identity,
    /// What `hbone certs` has written.
    #[arg(long, value_name = "DIR")]
    certs: PathBuf,
    /// Where the waypoint takes tunnels.
    #[arg(long, default_value = "127.0.0.1:15008", value_name = "ADDR")]
    waypoint: Loopback,
    /// Ask so many times, and count the answers.
    #[arg(short = 'n', long, value_name = "N")]
    count: Option<usize>,
    /// The method.
    #[arg(short = 'X', long, default_value = "GET", value_name = "METHOD")]
    method: Method,
    /// A header, `NAME: VALUE`; may be given several times.
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Speak HTTP/2.
    #[arg(long)]
    http2: bool,
}

fn header(text: &str) -> std::result::Result<(String, String), &'static str> {
    let (name, value) = text.split_once(':').ok_or("a header is `NAME: VALUE`")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[tokio::main(flavor = "current_thread")]
#[allow(clippy::print_stderr, reason = "a command tells what is wrong")]
async fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Certs(args) => certs(&args),
        Command::Pods(args) => pods(&args).await,
        Command::Get(args) => get(&args).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hbone: {error}");
            ExitCode::FAILURE
        }
    }
}

/// An authority that is there already is kept.
fn certs(args: &Certs) -> Result<()> {
    let authority = Authority::read(&args.directory).or_else(|_| Authority::new())?;
    authority.write(&args.directory)?;
    authority.issue(&args.identity)?.write(&args.directory)
}

#[allow(clippy::print_stdout, reason = "a command prints")]
async fn pods(args: &PodsOf) -> Result<()> {
    let files: Vec<SourceFile> = args.paths.iter().map(|path| read(path)).collect::<Result<_>>()?;
    let mut options = Options::for_release(args.release);
    options.waypoint.clone_from(&args.waypoint);
    let reading = Snapshot::read(files, &options.limits);
    let here = rig::addresses(&reading, &options)?;
    let mut workloads = Workloads::of(&reading.snapshot);
    workloads.pods.retain_mut(|pod| match here.get(&pod.address.to_string()) {
        Some(address) => {
            pod.address = address;
            true
        }
        None => false,
    });
    let _pods = Pods::start(&workloads.pods, &Authority::read(&args.certs)?).await?;
    for pod in &workloads.pods {
        println!("{} is {}", pod.address, pod.name);
    }
    std::future::pending().await
}

fn read(path: &Path) -> Result<SourceFile> {
    let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    Ok(SourceFile::from_bytes(path.display().to_string(), &bytes))
}

#[allow(clippy::print_stdout, reason = "a command prints")]
async fn get(args: &Get) -> Result<()> {
    let url = args.url.strip_prefix("http://").unwrap_or(&args.url);
    let (authority, path) = url.split_at(url.find('/').unwrap_or(url.len()));
    let host = args.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let mut request =
        Request::get(host.map_or(authority, |(_, host)| host), if path.is_empty() { "/" } else { path });
    request.method = args.method.clone();
    request.protocol = if args.http2 { Protocol::H2c } else { Protocol::Http1 };
    request.headers =
        args.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")).cloned().collect();

    let credentials = Authority::read(&args.certs)?.issue(&args.identity)?;
    let client = connect(args.waypoint, &credentials).await?;
    let mut session = Session::open(client.tunnel(authority).await?, request.protocol).await?;
    let Some(count) = args.count else {
        let reply = session.send(&request).await?;
        println!("{}\n{}", reply.status, reply.text());
        return Ok(());
    };
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..count {
        *answers.entry(in_a_word(&session.send(&request).await?)).or_default() += 1;
    }
    for (answer, times) in answers {
        println!("{times:6} {answer}");
    }
    Ok(())
}

/// How long it is until an Envoy that does not listen yet is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection to the waypoint, as soon as its Envoy listens: it may just have been started.
async fn connect(waypoint: Loopback, credentials: &Credentials) -> Result<Client> {
    let start = Instant::now();
    loop {
        match Client::connect(waypoint, credentials).await {
            Err(Error::Request(Failure::Connection(why)))
                if why.kind() == ErrorKind::ConnectionRefused && start.elapsed() < PATIENCE =>
            {
                sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// An answer's status, and who gave it.
fn in_a_word(reply: &Reply) -> String {
    match reply.seen() {
        Some(seen) => format!("{} {}", reply.status, seen.pod),
        None => format!("{} {}", reply.status, reply.text()),
    }
}
