//! What binds where: the one index of everything that says by a selector, by references or by its namespace
//! what it is for.
//!
//! | release | an object binds to a waypoint's chains by |
//! |---|---|
//! | 1.18 | its selector, compared with the labels of the waypoint's own pod: alike to every chain |
//! | 1.31 | its `targetRefs`: a Gateway or GatewayClass to every chain, a Service or ServiceEntry to that one's |
//!
//! To a workload, and to the waypoint's pod as to any other, it binds by its selector, or for being for all
//! of its namespace. In which namespaces is looked, and in what order, differs between the kinds; each says
//! so where it asks.
//!
//! | module | knows |
//! |---|---|
//! | `target` | what a reference refers to |
//! | `kinds` | how each kind of object says what it is for |
//! | `index` | where objects are found by what they are for |
//! | `waypoint` | what binds to the chains of one waypoint |
//!
//! Source: [policy
//! attachment](https://istio.io/latest/docs/ambient/usage/l7-features/#targeting-policies-or-routing-rules).

mod index;
mod kinds;
mod target;
#[cfg(test)]
pub(in crate::mesh) mod tests;
mod waypoint;

use std::ops::Deref;
use std::sync::Arc;

use crate::Str;
use crate::mesh::{Service, Waypoint, age};
use crate::rules::{PolicyAttachment, Rules};
use crate::snapshot::object::Resource;
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{Cause, FieldPath, Labels, Meta, Object};

use index::Index;
use target::Target;

pub use target::TargetKind;
pub use waypoint::{Precedence, WaypointAttachments};

/// Something that says what it is for.
pub trait Attach {
    /// The path of the labels that it selects workloads by.
    const SELECTOR: &'static str = "spec.selector.matchLabels";

    /// Its metadata.
    fn meta(&self) -> &Meta;

    /// The labels of the workloads that it is for.
    fn selector(&self) -> Option<&Labels>;

    /// What it is for, as a single reference. It counts where there is no list.
    fn target_ref(&self) -> Option<&PolicyTargetReference> {
        None
    }

    /// What it is for.
    fn target_refs(&self) -> &[PolicyTargetReference] {
        &[]
    }
}

/// Why an object binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// It names nothing, and is in the root namespace: it is for the whole mesh.
    RootNamespace,
    /// It names nothing: it is for its namespace.
    Namespace,
    /// It selects the pod's labels.
    Selector,
    /// It refers to the waypoint, to its class, or to the Service.
    Reference {
        /// What it refers to.
        to: TargetKind,
        /// The position in `targetRefs`; none for the single `targetRef`.
        position: Option<usize>,
    },
}

/// An object that binds, and why.
#[derive(Debug)]
pub struct Bound<'m, T> {
    /// The object.
    pub object: &'m Arc<T>,
    /// Why it binds.
    pub by: Binding,
}

impl<T: Attach> Bound<'_, T> {
    /// The field that says so; the root for what is for all of its namespace.
    #[must_use]
    pub fn field(&self) -> FieldPath {
        match self.by {
            Binding::RootNamespace | Binding::Namespace => FieldPath::default(),
            Binding::Selector => FieldPath::field(T::SELECTOR),
            Binding::Reference { position: None, .. } => FieldPath::field("spec.targetRef"),
            Binding::Reference { position: Some(position), .. } => {
                FieldPath::at("spec.targetRefs[]", [position])
            }
        }
    }
}

impl<S: Resource> Bound<'_, Object<S>>
where
    Object<S>: Attach,
{
    /// The object and the field, as the cause of what is made of it.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause::new(self.object.object_ref(), self.field())
    }
}

impl<T> Clone for Bound<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Bound<'_, T> {}

impl<T> Deref for Bound<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.object
    }
}

/// An object that binds, by its position in the index. Those of one list are in the order of their age,
/// unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attached {
    /// The position.
    pub(crate) position: usize,
    by: Binding,
}

/// The objects of one kind, indexed by what they are for: whoever asks what binds to something looks only at
/// that.
#[derive(Clone, Debug)]
pub struct Attachments<T> {
    rules: &'static Rules,
    root_namespace: Str,
    /// In Istio's order of age.
    all: Vec<Arc<T>>,
    index: Index,
}

impl<T: Attach> Attachments<T> {
    /// Builds the index.
    #[must_use]
    pub fn new(
        objects: impl IntoIterator<Item = Arc<T>>,
        rules: &'static Rules,
        root_namespace: &Str,
    ) -> Self {
        let mut all: Vec<Arc<T>> = objects.into_iter().collect();
        age::oldest_first_by(&mut all, |object| object.meta(), rules);
        let index = Index::new(&all, root_namespace);
        Self { rules, root_namespace: root_namespace.clone(), all, index }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Where objects for the whole mesh are.
    #[must_use]
    pub fn root_namespace(&self) -> &Str {
        &self.root_namespace
    }

    /// The objects at these positions.
    pub fn at(&self, attached: &[Attached]) -> impl Iterator<Item = Bound<'_, T>> {
        attached.iter().filter_map(|attached| self.get(*attached))
    }

