//! Who asks: identity, address, and what sends its requests.

use std::borrow::Cow;
use std::net::IpAddr;

use super::client::NoSuchThing;
use super::request::{Request, Source};
use super::texts::Texts;
use super::via::Via;
use crate::dataplane_mode::{self, DataPlaneMode, INJECT, are_injected, data_plane_mode};
use crate::mesh::{Mesh, Workload};
use crate::snapshot::{self, Cause, Labels};

/// What sends a client's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Its ztunnel.
    Ztunnel,
    /// Its sidecar.
    Sidecar,
    /// It is a gateway for ingress, or one stands for it.
    Gateway,
    /// Itself: it is not in the mesh.
    Itself,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Client<'a> {
    /// Its SPIFFE id, if it has one.
    pub(super) id: Option<Cow<'a, str>>,
    /// Its address, if that is known.
    pub(super) address: Option<IpAddr>,
    pub(super) sender: Sender,
    pub(super) namespace: &'a str,
    /// The pod or other workload, where it is one.
    workload: Option<&'a Workload>,
    /// What a name was found to be.
    pub(super) found: Option<String>,
    /// What was assumed.
    pub(super) assumed: Option<String>,
}

impl Client<'_> {
    /// The pod or other workload, where it is one.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.workload.map(|workload| workload.source.cause())
    }
}

/// Finds out who asks.
pub(super) fn client<'a>(
    mesh: &'a Mesh,
    request: &'a Request,
    texts: &mut Texts<'a>,
) -> Result<Client<'a>, NoSuchThing> {
    let mut client = Clients { mesh, texts }.of(request)?;
    client.address = request.source_address.or(client.address);
    client.sender = match request.via {
        Via::Client | Via::Waypoint(_) => client.sender,
        Via::Ztunnel => Sender::Ztunnel,
        Via::Sidecar => Sender::Sidecar,
        Via::Ingress => Sender::Gateway,
    };
    Ok(client)
}

struct Clients<'t, 'a> {
    mesh: &'a Mesh,
    texts: &'t mut Texts<'a>,
}

