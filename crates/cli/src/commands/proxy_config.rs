//! `waypoint-xds proxy-config`: what `istioctl proxy-config` would print.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use files::Found;
use serde_json::Value;
use waypoint_xds::Session;
use waypoint_xds::release::Release;
use waypoint_xds::resources::WaypointResources;
use waypoint_xds::rules::Rules;
use waypoint_xds::view::config_dump::{self, ConfigDump};
use waypoint_xds::view::json::{self, ResourceKind};
use waypoint_xds::view::origins;
use waypoint_xds::view::proxy_config::{self, Filter, Form, ProxyConfig, all, extensions, secrets};
use waypoint_xds::view::table::Table;
use waypoint_xds::view::yaml;

use super::{chosen, options, refuse, report, report_unread};
use crate::args::{self, TableFormat, What};
use crate::{Failure, Outcome, input, output};

pub(super) fn run(args: &args::ProxyConfig) -> Result<Outcome, Failure> {
    let istioctl = (args.istioctl && !shows_listeners(args)).then_some("istioctl");
    let wide = (args.output == TableFormat::Wide
        && matches!(args.what, What::Secret | What::Ecds | What::Bootstrap))
    .then_some("output wide");
    let is_tables = args.what == What::All && matches!(args.output, TableFormat::Table | TableFormat::Wide);
    let headers = (args.with_headers && !is_tables).then_some("with-headers");
    if let Some(stray) = args.filter.stray(args.what, args.output).or(istioctl).or(wide).or(headers) {
        let what = args.what.to_possible_value().map(|value| value.get_name().to_owned());
        let what = what.unwrap_or_default();
        return Err(Failure::Usage(format!(
            "--{stray} says nothing about {what}: `proxy-config --help` lists what does"
        )));
    }
    let found = input::read(&args.input)?;
    let dump = match found.sources.as_slice() {
        [file] => config_dump::parse(file.text()),
        _ => None,
    };
    let Shown { config, outcome, made, release } = match dump {
        Some(dump) => {
            let which = &args.which;
            let proxy = which.proxy.as_ref().map(|_| "WAYPOINT");
            let stray =
                proxy.or(which.waypoint.as_ref().map(|_| "--waypoint")).or(args.input.how.of_objects());
            refuse(stray, "the config dump of a proxy")?;
            dumped(dump, options(&args.input)?.release, &args.input)
        }
        None => generated(args, found)?,
    };
    let wide = args.output == TableFormat::Wide;
    let own = Form::of(Rules::of(release));
    let form = if args.istioctl { own.with_names(wide) } else { own.readable() };
    if made.is_none() {
        refuse_empty(args.what, &config)?;
    }
    let filter = filter(&args.filter);
    let is_all = args.what == What::All;
    let resources = |kind: ResourceKind| {
        let table = if is_all { all::resources } else { proxy_config::table };
        let mut table = table(&config, kind, &filter, form);
        if let (true, Some((session, resources))) = (wide, &made) {
            origins::add_column(&mut table, kind, resources, &session.places());
        }
        table
    };
    let shown = |part: &Part| match (part, args.output) {
        (Part::Resources(kind), TableFormat::Table | TableFormat::Wide) => resources(*kind).to_string(),
        (Part::Secrets, TableFormat::Table | TableFormat::Wide) => {
            secrets_of(&config, release, |table| if is_all { all::secrets(table, form) } else { table })
        }
        (Part::Extensions, TableFormat::Table | TableFormat::Wide) => extensions::table(&config).to_string(),
        (Part::Resources(kind), format) => {
            written(&proxy_config::values(&config, *kind, &filter, form), format)
        }
        (Part::Secrets, format) => written(&secrets::dump(&config), format),
        (Part::Extensions, format) => written(&extensions::dump(&config), format),
    };
    match parts(args.what) {
        Some(_) if is_all && matches!(args.output, TableFormat::Json | TableFormat::Yaml) => {
            output::print(&written(&config_dump::of(&config), args.output))?;
        }
        Some(parts) if is_all => {
            let versions = ("BOOTSTRAP", all::versions(&config, form));
            let mut sections: Vec<(&str, String)> =
                parts.iter().map(|part| (part.title(), shown(part))).collect();
            sections.splice(..0, Some(versions).filter(|(_, text)| !text.is_empty()));
            output::print(&joined(&sections, args.with_headers))?;
        }
        Some(parts) => output::print(&parts.iter().map(shown).collect::<Vec<_>>().join("\n"))?,
        None => output::print(&bootstrap_of(&config, args.output)?)?,
    }
    Ok(outcome)
}

/// A value as YAML, or else as JSON.
fn written(value: &Value, format: TableFormat) -> String {
    if format == TableFormat::Yaml { yaml::to_string(value) } else { json::pretty(value) }
}

