//! What is the same for every snapshot of a worker: addresses, certificates, pods, who signs tokens.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use generate::traffic::{KEY_SET, WAYPOINT, universe};
use hbone::identity::Identity;
use hbone::loopback::Block;
use hbone::pki::{Authority, Credentials};
use hbone::pods::Pods;
use hbone::readdress::Readdress;
use hbone::workloads::Workloads;
use serde_json::Value;
use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;

use crate::token::Issuer;

/// What surrounds the waypoints.
pub(crate) struct Surroundings {
    pub(crate) pods: Pods,
    pub(crate) issuer: Issuer,
    /// Where certificates, configurations and logs go, and stay.
    pub(crate) directory: PathBuf,
    pub(crate) envoy: PathBuf,
    authority: Authority,
    readdress: Readdress,
    credentials: BTreeMap<String, Arc<Credentials>>,
    _block: Block,
}

impl Surroundings {
    pub(crate) async fn start(directory: PathBuf, envoy: PathBuf) -> hbone::Result<Self> {
        let block =
            Block::claim().map_err(|source| hbone::Error::Start { what: "addresses".to_owned(), source })?;
        let read = |file: SourceFile| Snapshot::read([file], &Limits::default()).snapshot;
        let file = SourceFile::new("universe.yaml", generate::text(&universe()));
        let readdress = Readdress::of(&read(file.clone()), &block);
        let authority = Authority::new()?;
        let certificates = directory.join("certs");
        authority.write(&certificates)?;
        authority.issue(&Identity::new(WAYPOINT.0, WAYPOINT.1))?.write(&certificates)?;
        let workloads = Workloads::of(&read(readdress.file(&file)));
        let pods = Pods::start_with(&workloads.pods, &authority, false).await?;
        Ok(Self {
            pods,
            issuer: Issuer::new(),
            directory,
            envoy,
            authority,
            readdress,
            credentials: BTreeMap::new(),
            _block: block,
        })
    }

    /// A snapshot as it is read here: with addresses of this machine, and the issuer's key.
    pub(crate) fn file(&self, objects: &[Value]) -> SourceFile {
        let key = Value::from(self.issuer.key_set()).to_string();
        let text = generate::text(objects).replace(&Value::from(KEY_SET).to_string(), &key);
        self.readdress.file(&SourceFile::new("snapshot.yaml", text))
    }

    /// An address of a snapshot on this machine.
    pub(crate) fn address(&self, address: &str) -> String {
        self.readdress.file(&SourceFile::new("address", address.to_owned())).text().to_owned()
    }

    /// The certificate of a client.
    pub(crate) fn credentials(&mut self, identity: &Identity) -> hbone::Result<Arc<Credentials>> {
        let name = identity.to_string();
        if let Some(known) = self.credentials.get(&name) {
            return Ok(Arc::clone(known));
        }
        let issued = Arc::new(self.authority.issue(identity)?);
        self.credentials.insert(name, Arc::clone(&issued));
        Ok(issued)
    }
}
