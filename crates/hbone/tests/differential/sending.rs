//! Sends requests, and finds out what became of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use generate::traffic::{Ask, Place, TunnelProtocol};
use hbone::client::{Client, Failure};
use hbone::echo::Seen;
use hbone::http::{Protocol, Reply, Request, request_once};
use hbone::identity::Identity;
use hbone::raw;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::surroundings::Surroundings;
use crate::waypoint::{ASKED, Waypoint};

/// How many requests are on their way at the same time.
const AT_ONCE: usize = 16;
/// How much later than an answer logs are written, and copies of requests arrive.
const LATER: Duration = Duration::from_millis(600);

/// What a request is sent as.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Http(Request),
    Line(String),
}

/// What came of a request at the client.
#[derive(Debug)]
pub(crate) enum Answer {
    Reply(Box<Reply>),
    /// A line over plain TCP.
    Line(String),
    Failure(Failure),
    /// Not even a connection to the waypoint.
    NoConnection(String),
}

/// All that is known of what came of a request.
#[derive(Debug)]
pub(crate) struct Fate {
    pub(crate) answer: Answer,
    /// What the waypoint's log says.
    pub(crate) logged: Option<Logged>,
    /// What pods saw of it.
    pub(crate) seen: Vec<Seen>,
}

/// A line of the waypoint's log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Logged {
    pub(crate) asked: Option<String>,
    pub(crate) status: u16,
    pub(crate) details: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) upstream: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) method: Option<String>,
}

/// A request with the name by which it is found again.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) identity: Identity,
    pub(crate) to: String,
    pub(crate) message: Message,
}

/// A request as it is sent: its token signed, its protocol one that can carry it.
pub(crate) fn sent(around: &Surroundings, ask: &Ask, name: &str) -> Sent {
    let identity = Identity::new(&ask.namespace, &ask.account).of_trust_domain(&ask.trust_domain);
    let (name, to) = (name.to_owned(), around.address(&ask.to));
    if ask.speaks == TunnelProtocol::Tcp {
        return Sent { message: Message::Line(name.clone()), name, identity, to };
    }
    let mut request = Request::get(&ask.host, &ask.path);
    let over_http2 = ask.speaks != TunnelProtocol::Http1;
    request.headers = ask.headers.clone();
    if let Some(token) = &ask.token {
        let text = around.issuer.sign(&token.claims.clone().into());
        match &token.place {
            Place::Header(header, prefix) => {
                request.headers.push((header.clone(), format!("{prefix}{text}")))
            }
            Place::Parameter(parameter) => {
                let sign = if request.path.contains('?') { '&' } else { '?' };
                request.path = format!("{}{sign}{parameter}={text}", request.path);
            }
        }
    }
    request.headers.push((ASKED.to_owned(), name.clone()));
    request.method = ask.method.parse().unwrap();
    let as_uri = format!("http://{}{}", request.host, request.path).parse::<hyper::Uri>();
    let is_same = as_uri.is_ok_and(|uri| {
        uri.path_and_query().map(ToString::to_string).as_ref() == Some(&request.path)
            && uri.authority().map(ToString::to_string).as_ref() == Some(&request.host)
    });
    if over_http2 && is_same {
        // HTTP/2 has no such headers, and nothing around values.
        request.headers.retain(|(name, _)| name != "connection");
        request.headers.iter_mut().for_each(|(_, value)| *value = value.trim().to_owned());
        request.protocol = Protocol::H2c;
        if ask.speaks == TunnelProtocol::Grpc {
            let call = Request::grpc("", "", b"ten");
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type") && name != "te");
            request.headers.extend(call.headers);
            request.body = call.body;
        }
    }
    Sent { name, identity, to, message: Message::Http(request) }
}

/// Sends all, a few at a time, and gathers what became of each.
pub(crate) async fn send(around: &mut Surroundings, waypoint: &Waypoint, all: &[Sent]) -> Vec<Fate> {
    let _ = around.pods.log.take();
    let mut clients: BTreeMap<String, Result<Client, String>> = BTreeMap::new();
    for one in all {
        let name = one.identity.to_string();
        if let Entry::Vacant(entry) = clients.entry(name) {
            let credentials = around.credentials(&one.identity).unwrap();
            let client = Client::connect(waypoint.address, &credentials).await;
            entry.insert(client.map_err(|error| error.to_string()));
        }
    }
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (number, one) in all.iter().enumerate() {
        let (turns, client, one) =
            (Arc::clone(&turns), clients[&one.identity.to_string()].clone(), one.clone());
        tasks.spawn(async move {
            let _turn = turns.acquire_owned().await;
            match client {
                Ok(client) => (number, ask(&client, &one).await),
                Err(why) => (number, Answer::NoConnection(why)),
            }
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        let (number, answer) = done.unwrap();
        answers.insert(number, answer);
    }
    gather(around, waypoint, all, answers.into_values().collect()).await
}

async fn ask(client: &Client, one: &Sent) -> Answer {
    let tunnel = match client.tunnel(&one.to).await {
        Ok(tunnel) => tunnel,
        Err(failure) => return Answer::Failure(failure),
    };
    match &one.message {
        Message::Line(line) => tunnel.say(line).await.map_or_else(Answer::Failure, Answer::Line),
        Message::Http(request) => {
            let reply = match request.protocol {
                Protocol::Http1 => raw::request_once(tunnel, request).await,
                Protocol::H2c => request_once(tunnel, request).await,
            };
            reply.map_or_else(Answer::Failure, |reply| Answer::Reply(Box::new(reply)))
        }
    }
}

/// Waits for the logs of those that were answered.
async fn gather(around: &Surroundings, waypoint: &Waypoint, all: &[Sent], answers: Vec<Answer>) -> Vec<Fate> {
    let start = Instant::now();
    let (mut logged, mut seen) = (BTreeMap::new(), BTreeMap::<String, Vec<Seen>>::new());
    loop {
        for line in std::fs::read_to_string(&waypoint.log).unwrap_or_default().lines() {
            // The last line may be half of one.
            let Ok(line) = serde_json::from_str::<Logged>(line) else { continue };
            if let Some(name) = line.asked.clone() {
                logged.insert(name, line);
            }
        }
        for one in around.pods.log.take() {
            let name = one.headers.get(ASKED).unwrap_or(&one.path).clone();
            seen.entry(name).or_default().push(one);
        }
        let is_missing = |(one, answer): (&Sent, &Answer)| {
            let is_http = matches!(answer, Answer::Reply(reply) if reply.status != 400);
            is_http && !logged.contains_key(&one.name)
        };
        if !all.iter().zip(&answers).any(is_missing) || start.elapsed() > LATER {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    // Copies go on their way before the answer comes back, and nobody waits for them.
    sleep(Duration::from_millis(20)).await;
    for one in around.pods.log.take() {
        let name = one.headers.get(ASKED).unwrap_or(&one.path).clone();
        seen.entry(name).or_default().push(one);
    }
    let fate = |(one, answer): (&Sent, Answer)| Fate {
        answer,
        logged: logged.get(&one.name).cloned(),
        seen: seen.get(&one.name).cloned().unwrap_or_default(),
    };
    all.iter().zip(answers).map(fate).collect()
}
