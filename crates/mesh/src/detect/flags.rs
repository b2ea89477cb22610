//! The feature flags of a snapshot's control plane.

use crate::Str;
use crate::features::{Features, Variable};
use crate::options::Options;
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::{ControlPlane, Reading};

/// The options with the feature flags of the snapshot's control plane below those that are given, and notes
/// of which they are, and of those that have no effect here.
pub(super) fn with_own(reading: &Reading, mut options: Options) -> (Options, Vec<Problem>) {
    let says_something = |plane: &ControlPlane| variables(plane).any(|(_, _, kind)| kind != Variable::Other);
    let Some((other, plane)) = reading.control_plane(says_something) else {
        return (options, Vec::new());
    };
    let mut others = Features::default();
    let (mut flags, mut unknown, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value, kind) in variables(plane) {
        match kind {
            Variable::Flag => {
                // It takes the value.
                let _ = others.set(name, value);
                flags.push(format!("{name}={value}"));
            }
            Variable::Refused(refused) => problems.push(
                Problem::new(Code::IgnoredFlag, format!("{refused}; its default is taken"))
                    .severity(Severity::Warning),
            ),
            Variable::Unknown => unknown.push(format!("`{name}`")),
            Variable::Other => {}
        }
    }
    options.features = options.features.over(others);
    if !unknown.is_empty() {
        let message = format!(
            "feature flags of the control plane that no release has that is known here: {}",
            unknown.join(", ")
        );
        problems.push(Problem::new(Code::IgnoredFlag, message));
    }
    if !flags.is_empty() {
        let message = format!("feature flags of the control plane: {}", flags.join(", "));
        problems.insert(0, Problem::new(Code::FlagsDetected, message));
    }
    (options, problems.into_iter().map(|problem| problem.on(other.object.clone())).collect())
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
