//! What one waypoint will be, in Istio's terms: plain data between the mesh and Envoy's messages.
//!
//! All look-ups, scoping and choices for a waypoint end here; `resources` only renders a plan. A plan knows
//! nothing of Envoy, borrows what it says from the mesh, and each of its elements names the objects and fields that
//! made it.
//!
//! | module | decides |
//! |---|---|
//! | [`host`] | what the waypoint means by a host: Service, DestinationRule, cluster |
//! | [`WaypointSettings`] | what holds for the waypoint as a whole |
//! | [`Scope`] | what the waypoint sees of the mesh |
//! | [`names`] | how clusters, chains and routes are called |
//! | [`causes`] | why there is something, where several parts share the reason |

pub(crate) mod causes;
pub(crate) mod host;
pub mod names;
mod scope;
mod settings;

pub use scope::Scope;
pub(crate) use settings::WaypointSettings;
