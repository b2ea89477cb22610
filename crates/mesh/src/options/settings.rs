//! Options as plain data: what the command line, Python and JavaScript are given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Options, UnknownAssumption, UnknownDialect, UnknownReadiness, UnknownValidation};
use crate::Str;
use crate::features::FeatureError;
use crate::limits::{LimitNameError, Limits};
use crate::names::NotAWaypointName;
use crate::release::UnknownRelease;
use crate::snapshot::names::check_value;
use crate::text::SourceFile;
use crate::version::Version;

/// [`Options`] as plain data, with everything still to be checked; what is absent has its default.
///
/// ```
/// # use waypoint_xds_mesh as waypoint_xds;
/// use waypoint_xds::options::{Readiness, Settings};
/// use waypoint_xds::release::Release;
///
/// let settings: Settings = serde_json::from_str(
///     r#"{"release": "1.18", "readiness": "observed", "meshConfig": "trustDomain: shop.example"}"#,
/// )?;
/// let options = settings.options()?;
/// assert_eq!((options.release, options.readiness), (Release::V1_18, Readiness::Observed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// The release whose layout to generate: `1.30`, or one of its patches, `1.30.2`, which then is the
    /// version of proxies, too; `auto` is the snapshot's own, else the newest.
    pub release: Option<String>,
    /// The revision of the control plane: only what it reads counts. `default` is that without a name.
    pub revision: Option<String>,
    /// The text of values of Istio's Helm charts, YAML or JSON: their `meshConfig` and feature flags count.
    pub helm_values: Option<String>,
    /// The name of the file of these values, for problems; `helm-values` if there is none.
    pub helm_values_name: Option<String>,
    /// The text of a MeshConfig, YAML or JSON.
    pub mesh_config: Option<String>,
    /// The name of the MeshConfig's file, for problems; `mesh-config` if there is none.
    pub mesh_config_name: Option<String>,
    /// `namespace/name`: generate this waypoint only.
    pub waypoint: Option<String>,
    /// Whether a waypoint without status addresses counts as ready: `assumed` or `observed`.
    pub readiness: Option<String>,
    /// What is assumed of objects that were never applied to a cluster: `all` or `nothing`.
    pub assume: Option<String>,
    /// Feature flags of the control plane, by Istio's names.
    pub features: BTreeMap<String, String>,
    /// The build of Envoy to generate for.
    pub dialect: Option<String>,
    /// What is said of fields that no release of an API has: `strict`, `warn` or `ignore`.
    pub validate: Option<String>,
    /// How large an input may be, by the [names](Limits::NAMES) of the limits.
    pub limits: BTreeMap<String, u64>,
}

