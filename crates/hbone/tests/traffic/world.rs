//! Asks what rows ask.

use std::collections::BTreeMap;
use std::time::Duration;

use hbone::client::Client;
use hbone::http::{Session, request_once};
use hbone::identity::Identity;
use hbone::pki::{Authority, Credentials};
use hbone::rig::Rig;
use tokio::time::timeout;

use crate::row::{Ask, Message, Outcome, Trust};

/// How many tunnels share a row's requests.
const TUNNELS: usize = 8;

/// How long a client that says nothing waits for a greeting.
const SILENCE: Duration = Duration::from_secs(3);

/// A rig, and who has talked to it.
pub(crate) struct World {
    pub(crate) rig: Rig,
    clients: BTreeMap<&'static str, Client>,
    other: Authority,
}

impl World {
    pub(crate) fn new(rig: Rig) -> Self {
        Self { rig, clients: BTreeMap::new(), other: Authority::new().unwrap() }
    }

    /// One request in a tunnel of its own.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Outcome {
        let client = match self.client(ask).await {
            Ok(client) => client,
            Err(hbone::Error::Request(failure)) => return Outcome::NoConnection(failure.to_string()),
            Err(error) => panic!("{error}"),
        };
        let mut tunnel = match client.tunnel(&self.rig.workloads.authority(ask.to)).await {
            Ok(tunnel) => tunnel,
            Err(failure) => return Outcome::Failure(failure),
        };
        if let Some(server_name) = ask.tls {
            tunnel = match tunnel.tls(server_name, &self.credentials(ask)).await {
                Ok(tunnel) => tunnel,
                Err(hbone::Error::Request(failure)) => return Outcome::Failure(failure),
                Err(error) => panic!("{error}"),
            };
        }
        let outcome = match &ask.message {
            Message::Http(request) => request_once(tunnel, request).await.map(Outcome::Reply),
            Message::Silence => match timeout(SILENCE, tunnel.listen()).await {
                Ok(greeting) => greeting.map(Outcome::Greeting),
                Err(_) => Ok(Outcome::Silence),
            },
            Message::Line(line) => {
                tunnel.say(line).await.map(|answer| Outcome::Line(serde_json::from_str(&answer).unwrap()))
            }
        };
        outcome.unwrap_or_else(Outcome::Failure)
    }

    /// Many requests, through a few tunnels; each line of plain TCP has a tunnel of its own.
    pub(crate) async fn many(&mut self, ask: &Ask) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let Message::Http(request) = &ask.message else {
            for _ in 0..ask.times {
                outcomes.push(self.ask(ask).await);
            }
            return outcomes;
        };
        let client = self.client(ask).await.unwrap();
        let authority = self.rig.workloads.authority(ask.to);
        let mut sessions = Vec::new();
        for _ in 0..TUNNELS {
            let tunnel = client.tunnel(&authority).await.unwrap();
            sessions.push(Session::open(tunnel, request.protocol).await.unwrap());
        }
        for number in 0..ask.times {
            let mut numbered = request.clone();
            for (_, value) in &mut numbered.headers {
                *value = value.replace('%', &number.to_string());
            }
            let reply = sessions[number % TUNNELS].send(&numbered).await;
            outcomes.push(reply.map_or_else(Outcome::Failure, Outcome::Reply));
        }
        outcomes
    }

    async fn client(&mut self, ask: &Ask) -> hbone::Result<Client> {
        if ask.trust != Trust::Mesh {
            return Client::connect(self.rig.waypoint, &self.credentials(ask)).await;
        }
        if let Some(client) = self.clients.get(ask.from) {
            return Ok(client.clone());
        }
        let client = Client::connect(self.rig.waypoint, &self.credentials(ask)).await?;
        self.clients.insert(ask.from, client.clone());
        Ok(client)
    }

    fn credentials(&self, ask: &Ask) -> Credentials {
        let identity: Identity = ask.from.parse().unwrap();
        let mesh = &self.rig.authority;
        match ask.trust {
            Trust::Mesh => mesh.issue(&identity),
            Trust::OtherTrustDomain => mesh.issue(&identity.of_trust_domain("other.example")),
            Trust::OtherAuthority => {
                self.other.issue(&identity).map(|credentials| credentials.trusting(mesh))
            }
        }
        .unwrap()
    }
}