    fn get(&self, attached: Attached) -> Option<Bound<'_, T>> {
        self.all.get(attached.position).map(|object| Bound { object, by: attached.by })
    }

    /// The oldest object for the whole of a namespace.
    pub(crate) fn for_namespace(&self, namespace: &str) -> Option<Bound<'_, T>> {
        let position = *self.index.namespace(namespace)?.wide.first()?;
        self.get(Attached { position, by: self.without_selector(namespace) })
    }

    /// The oldest object of a namespace that selects a workload with these labels.
    pub(crate) fn for_labels(&self, namespace: &str, labels: &Labels) -> Option<Bound<'_, T>> {
        let position = self.selecting(namespace, labels).min()?;
        self.get(Attached { position, by: Binding::Selector })
    }

    /// What binds to a waypoint's pod as to any other workload: by a selector or, if it refers to something,
    /// by a reference to the Gateway. Those of the root namespace come first.
    #[must_use]
    pub fn of_pod(&self, waypoint: &Waypoint) -> Vec<Attached> {
        let (own, root) = (&waypoint.name.namespace, &self.root_namespace);
        let gateway = Target::gateway(waypoint);
        let in_namespace = |namespace: &Str| {
            let mut found = self.by_selector(namespace, &waypoint.proxy.labels);
            found.retain(|attached| self.get(*attached).is_some_and(|bound| refers_to_nothing(&*bound)));
            found.extend(self.index.referring(&gateway).iter().filter(|_| namespace == own));
            each_once(found)
        };
        let namespaces = std::iter::once(root).chain((own != root).then_some(own));
        namespaces.flat_map(in_namespace).collect()
    }

    /// What of a namespace binds to a waypoint's chains. With a Service, this is about the chains of that
    /// Service; without, about what every chain has.
    ///
    /// In the first releases the labels of the waypoint's own pod are selected; in later ones a selector
    /// never matches a waypoint, and an object has to refer to something.
    pub(crate) fn in_namespace(
        &self,
        namespace: &str,
        waypoint: &Waypoint,
        service: Option<&Service>,
    ) -> Vec<Attached> {
        if self.is_empty() {
            return Vec::new();
        }
        match self.rules.policies.attachment {
            PolicyAttachment::Selector => self.by_selector(namespace, &waypoint.proxy.labels),
            PolicyAttachment::TargetRefs => {
                let of_waypoint = [Target::class(&self.root_namespace), Target::gateway(waypoint)];
                let targets = of_waypoint.into_iter().chain(service.map(Target::service));
                let there = targets.filter(|target| target.namespace == namespace);
                each_once(there.flat_map(|target| self.index.referring(&target)).copied().collect())
            }
        }
    }

    /// What binds to the chains of a Service only, by references to it.
    fn referring_to_service(&self, service: &Service) -> &[Attached] {
        match self.rules.policies.attachment {
            PolicyAttachment::TargetRefs if !self.is_empty() => {
                self.index.referring(&Target::service(service))
            }
            _ => &[],
        }
    }

    /// What of a namespace selects a pod with these labels, or selects nothing in particular.
    fn by_selector(&self, namespace: &str, labels: &Labels) -> Vec<Attached> {
        let all = self.index.namespace(namespace).map_or(&[][..], |found| &found.unselective);
        let by = self.without_selector(namespace);
        let mut found: Vec<Attached> =
            all.iter().map(|position| Attached { position: *position, by }).collect();
        let selecting = self.selecting(namespace, labels);
        found.extend(selecting.map(|position| Attached { position, by: Binding::Selector }));
        found.sort_unstable();
        found
    }

    /// What of a namespace selects a pod with these labels, in no particular order.
    fn selecting(&self, namespace: &str, labels: &Labels) -> impl Iterator<Item = usize> {
        let candidates = self.index.namespace(namespace).into_iter().flat_map(|found| found.sharing(labels));
        candidates.filter(|position| {
            let selector = self.all.get(*position).and_then(|object| object.selector());
            selector.is_some_and(|selector| selector.is_subset(labels))
        })
    }

    /// Why an object without a selector binds to a pod.
    fn without_selector(&self, namespace: &str) -> Binding {
        if self.root_namespace == namespace { Binding::RootNamespace } else { Binding::Namespace }
    }
}

/// What an object refers to; a single reference counts where there is no list.
pub fn target_references<T: Attach>(object: &T) -> &[PolicyTargetReference] {
    match object.target_refs() {
        [] => object.target_ref().map_or(&[], std::slice::from_ref),
        list => list,
    }
}

/// The references of an object, each with its position in the list.
fn references<T: Attach>(object: &T) -> impl Iterator<Item = (Option<usize>, &PolicyTargetReference)> {
    let list = object.target_refs();
    let single = object.target_ref().filter(|_| list.is_empty());
    let listed = list.iter().enumerate().map(|(position, reference)| (Some(position), reference));
    single.map(|reference| (None, reference)).into_iter().chain(listed)
}

/// Whether something names nothing, and so is for its whole namespace.
pub fn is_namespace_wide<T: Attach>(object: &T) -> bool {
    refers_to_nothing(object) && object.selector().is_none_or(Labels::is_empty)
}

/// Whether something names no target.
pub fn refers_to_nothing<T: Attach>(object: &T) -> bool {
    target_references(object).is_empty()
}

/// Objects in the order of their age; of one that binds for several reasons the first.
fn each_once(mut found: Vec<Attached>) -> Vec<Attached> {
    found.sort_unstable();
    found.dedup_by_key(|attached| attached.position);
    found
}
