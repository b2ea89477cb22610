//! What binds to the chains of one waypoint, looked up once for all of them.

use std::borrow::Cow;

use super::{Attach, Attached, Attachments, each_once};
use crate::mesh::{Service, Waypoint};

/// Whose objects come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// Those of the root namespace, then those of the waypoint's.
    RootFirst,
    /// Those of the waypoint's namespace, then those of the root namespace.
    WaypointFirst,
}

/// The objects of one kind that bind to the chains of one waypoint.
#[derive(Clone, Debug)]
pub struct WaypointAttachments<'m, T> {
    attachments: &'m Attachments<T>,
    /// What binds to every chain, by namespace in the order of their precedence.
    by_namespace: Vec<(&'m str, Vec<Attached>)>,
    /// The same in one list.
    every: Vec<Attached>,
}

impl<T: Attach> Attachments<T> {
    /// What binds to a waypoint's chains, to be looked up by their Services.
    #[must_use]
    pub fn of_waypoint<'m>(
        &'m self,
        waypoint: &'m Waypoint,
        precedence: Precedence,
    ) -> WaypointAttachments<'m, T> {
        let (own, root) = (waypoint.name.namespace.as_str(), self.root_namespace.as_str());
        let namespaces = match precedence {
            Precedence::RootFirst => [root, own],
            Precedence::WaypointFirst => [own, root],
        };
        let count = if own == root { 1 } else { namespaces.len() };
        let found = |namespace| (namespace, self.in_namespace(namespace, waypoint, None));
        let by_namespace: Vec<_> = namespaces.into_iter().take(count).map(found).collect();
        let every = by_namespace.iter().flat_map(|(_, attached)| attached).copied().collect();
        WaypointAttachments { attachments: self, by_namespace, every }
    }
}

impl<T: Attach> WaypointAttachments<'_, T> {
    /// What binds to the chains for a Service, or to those for no Service (direct access to pods): the
    /// namespaces as their precedence says, the Service's last; within each the oldest first.
    ///
    /// See [`Attachments::at`].
    #[must_use]
    pub fn of(&self, service: Option<&Service>) -> Cow<'_, [Attached]> {
        let Some(service) = service else { return Cow::Borrowed(&self.every) };
        let mut own = self.attachments.referring_to_service(service).to_vec();
        if own.is_empty() {
            return Cow::Borrowed(&self.every);
        }
        let mut found = Vec::with_capacity(self.every.len() + own.len());
        for (namespace, attached) in &self.by_namespace {
            if *namespace == service.namespace {
                own.extend(attached);
                found.append(&mut each_once(std::mem::take(&mut own)));
            } else {
                found.extend(attached);
            }
        }
        found.append(&mut own);
        Cow::Owned(found)
    }
}
