//! What PeerAuthentications come to: policies that deny what is not mTLS.
//!
//! ztunnel knows no modes. A workload whose effective mode is `STRICT` has the one policy that denies callers
//! without an identity; one with other modes for some of its ports has a policy of its own. `DISABLE` is as
//! good as `PERMISSIVE`.

use std::sync::Arc;

use envoy::istio::security::{Action, Authorization, Group, Match, Rules, Scope};

use super::attach::{Attached, named, static_strict};
use super::{one, presence, without_identity};
use crate::Str;
use crate::hash::HashMap;
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::{Mesh, age};
use crate::resources::Resource;
use crate::snapshot::security::{MutualTls, MutualTlsMode, PeerAuthentication};
use crate::snapshot::{Cause, Labels, Object};
use crate::ztunnel::resource;

/// What stands before the name of a PeerAuthentication in the name of its policy.
const CONVERTED: &str = "converted_peer_authentication_";

/// The PeerAuthentications of a mesh.
pub(super) struct PeerPolicies<'m> {
    root_namespace: &'m Str,
    /// Oldest first.
    all: Vec<Arc<Object<PeerAuthentication>>>,
    /// The one for a whole namespace: the oldest.
    of_namespace: HashMap<Str, usize>,
    selectors: SelectorIndex<'m, &'m str>,
    by_name: HashMap<(Str, Str), usize>,
}

impl<'m> PeerPolicies<'m> {
    pub(super) fn new(mesh: &'m Mesh, root_namespace: &'m Str) -> Self {
        let mut all = mesh.snapshot.peer_authentications.clone();
        age::oldest_first(&mut all, mesh.rules);
        let mut of_namespace = HashMap::default();
        let mut by_name = HashMap::default();
        for (i, object) in all.iter().enumerate() {
            if selector(object).is_none() {
                of_namespace.entry(object.meta.namespace.clone()).or_insert(i);
            }
            by_name.insert((object.meta.namespace.clone(), object.meta.name.clone()), i);
        }
        let selecting = mesh
            .snapshot
            .peer_authentications
            .iter()
            .filter_map(|object| Some((&*object.meta.namespace, selector(object)?, &*object.meta.name)));
        let selectors = SelectorIndex::new(&selecting.collect::<Vec<_>>());
        Self { root_namespace, all, of_namespace, selectors, by_name }
    }

    fn of_namespace(&self, namespace: &str) -> Option<&Object<PeerAuthentication>> {
        self.all.get(*self.of_namespace.get(namespace)?).map(Arc::as_ref)
    }

    /// The one for the mesh, and the one for a namespace, unless that is the same.
    fn general(&self, namespace: &str) -> General<'_> {
        General {
            mesh: self.of_namespace(self.root_namespace),
            namespace: self.of_namespace(namespace).filter(|_| namespace != self.root_namespace),
        }
    }

    /// The oldest that selects a workload; those of the root namespace are for no workload.
    fn selecting(&self, namespace: &str, labels: &Labels) -> Option<&Object<PeerAuthentication>> {
        let names = self.selectors.matching(namespace, labels).filter(|_| namespace != self.root_namespace);
        let positions = names.filter_map(|name| self.by_name.get(&(namespace.into(), name.into())));
        self.all.get(*positions.min()?).map(Arc::as_ref)
    }

    /// The policies that have rules of their own.
    pub(super) fn converted(&self) -> impl Iterator<Item = Resource<Authorization>> {
        self.all.iter().filter_map(|object| {
            let wanted = object.meta.namespace != *self.root_namespace && object.spec.selector.is_some();
            let general = self.general(&object.meta.namespace);
            let policy = wanted.then(|| converted(object, general))??;
            let above = [general.namespace, general.mesh].into_iter().flatten();
            let objects =
                std::iter::once(object.object_ref()).chain(above.map(Object::object_ref)).map(Cause::from);
            Some(resource(policy, objects))
        })
    }

    /// Adds the policies that hold for a workload.
    pub(super) fn attach(&self, namespace: &str, labels: &Labels, attached: &mut Attached) {
        let general = self.general(namespace);
        let own = self.selecting(namespace, labels);
        let effective = effective(general, own);
        let own = own.filter(|_| effective.own);
        let own_name = own.map(|o| named(&o.meta.namespace, &format!("{CONVERTED}{}", o.meta.name)));
        let strict = effective.strict.then(|| static_strict(self.root_namespace));
        let mut names: Vec<String> = own_name.into_iter().chain(strict).collect();
        if names.is_empty() {
            return;
        }
        names.sort_unstable();
        attached.names.append(&mut names);
        let sources = [own, general.namespace, general.mesh].into_iter().flatten();
        attached.objects.extend(sources.map(Object::object_ref));
    }
}

fn selector(object: &Object<PeerAuthentication>) -> Option<&Labels> {
    object.spec.selector.as_ref().map(|selector| &selector.match_labels).filter(|labels| !labels.is_empty())
}

