//! `telemetry-twice`: Telemetry for a whole namespace that nothing reads, because an older one is for it,
//! too.

use std::collections::BTreeMap;

use crate::lint::telemetry::all_in_force;
use crate::lint::{Context, Rule};
use crate::mesh::attachment::is_namespace_wide;
use crate::problem::{Code, Problem};
use crate::snapshot::Object;
use crate::snapshot::telemetry::Telemetry;

pub(super) const RULE: Rule = Rule {
    analyze: &["IST0160"],
    ..Rule::new(Code::TelemetryTwice, include_str!("telemetry_twice.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let wide = all_in_force(cx).into_iter().filter(|object| is_namespace_wide(*object));
    let read: BTreeMap<&str, &Object<Telemetry>> =
        wide.map(|object| (object.meta.namespace.as_str(), object)).collect();
    let others = cx.snapshot.telemetries.iter().filter(|other| is_namespace_wide(&***other));
    let unread = others.filter_map(|other| {
        let read = read.get(other.meta.namespace.as_str())?;
        (read.meta.name != other.meta.name).then(|| problem(cx, other, read))
    });
    unread.collect()
}

fn problem(cx: &Context<'_>, unread: &Object<Telemetry>, read: &Object<Telemetry>) -> Problem {
    let namespace = &unread.meta.namespace;
    let whole = if *namespace == cx.mesh.config.root_namespace {
        "all of the mesh".to_owned()
    } else {
        format!("all of namespace `{namespace}`")
    };
    let message = format!(
        "of the Telemetry for {whole} only the oldest counts, `{}`: nothing reads this one",
        read.meta.name
    );
    Problem::new(Code::TelemetryTwice, message)
        .on(unread.object_ref())
        .field("metadata.name")
        .help(format!("put its settings into `{}`, or say what it is for in `targetRefs`", read.meta.name))
        .related_object(read.object_ref(), "metadata.name", "this one counts")
}