/// Sections with a blank line between them, and their titles above them where these are wanted.
fn joined(sections: &[(&str, String)], with_headers: bool) -> String {
    let section = |(title, text): &(&str, String)| match with_headers {
        true => format!("------ {title} INFO ------\n\n{text}"),
        false => text.clone(),
    };
    sections.iter().map(section).collect::<Vec<_>>().join("\n")
}

/// Refuses to show nothing of a kind that every proxy has something of: the dump is of a part of what the
/// proxy holds.
fn refuse_empty(what: What, config: &ProxyConfig) -> Result<(), Failure> {
    let (kind, is_empty) = match what {
        What::Listeners => ("listener", config.listeners.is_empty()),
        What::Clusters => ("cluster", config.clusters.is_empty()),
        What::Routes => ("route configuration", config.routes.is_empty()),
        _ => return Ok(()),
    };
    if is_empty {
        return Err(Failure::Usage(format!("there is no {kind} in this config dump")));
    }
    Ok(())
}

/// The table of secrets, as it is now: certificates expire.
fn secrets_of(config: &ProxyConfig, release: Release, change: impl FnOnce(Table) -> Table) -> String {
    if config.secrets.is_empty() {
        return "No active or warming secrets found.\n".to_owned();
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    change(secrets::table(config, &Rules::of(release).istioctl, now)).to_string()
}

/// Whether a table of listeners is asked for.
fn shows_listeners(args: &args::ProxyConfig) -> bool {
    matches!(args.what, What::Listeners | What::All)
        && matches!(args.output, TableFormat::Table | TableFormat::Wide)
}

/// What is shown, and how the run ends.
struct Shown {
    /// What a proxy holds.
    config: ProxyConfig,
    outcome: Outcome,
    /// What its resources were made from, if they were made here.
    made: Option<(Session, WaypointResources)>,
    /// The release that it is shown as.
    release: Release,
}

/// What a live proxy holds.
fn dumped(dump: ConfigDump, release: Release, input: &args::Input) -> Shown {
    let outcome = report_unread(&dump, &input.how);
    Shown { config: dump.config, outcome, made: None, release }
}

/// What the proxy of a snapshot's waypoint would hold.
fn generated(args: &args::ProxyConfig, found: Found) -> Result<Shown, Failure> {
    let session = input::session(found, &options(&args.input)?, &args.input)?;
    let shown = |problems: &[_]| report(problems, &session, &args.input.how);
    let waypoint = chosen(&session, &args.which).inspect_err(|_| _ = shown(session.problems()))?;
    let (resources, problems) = session.generate(waypoint);
    let outcome = shown(&problems);
    let config = session.proxy_config(&resources);
    let release = session.mesh().rules.release;
    Ok(Shown { config, outcome, made: Some((session, resources)), release })
}

/// istioctl has no table of a bootstrap: it prints JSON unless it is asked for something else.
fn bootstrap_of(config: &ProxyConfig, format: TableFormat) -> Result<String, Failure> {
    let bootstrap = config.bootstrap.as_ref();
    let bootstrap =
        bootstrap.ok_or_else(|| Failure::Usage("there is no bootstrap in this config dump".to_owned()))?;
    Ok(written(&serde_json::json!({"bootstrap": bootstrap}), format))
}

/// A part of what a proxy holds.
enum Part {
    Resources(ResourceKind),
    Secrets,
    Extensions,
}

impl Part {
    /// What istioctl calls it, above its table.
    fn title(&self) -> &'static str {
        match self {
            Self::Resources(ResourceKind::Listeners) => "LISTENER",
            Self::Resources(ResourceKind::Clusters) => "CLUSTER",
            Self::Resources(ResourceKind::Routes) => "ROUTE",
            Self::Resources(ResourceKind::Endpoints) => "ENDPOINTS",
            Self::Secrets => "SECRET",
            Self::Extensions => "ECDS",
        }
    }
}

/// The parts to show; none for the bootstrap.
fn parts(what: What) -> Option<&'static [Part]> {
    Some(match what {
        What::Bootstrap => return None,
        What::Listeners => &[Part::Resources(ResourceKind::Listeners)],
        What::Clusters => &[Part::Resources(ResourceKind::Clusters)],
        What::Routes => &[Part::Resources(ResourceKind::Routes)],
        What::Endpoints => &[Part::Resources(ResourceKind::Endpoints)],
        What::Secret => &[Part::Secrets],
        What::Ecds => &[Part::Extensions],
        // istioctl's order.
        What::All => &[
            Part::Resources(ResourceKind::Clusters),
            Part::Resources(ResourceKind::Listeners),
            Part::Resources(ResourceKind::Routes),
            Part::Secrets,
            Part::Resources(ResourceKind::Endpoints),
        ],
    })
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
