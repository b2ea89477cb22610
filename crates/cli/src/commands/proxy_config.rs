//! `waypoint-xds proxy-config`: what `istioctl proxy-config` would print.

use waypoint_xds::translate;
use waypoint_xds::view::json::{self, ResourceKind};
use waypoint_xds::view::proxy_config::{self, Filter, Form, ProxyConfig};
use waypoint_xds::view::yaml;

use super::{Loaded, report, waypoint_name};
use crate::args::{self, TableFormat, What};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &args::ProxyConfig) -> Result<Outcome, Failure> {
    let mut loaded = Loaded::new(&args.input)?;
    loaded.options.waypoint = args.waypoint.as_deref().map(waypoint_name).transpose()?;
    let translation = translate(&loaded.reading, &loaded.options);
    let outcome = report(&translation.problems, &loaded.reading.files, &args.input);
    let resources = match translation.waypoints.as_slice() {
        [one] => one,
        [] => return Err(Failure::Usage("no such waypoint in the snapshot".to_owned())),
        several => {
            let names: Vec<String> = several.iter().map(|w| w.waypoint.to_string()).collect();
            return Err(Failure::Usage(format!("choose a waypoint with --waypoint: {}", names.join(", "))));
        }
    };
    let config = ProxyConfig::of(resources);
    let form = match Form::of(translation.release.rules()) {
        Form::Addresses { .. } => Form::Addresses { names: args.waypoint_names },
        chains @ Form::Chains => chains,
    };
    let filter = filter(&args.filter);
    let texts: Vec<String> = kinds(args.what)
        .iter()
        .map(|kind| match args.output {
            TableFormat::Table => proxy_config::table(&config, *kind, &filter, form).to_string(),
            TableFormat::Json => json::pretty(&proxy_config::values(&config, *kind, &filter, form)),
            TableFormat::Yaml => yaml::to_string(&proxy_config::values(&config, *kind, &filter, form)),
        })
        .collect();
    output::print(&texts.join("\n"));
    Ok(outcome)
}

fn kinds(what: What) -> &'static [ResourceKind] {
    match what {
        What::Listeners => &[ResourceKind::Listeners],
        What::Clusters => &[ResourceKind::Clusters],
        What::Routes => &[ResourceKind::Routes],
        What::Endpoints => &[ResourceKind::Endpoints],
        // istioctl's order.
        What::All => {
            &[ResourceKind::Clusters, ResourceKind::Listeners, ResourceKind::Routes, ResourceKind::Endpoints]
        }
    }
}

fn filter(given: &args::Filter) -> Filter {
    let mut filter = Filter::default();
    filter.fqdn.clone_from(&given.fqdn);
    filter.port = given.port;
    filter.subset.clone_from(&given.subset);
    filter.direction.clone_from(&given.direction);
    filter.name.clone_from(&given.name);
    filter.address.clone_from(&given.address);
    filter.cluster.clone_from(&given.cluster);
    filter.listener_type.clone_from(&given.listener_type);
    filter.status.clone_from(&given.status);
    filter
}