impl<'a> Clients<'_, 'a> {
    fn of(&mut self, request: &'a Request) -> Result<Client<'a>, NoSuchThing> {
        Ok(match &request.source {
            Source::Outside if request.via == Via::Ingress => self.gateway()?,
            Source::Outside => Client { sender: Sender::Itself, ..self.somebody("") },
            Source::ServiceAccount { namespace, name } => self.account(namespace, name),
            Source::Spiffe(id) => {
                let namespace = request.source.namespace().unwrap_or_default();
                Client { id: Some(Cow::Borrowed(id)), ..self.somebody(namespace) }
            }
            Source::Pod { namespace, name } => {
                let pod = self.pod(namespace, name);
                pod.ok_or_else(|| NoSuchThing::Pod { namespace: namespace.clone(), name: name.clone() })?
            }
            Source::Named { namespace, name } => self.named(namespace, name),
        })
    }

    /// Somebody in the mesh.
    fn somebody(&self, namespace: &'a str) -> Client<'a> {
        Client {
            id: None,
            address: None,
            sender: Sender::Ztunnel,
            namespace,
            workload: None,
            found: None,
            assumed: None,
        }
    }

    /// Somebody in the mesh with a service account.
    fn account(&mut self, namespace: &'a str, name: &str) -> Client<'a> {
        let domain = self.mesh.config.trust_domain.as_str();
        let id = self.texts.concat(&["spiffe://", domain, "/ns/", namespace, "/sa/", name]);
        Client { id: Some(id), ..self.somebody(namespace) }
    }

    fn pod(&mut self, namespace: &str, name: &str) -> Option<Client<'a>> {
        let pod = self.mesh.workloads.pod(namespace, name).and_then(|id| self.mesh.workloads.get(id))?;
        Some(self.workload(pod))
    }

    fn workload(&mut self, workload: &'a Workload) -> Client<'a> {
        let sender = self.sender(workload);
        let account = self.account(&workload.namespace, &workload.service_account);
        Client {
            id: account.id.filter(|_| sender != Sender::Itself),
            address: workload.addresses.first().copied(),
            sender,
            workload: Some(workload),
            ..account
        }
    }

    fn sender(&self, workload: &Workload) -> Sender {
        let is_gateway =
            workload.gateway().is_some() || workload.pod().is_some_and(dataplane_mode::is_only_proxy);
        if is_gateway && !workload.is_waypoint {
            return Sender::Gateway;
        }
        match data_plane_mode(self.mesh, workload) {
            DataPlaneMode::Sidecar => Sender::Sidecar,
            _ if self.gets_sidecar(workload) => Sender::Sidecar,
            DataPlaneMode::Ambient => Sender::Ztunnel,
            DataPlaneMode::None => Sender::Itself,
        }
    }

    /// Whether a pod that is still to be made gets a sidecar.
    fn gets_sidecar(&self, workload: &Workload) -> bool {
        let is_assumed = workload.pod().is_some_and(|pod| pod.meta.is_assumed());
        let asks = |labels: &Labels| match workload.labels.get(INJECT) {
            Some(inject) => inject == "true",
            None => are_injected(labels),
        };
        let namespace = snapshot::find(&self.mesh.snapshot.namespaces, "", &workload.namespace);
        is_assumed && namespace.is_some_and(|namespace| asks(&namespace.meta.labels))
    }

    /// A pod, else any pod of a service account, else any of a Deployment or the like.
    fn named(&mut self, namespace: &'a str, name: &'a str) -> Client<'a> {
        if let Some(pod) = self.pod(namespace, name) {
            return Client { found: Some(format!("{namespace}/{name} is a pod")), ..pod };
        }
        let mesh = self.mesh;
        let workloads = || {
            let ids = mesh.workloads.in_namespace(namespace).iter();
            ids.filter_map(|id| mesh.workloads.get(*id))
        };
        let with_account = workloads().filter(|workload| workload.service_account == name);
        let account = "service account";
        if let Some(any) = self.any(namespace, name, account, with_account) {
            return any;
        }
        if snapshot::find(&self.mesh.snapshot.service_accounts, namespace, name).is_some() {
            let found = format!("{namespace}/{name} is a service account, of which no pod is there");
            return Client { found: Some(found), ..self.account(namespace, name) };
        }
        let made = workloads().filter(|workload| workload.workload_name == name || workload.name == name);
        self.any(namespace, name, "workload", made).unwrap_or_else(|| {
            let assumed = format!(
                "no pod, service account or workload {namespace}/{name} is there: it was taken as a service account of the mesh"
            );
            Client { assumed: Some(assumed), ..self.account(namespace, name) }
        })
    }

    /// Any of some pods; where they are sent by is that of the first.
    fn any(
        &mut self,
        namespace: &str,
        name: &str,
        what: &str,
        mut workloads: impl Iterator<Item = &'a Workload>,
    ) -> Option<Client<'a>> {
        let first = workloads.next()?;
        let client = self.workload(first);
        let rest: Vec<Client<'_>> = workloads.map(|workload| self.workload(workload)).collect();
        let is_alike = rest.iter().all(|other| (&other.id, other.sender) == (&client.id, client.sender));
        let unlike = || format!("the pods of {namespace}/{name} are not alike: {} asks", first.name);
        Some(Client {
            address: client.address.filter(|_| rest.is_empty() || !is_alike),
            found: Some(format!("{namespace}/{name} is a {what}, as of {}", first.name)),
            assumed: (!is_alike).then(unlike),
            ..client
        })
    }

    /// The only gateway for ingress that there is.
    fn gateway(&mut self) -> Result<Client<'a>, NoSuchThing> {
        let mut gateways: Vec<Client<'_>> = Vec::new();
        for (_, pod) in self.mesh.workloads.iter() {
            if self.sender(pod) != Sender::Gateway {
                continue;
            }
            let gateway = self.workload(pod);
            if !gateways.iter().any(|other| other.id == gateway.id) {
                gateways.push(Client { address: None, ..gateway });
            }
        }
        match gateways.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(NoSuchThing::Gateway),
            several => {
                let ids = several.iter().filter_map(|gateway| gateway.id.as_deref());
                let ids = ids.map(str::to_owned).collect();
                Err(NoSuchThing::OneGateway(ids))
            }
        }
    }
}