/// What holds for all workloads of a namespace.
#[derive(Clone, Copy)]
struct General<'p> {
    mesh: Option<&'p Object<PeerAuthentication>>,
    namespace: Option<&'p Object<PeerAuthentication>>,
}

impl General<'_> {
    /// The mode of a namespace's policy; nothing if there is none.
    fn of_namespace(&self) -> Option<MutualTlsMode> {
        self.namespace.map(|object| mode(object.spec.mtls.as_ref()))
    }

    fn of_mesh(&self) -> Option<MutualTlsMode> {
        self.mesh.map(|object| mode(object.spec.mtls.as_ref()))
    }

    /// Whether a workload without a mode of its own is `STRICT`.
    fn is_strict(&self) -> bool {
        match self.of_namespace() {
            None | Some(MutualTlsMode::Unset) => self.of_mesh() == Some(MutualTlsMode::Strict),
            Some(mode) => mode == MutualTlsMode::Strict,
        }
    }
}

fn mode(tls: Option<&MutualTls>) -> MutualTlsMode {
    tls.map_or(MutualTlsMode::Unset, |tls| tls.mode)
}

/// Which policies enforce a workload's modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Effective {
    /// The one that denies all that is not mTLS.
    strict: bool,
    /// The workload's own, which has rules for some ports.
    own: bool,
}

fn effective(general: General<'_>, own: Option<&Object<PeerAuthentication>>) -> Effective {
    use MutualTlsMode::{Disable, Permissive, Strict, Unset};
    let Some(object) = own else { return Effective { strict: general.is_strict(), own: false } };
    let any =
        |wanted: &[MutualTlsMode]| object.spec.port_level_mtls.values().any(|tls| wanted.contains(&tls.mode));
    let own_mode = mode(object.spec.mtls.as_ref());
    let strict = match own_mode {
        Unset => general.is_strict(),
        mode => mode == Strict,
    };
    // The workload's own policy then says that all other ports are strict.
    let own = match (own_mode, strict) {
        // By accident, a port with DISABLE does not count here.
        (Unset, true) => any(&[Permissive]),
        (_, true) => any(&[Permissive, Disable]),
        (_, false) => any(&[Strict]),
    };
    Effective { strict: strict && !own, own }
}

/// The policy that enforces the modes of a workload's ports; none where the general ones do.
fn converted(object: &Object<PeerAuthentication>, general: General<'_>) -> Option<Authorization> {
    let own = mode(object.spec.mtls.as_ref());
    let mut groups = Vec::new();
    let mut rules: Vec<Rules> = Vec::new();
    if own == MutualTlsMode::Strict {
        rules.push(without_identity());
    }
    let mut has_exception = false;
    for (port, port_mode) in ports(&object.spec) {
        match port_mode {
            MutualTlsMode::Strict if !is_strict_above(own, general) => {
                groups.push(Group { rules: vec![strict_port(port)] });
            }
            MutualTlsMode::Permissive | MutualTlsMode::Disable if may_be_excepted(own, general) => {
                has_exception = true;
                rules.push(one(Match { not_destination_ports: vec![port], ..Match::default() }));
            }
            _ => {}
        }
    }
    // All ports are strict as the workload is.
    if own == MutualTlsMode::Strict && !has_exception {
        return None;
    }
    // The other ports are strict, too, and no other policy may say so: it would deny the exceptions.
    if has_exception && general.is_strict() {
        rules.push(without_identity());
    }
    if !rules.is_empty() {
        groups.push(Group { rules });
    }
    (!groups.is_empty()).then(|| Authorization {
        name: format!("{CONVERTED}{}", object.meta.name),
        namespace: object.meta.namespace.to_string(),
        scope: Scope::WorkloadSelector.into(),
        action: Action::Deny.into(),
        groups,
        ..Authorization::default()
    })
}

/// The modes of ports, by their numbers.
fn ports(spec: &PeerAuthentication) -> Vec<(u32, MutualTlsMode)> {
    let modes = spec.port_level_mtls.iter();
    let mut ports: Vec<_> = modes.filter_map(|(port, tls)| Some((port.parse().ok()?, tls.mode))).collect();
    ports.sort_unstable_by_key(|(port, _)| *port);
    ports
}

fn strict_port(port: u32) -> Rules {
    one(Match { not_principals: vec![presence()], destination_ports: vec![port], ..Match::default() })
}

/// Whether a strict port is so by what holds for the whole workload.
fn is_strict_above(own: MutualTlsMode, general: General<'_>) -> bool {
    match own {
        MutualTlsMode::Unset => general.is_strict(),
        mode => mode == MutualTlsMode::Strict,
    }
}

/// Whether a port that is not strict is an exception. By accident, a namespace's policy without a mode hides
/// the mesh's.
fn may_be_excepted(own: MutualTlsMode, general: General<'_>) -> bool {
    match own {
        MutualTlsMode::Strict => true,
        MutualTlsMode::Unset => general.of_namespace().or(general.of_mesh()) == Some(MutualTlsMode::Strict),
        MutualTlsMode::Permissive | MutualTlsMode::Disable => false,
    }
}
