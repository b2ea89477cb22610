//! A waypoint with everything around it: an authority, the pods of a snapshot, and an Envoy with the
//! configuration that the snapshot gives its waypoint.

use std::path::Path;

use waypoint_xds::dialect::Dialect;
use waypoint_xds::mesh::{Mesh, Waypoint};
use waypoint_xds::options::Options;
use waypoint_xds::problem::Problem;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::static_config::{self, StaticOptions, static_configuration};
use waypoint_xds::text::SourceFile;
use waypoint_xds::translation;
use waypoint_xds::view::json;

use crate::envoy::Envoy;
use crate::identity::Identity;
use crate::loopback::{Block, Loopback};
use crate::pki::Authority;
use crate::pods::Pods;
use crate::readdress::Readdress;
use crate::workloads::Workloads;
use crate::{Error, Result};

/// What a rig is made of.
#[derive(Debug)]
pub struct Plan<'p> {
    /// The snapshot.
    pub files: &'p [SourceFile],
    /// The release, the waypoint and whatever else there is to choose. The dialect is Envoy's.
    pub options: &'p Options,
    /// Envoy.
    pub envoy: &'p Path,
    /// Where certificates, configuration and log go, and stay.
    pub directory: &'p Path,
}

/// A running waypoint. Dropping it stops everything.
#[derive(Debug)]
pub struct Rig {
    /// Where it takes tunnels.
    pub waypoint: Loopback,
    /// The Envoy.
    pub envoy: Envoy,
    /// The pods around it.
    pub pods: Pods,
    /// Whose certificates they all have.
    pub authority: Authority,
    /// The names that the snapshot has for addresses.
    pub workloads: Workloads,
    /// What is wrong with the snapshot.
    pub problems: Vec<Problem>,
    _block: Block,
}

impl Rig {
    /// Starts everything.
    ///
    /// # Errors
    /// If the snapshot does not have the waypoint, or something does not start.
    pub async fn start(plan: &Plan<'_>) -> Result<Self> {
        let block = Block::claim().map_err(Error::start("addresses"))?;
        let read = |files: &[SourceFile]| Snapshot::read(files.iter().cloned(), &plan.options.limits);
        let given = read(plan.files);
        let readdress = Readdress::of(&given.snapshot, &block);
        let files: Vec<SourceFile> = plan.files.iter().map(|file| readdress.file(file)).collect();
        let reading = read(&files);

        let mut options = plan.options.clone();
        options.dialect = Dialect::Envoy;
        // What is wrong is told of the files as they are: no API server takes the addresses of this machine.
        let (_, mut problems) = translation::mesh(&given, &options);
        let (mesh, _) = translation::mesh(&reading, &options);
        let waypoint = chosen(&mesh, &options)?;
        let authority = Authority::new()?;
        let identity = Identity::new(&waypoint.name.namespace, &waypoint.proxy.service_account);
        let certificates = plan.directory.join("certs");
        authority.write(&certificates)?;
        authority.issue(&identity)?.write(&certificates)?;

        let configuration = static_configuration(
            &mesh,
            waypoint,
            &StaticOptions {
                certs: Some(certificates.to_string_lossy().into()),
                admin: Some(Loopback::any().into()),
                listen: Some(Loopback::any().into()),
                loopback: true,
            },
        );
        problems.extend(configuration.problems);
        let workloads = Workloads::of(&reading.snapshot);
        let pods = Pods::start(&workloads.pods, &authority).await?;
        let envoy = Envoy::start(plan.envoy, &json::value(&configuration.bootstrap), plan.directory).await?;
        let waypoint = envoy.listener("connect_terminate").await?;
        Ok(Self { waypoint, envoy, pods, authority, workloads, problems, _block: block })
    }
}

/// Which address of this machine stands for which of a snapshot's, as
/// `waypoint-xds bootstrap --static --loopback` says.
///
/// # Errors
/// If the snapshot does not have the waypoint.
pub fn addresses(reading: &Reading, options: &Options) -> Result<static_config::Loopback> {
    let (mesh, _) = translation::mesh(reading, options);
    let options = StaticOptions { loopback: true, ..StaticOptions::default() };
    Ok(static_configuration(&mesh, chosen(&mesh, &mesh.options)?, &options).loopback)
}

/// The waypoint that was asked for, or the only one.
fn chosen<'m>(mesh: &'m Mesh, options: &Options) -> Result<&'m Waypoint> {
    let mut wanted = mesh
        .waypoints
        .iter()
        .filter(|waypoint| options.waypoint.as_ref().is_none_or(|name| waypoint.name == *name));
    match (wanted.next(), wanted.next()) {
        (Some(waypoint), None) => Ok(waypoint),
        (None, _) => Err(Error::Missing("such waypoint in the snapshot".to_owned())),
        (Some(_), Some(_)) => {
            let names: Vec<String> =
                mesh.waypoints.iter().map(|waypoint| waypoint.name.to_string()).collect();
            Err(Error::Missing(format!(
                "single waypoint in the snapshot: choose one of {}",
                names.join(", ")
            )))
        }
    }
}
