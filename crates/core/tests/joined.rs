//! Connection managers are put together from parts that are encoded already: their bytes are those of the
//! whole message.

use std::fs;
use std::path::Path;

use envoy::Message;
use envoy::config::listener::v3::filter::ConfigType;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;
use waypoint_xds::{Session, Translation};

/// How many connection managers there are, each of which has to be encoded as prost encodes it.
fn managers(name: &str, translation: &Translation) -> usize {
    let listeners = translation.waypoints.iter().flat_map(|waypoint| &waypoint.listeners);
    let chains = listeners.flat_map(|listener| &listener.message.filter_chains);
    let mut count = 0;
    for filter in chains.flat_map(|chain| &chain.filters) {
        let Some(ConfigType::TypedConfig(any)) = &filter.config_type else { continue };
        if let Ok(manager) = envoy::unpack::<HttpConnectionManager>(any) {
            assert_eq!(any.value, manager.encode_to_vec(), "{name}");
            count += 1;
        }
    }
    count
}

#[test]
fn joined_connection_managers_are_encoded_as_whole_ones() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cases");
    let mut count = 0;
    for entry in fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".yaml") || name.ends_with(".mesh.yaml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // What a patch adds to a message stands behind what was there.
        if text.contains("kind: EnvoyFilter") {
            continue;
        }
        for release in Release::ALL {
            let file = SourceFile::new(name.as_str(), text.as_str());
            let session = Session::read([file], &Options::for_release(*release));
            count += managers(&name, session.translation());
        }
    }
    assert!(count > 1000, "{count} connection managers");
}