/// Why [`Settings`] are no [`Options`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// No such release.
    #[error(transparent)]
    Release(#[from] UnknownRelease),
    /// The revision is no value of a label.
    #[error(
        "`{0}` is no revision: expected the value of a label `istio.io/rev`, `default` for that without a name"
    )]
    Revision(String),
    /// No such readiness.
    #[error(transparent)]
    Readiness(#[from] UnknownReadiness),
    /// No such assumption.
    #[error(transparent)]
    Assumption(#[from] UnknownAssumption),
    /// The waypoint's name is none.
    #[error("waypoint: {0}")]
    Waypoint(#[from] NotAWaypointName),
    /// No such feature flag, or not with this value.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// No such dialect.
    #[error(transparent)]
    Dialect(#[from] UnknownDialect),
    /// No such validation.
    #[error(transparent)]
    Validation(#[from] UnknownValidation),
    /// No such limit, or not with this value.
    #[error(transparent)]
    Limit(#[from] LimitNameError),
}

impl SettingsError {
    /// What sort of error it is. Scripts may depend on it, as on a problem's [code](crate::problem::Code).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Release(_) => "unknown-release",
            Self::Revision(_) => "invalid-revision",
            Self::Readiness(_) => "unknown-readiness",
            Self::Assumption(_) => "unknown-assumption",
            Self::Waypoint(_) => "invalid-waypoint-name",
            Self::Feature(FeatureError::Unknown(_)) => "unknown-feature",
            Self::Feature(FeatureError::Value { .. }) => "invalid-feature",
            Self::Dialect(_) => "unknown-dialect",
            Self::Validation(_) => "unknown-validation",
            Self::Limit(error) => error.code(),
        }
    }
}

impl Settings {
    /// The options that these settings choose.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] for the first setting that is not one of those expected; it says what is.
    pub fn options(&self) -> Result<Options, SettingsError> {
        let mut options = Options::default();
        if let Some(release) = &self.release {
            match release.as_str() {
                "auto" => options.detect_release = true,
                release => {
                    options.version = Version::exact(release);
                    options.release = release.parse()?;
                }
            }
        }
        options.revision = self.revision.as_deref().map(parsed_revision).transpose()?;
        let file = |text: &Option<String>, name: &Option<String>, unnamed: &str| {
            let name = name.as_deref().unwrap_or(unnamed);
            text.as_deref().map(|text| SourceFile::new(name, text))
        };
        options.helm_values = file(&self.helm_values, &self.helm_values_name, "helm-values");
        options.mesh_config = file(&self.mesh_config, &self.mesh_config_name, "mesh-config");
        options.waypoint = self.waypoint.as_deref().map(str::parse).transpose()?;
        if let Some(readiness) = &self.readiness {
            options.readiness = readiness.parse()?;
        }
        if let Some(assume) = &self.assume {
            options.assume = assume.parse()?;
        }
        for (name, value) in &self.features {
            options.features.set(name, value)?;
        }
        if let Some(dialect) = &self.dialect {
            options.dialect = dialect.parse()?;
        }
        if let Some(validate) = &self.validate {
            options.validation = validate.parse()?;
        }
        options.limits = Limits::with(&self.limits)?;
        Ok(options)
    }
}

/// The revision that a text names: what a label may have as its value.
fn parsed_revision(text: &str) -> Result<Str, SettingsError> {
    let is_value = !text.is_empty() && check_value(text).is_ok();
    if is_value { Ok(text.into()) } else { Err(SettingsError::Revision(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::WaypointName;
    use crate::options::{Assume, Dialect, Readiness, Validation};
    use crate::release::Release;

    fn error(json: &str) -> (&'static str, String) {
        let settings: Settings = serde_json::from_str(json).unwrap();
        let error = settings.options().unwrap_err();
        (error.code(), error.to_string())
    }

    #[test]
    fn every_setting_reaches_its_option() {
        let settings: Settings = serde_json::from_str(
            r#"{"release": "1.18", "meshConfig": "rootNamespace: r", "helmValues": "pilot: {}", "revision": "canary", "waypoint": "shop/w", "readiness": "observed", "assume": "nothing",
                "features": {"PILOT_TRACE_SAMPLING": "7"}, "dialect": "envoy", "validate": "warn", "limits": {"depth": 7}}"#,
        )
        .unwrap();
        let options = settings.options().unwrap();
        assert_eq!(options.release, Release::V1_18);
        assert_eq!(options.mesh_config.unwrap().text(), "rootNamespace: r");
        assert_eq!(options.helm_values.unwrap().text(), "pilot: {}");
        assert_eq!(options.revision.as_deref(), Some("canary"));
        assert_eq!(options.waypoint, Some(WaypointName::new("shop", "w")));
        assert_eq!((options.readiness, options.dialect), (Readiness::Observed, Dialect::Envoy));
        assert_eq!((options.validation, options.assume), (Validation::Warn, Assume::Nothing));
        let mut limits = Limits::DEFAULT;
        limits.depth = 7;
        assert_eq!(options.limits, limits);
        assert!((options.features.pilot_trace_sampling - 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn no_settings_are_the_defaults() {
        let options = Settings::default().options().unwrap();
        assert_eq!(options.release, Release::LATEST);
        assert_eq!((options.readiness, options.waypoint), (Readiness::Assumed, None));
        assert!(options.mesh_config.is_none());
    }

    #[test]
    fn a_patch_is_the_version_of_proxies() {
        let version = |release: &str| {
            let settings = Settings { release: Some(release.to_owned()), ..Settings::default() };
            settings.options().unwrap().proxy_version().to_string()
        };
        assert_eq!(version("1.29.1"), "1.29.1");
        assert_eq!(version("istio-1.29.1-distroless"), "1.29.1");
        assert_eq!(version("1.29"), "1.29.6", "the last that is known");
    }

    #[test]
    fn errors_say_what_is_expected() {
        for (json, code, message) in [
            (r#"{"release": "1.17"}"#, "unknown-release", "expected 1.18, 1.29, 1.30 or 1.31"),
            (r#"{"readiness": "maybe"}"#, "unknown-readiness", "expected assumed or observed"),
            (r#"{"waypoint": "shop"}"#, "invalid-waypoint-name", "waypoint: expected NAMESPACE/NAME"),
            (
                r#"{"features": {"X": "true"}}"#,
                "unknown-feature",
                "`X`: expected one of AMBIENT_ENABLE_BAGGAGE",
            ),
            (r#"{"features": {"PILOT_TRACE_SAMPLING": "x"}}"#, "invalid-feature", "expected a number"),
            (r#"{"validate": "lax"}"#, "unknown-validation", "expected strict, warn or ignore"),
            (r#"{"limits": {"width": 1}}"#, "unknown-limit", "expected one of bytes, depth"),
            (r#"{"limits": {"depth": 1000000}}"#, "invalid-limit", "expected at most 256"),
            (r#"{"dialect": "nginx"}"#, "unknown-dialect", "expected istio-proxy or envoy"),
        ] {
            let (found, text) = error(json);
            assert_eq!(found, code);
            assert!(text.contains(message), "{text}");
        }
    }

    #[test]
    fn unknown_settings_are_refused() {
        let error = serde_json::from_str::<Settings>(r#"{"mesh_config": ""}"#).unwrap_err().to_string();
        assert!(error.contains("unknown field `mesh_config`, expected"), "{error}");
    }
}
