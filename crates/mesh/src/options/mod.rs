//! What a user can choose about a translation.

mod assume;
mod dialect;
mod readiness;
mod settings;

pub use crate::validation::{UnknownValidation, Validation};
pub use assume::{Assume, UnknownAssumption};
pub use dialect::{Dialect, UnknownDialect};
pub use readiness::{Readiness, UnknownReadiness};
pub use settings::{Settings, SettingsError};

use crate::Str;
use crate::features::Features;
use crate::limits::Limits;
use crate::names::WaypointName;
use crate::release::Release;
use crate::rules::Rules;
use crate::text::SourceFile;
use crate::version::Version;

/// Options of a translation. `Options::default()` is Istio 1.31 with its ambient profile.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The release whose layout to generate.
    pub release: Release,
    /// The exact version of the control plane, where one is known: that of its proxies, unless they have one
    /// of their own.
    pub version: Option<Version>,
    /// Whether the snapshot's own release is taken instead, where it tells which that is.
    pub detect_release: bool,
    /// The revision of the control plane (`istio.io/rev`; `default` is that without a name): whose settings
    /// count, and which objects it reads. Without one every object is read, whatever revision it is of, with
    /// the settings of the default revision, or of the only one.
    pub revision: Option<Str>,
    /// Values of Istio's Helm charts (YAML or JSON): their `meshConfig` is merged over the snapshot's and the
    /// release's defaults, and the feature flags that they give istiod count.
    pub helm_values: Option<SourceFile>,
    /// Mesh configuration (YAML or JSON), merged over the snapshot's and the release's defaults.
    pub mesh_config: Option<SourceFile>,
    /// Generate this waypoint only; all if `None`.
    pub waypoint: Option<WaypointName>,
    /// How large an input may be.
    pub limits: Limits,
    /// Whether a waypoint without status addresses counts as ready.
    pub readiness: Readiness,
    /// What is assumed of objects that were never applied to a cluster.
    pub assume: Assume,
    /// Feature flags of the control plane.
    pub features: Features,
    /// Which Envoy is spoken to.
    pub dialect: Dialect,
    /// What is said of fields that no release of an API has.
    pub validation: Validation,
    /// What the release does differently: see [`Options::with_rules`].
    pub(crate) changed_rules: Option<&'static Rules>,
}

impl Options {
    /// The defaults for one release.
    #[must_use]
    pub fn for_release(release: Release) -> Self {
        Self { release, ..Self::default() }
    }

    /// The same for a release that does some things differently, which tells what a rule decides.
    #[must_use]
    pub fn with_rules(self, rules: &'static Rules) -> Self {
        Self { release: rules.release, changed_rules: Some(rules), ..self }
    }

    /// The version that a proxy of the control plane's own has: [`version`](Self::version), else that of the
    /// release whose resources are made.
    #[must_use]
    pub fn proxy_version(&self) -> Version {
        self.version.clone().unwrap_or_else(|| Version::new(self.rules().mesh.version))
    }

    /// What the release does.
    pub(crate) fn rules(&self) -> &'static Rules {
        self.changed_rules.unwrap_or_else(|| Rules::of(self.release))
    }
}
