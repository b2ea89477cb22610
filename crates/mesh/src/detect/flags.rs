//! The feature flags of a snapshot's control plane.

use crate::Str;
use crate::features::{Features, Variable};
use crate::options::Options;
use crate::problem::{Code, Place, Problem, Severity};
use crate::snapshot::{ControlPlane, Reading};
use crate::text::{SourceFile, documents};

/// The options with feature flags below those that are given: those of values of Helm charts, and below them
/// those of the snapshot's control plane. With notes of which they are, and of those that have no effect
/// here.
pub(super) fn with_own(reading: &Reading, mut options: Options) -> (Options, Vec<Problem>) {
    let mut problems = Vec::new();
    if let Some((file, values)) = options.helm_values.as_ref().and_then(|file| given(file, &options)) {
        let (features, found) = flags(&values, "given values");
        problems.extend(found.into_iter().map(|problem| problem.at(file.clone())));
        options.features = options.features.over(features);
    }
    let says_something = |plane: &ControlPlane| variables(plane).any(|(_, _, kind)| kind != Variable::Other);
    if let Some((other, plane)) = reading.control_plane(options.revision.as_deref(), says_something) {
        let (features, found) = flags(plane, "control plane");
        problems.extend(found.into_iter().map(|problem| problem.on(other.object.clone())));
        options.features = options.features.over(features);
    }
    (options, problems)
}

/// What given values of Helm charts say of a control plane, and the place where they start.
fn given(file: &SourceFile, options: &Options) -> Option<(Place, ControlPlane)> {
    let document = documents(file, &options.limits).next()?.ok()?;
    let values = ControlPlane::of_values(document.root())?;
    Some((file.place(document.root().locate_nearest("pilot.env")), values))
}

/// The feature flags of a control plane, and what is to be said of them.
fn flags(plane: &ControlPlane, whose: &str) -> (Features, Vec<Problem>) {
    let mut others = Features::default();
    let (mut set, mut unknown, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value, kind) in variables(plane) {
        match kind {
            Variable::Flag => {
                // It takes the value.
                let _ = others.set(name, value);
                set.push(format!("{name}={value}"));
            }
            Variable::Refused(refused) => problems.push(
                Problem::new(Code::IgnoredFlag, format!("{refused}; its default is taken"))
                    .severity(Severity::Warning),
            ),
            Variable::Unknown => unknown.push(format!("`{name}`")),
            Variable::Other => {}
        }
    }
    if !unknown.is_empty() {
        let message = format!(
            "feature flags of the {whose} that no release has that is known here: {}",
            unknown.join(", ")
        );
        problems.push(Problem::new(Code::IgnoredFlag, message));
    }
    if !set.is_empty() {
        let message = format!("feature flags of the {whose}: {}", set.join(", "));
        problems.insert(0, Problem::new(Code::FlagsDetected, message));
    }
    (others, problems)
}

/// The variables of a control plane's environment, with what each is.
fn variables(plane: &ControlPlane) -> impl Iterator<Item = (&Str, &Str, Variable)> {
    plane.environment.iter().map(|(name, value)| (name, value, Variable::of(name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::snapshot::Snapshot;
    use crate::text::SourceFile;

    #[test]
    fn every_flag_of_the_control_plane_is_told_of() {
        let yaml = "apiVersion: apps/v1\nkind: Deployment\n\
                    metadata: {name: istiod, namespace: istio-system, labels: {app: istiod}}\n\
                    spec: {template: {spec: {containers: [{name: discovery, env: [\
                    {name: POD_NAME, value: istiod}, {name: PILOT_HTTP10, value: 'true'}, \
                    {name: PILOT_TRACE_SAMPLING, value: much}, {name: PILOT_OF_TOMORROW, value: x}, \
                    {name: ENABLE_INGRESS_WAYPOINT_ROUTING, value: 'true'}]}]}}}\n";
        let reading = Snapshot::read([SourceFile::new("a.yaml", yaml)], &Limits::DEFAULT);
        let (options, problems) = with_own(&reading, Options::default());
        assert!(options.features.pilot_http10);
        let said: Vec<_> = problems.iter().map(|p| (p.code, p.severity, p.message.as_str())).collect();
        let [detected, refused, unknown] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(detected.2, "feature flags of the control plane: PILOT_HTTP10=true");
        assert_eq!((refused.0, refused.1), (Code::IgnoredFlag, Severity::Warning));
        assert!(
            refused.2.contains("`much` is no value") && refused.2.ends_with("its default is taken"),
            "{refused:?}"
        );
        assert_eq!((unknown.0, unknown.1), (Code::IgnoredFlag, Severity::Note));
        assert!(unknown.2.ends_with("known here: `PILOT_OF_TOMORROW`"), "{unknown:?}");
    }
}
