//! `waypoint-xds snapshot`: the objects of a cluster, as `kubectl get` prints them.

use files::{Cluster, Found};
use waypoint_xds::detect;
use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::view::diagnostics::{self, Colour};

use crate::progress::Progress;
use crate::{Failure, Outcome, args, input, output};

pub(super) fn run(args: &args::Snapshot) -> Result<Outcome, Failure> {
    let limits = Limits::with(&args.limits.iter().cloned().collect())
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let cluster = Cluster {
        context: args.context.clone(),
        namespaces: args.namespaces.clone(),
        istio_namespace: args.istio_namespace.clone(),
    };
    if args.print_command {
        output::print(&cluster.script())?;
        return Ok(Outcome::Clean);
    }
    let copied = Progress::asking(!args.quiet, &cluster)?;
    let text = copied.text();
    match &args.output {
        Some(path) => std::fs::write(path, &text).map_err(|source| input::failed(path, source))?,
        None => output::print(&text)?,
    }
    if args.quiet {
        return Ok(Outcome::Clean);
    }
    let mut found = Found::default();
    found.add(copied);
    output::say(&diagnostics::full(&found.problems(), [], Colour::Never));
    let read = Snapshot::read(found.sources, &limits);
    let count = read.summary.objects_read() + read.summary.objects_ignored();
    let release = detect::release(&read).map_or_else(
        || "no image tells its release of Istio".to_owned(),
        |found| format!("it runs Istio {}: read it with --release {0}, or auto", found.release),
    );
    output::say(&format!("{count} objects; {release}\n"));
    Ok(Outcome::Clean)
}
