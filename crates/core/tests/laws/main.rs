//! Laws that hold for every snapshot, over generated ones: what no golden file can say.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "a test may print")]

mod access;
mod diffs;
mod document;
mod enumerated;
mod generate;
mod idle;
mod policies;
mod routes;
mod schemas;
mod traces;

use std::collections::BTreeSet;

use document::{Document, file};
use envoy::{Message, Name};
use generate::STRANGER;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;
use serde_json::Value;
use waypoint_xds::options::Options;
use waypoint_xds::problem::{Code, Problem};
use waypoint_xds::release::Release;
use waypoint_xds::resources::Resource;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json;
use waypoint_xds::{Translation, status, translate, translation};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 48,
        // Enough to see what matters: each is several translations.
        max_shrink_iters: 500,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/laws/regressions.txt"
        )))),
        ..ProptestConfig::default()
    }
}

fn read(documents: &[Document]) -> Reading {
    let files = [SourceFile::new("input.yaml", file(documents))];
    Snapshot::read(files, &Options::default().limits)
}

/// Problems without their places, which depend on where objects stand.
fn problems(translation: &Translation) -> Vec<Problem> {
    let placeless = |problem: &Problem| Problem { place: None, related: Vec::new(), ..problem.clone() };
    let mut all: Vec<_> = translation.problems.iter().map(placeless).collect();
    all.sort();
    all
}

/// Where two texts differ, or nothing: a whole snapshot's JSON is too long to read.
fn difference(left: &str, right: &str) -> Option<String> {
    let (number, (left, right)) =
        left.lines().zip(right.lines()).enumerate().find(|(_, (left, right))| left != right)?;
    let same = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    let around = |line: &str| line.chars().skip(same.saturating_sub(300)).take(600).collect::<String>();
    Some(format!("line {}:\n  - …{}\n  + …{}", number + 1, around(left), around(right)))
}

/// Whether two translations are the same in everything but the places of problems.
fn same(left: &Translation, right: &Translation) -> Result<(), TestCaseError> {
    let (left_json, right_json) = (json::translation(left), json::translation(right));
    if left_json != right_json {
        let why = difference(&left_json, &right_json).unwrap_or_else(|| "one has more lines".to_owned());
        return Err(TestCaseError::fail(format!("{}: {why}", left.release)));
    }
    // Origins too, which JSON does not show.
    prop_assert!(left.waypoints == right.waypoints, "{}: origins differ", left.release);
    prop_assert_eq!(problems(left), problems(right));
    Ok(())
}

fn shuffled() -> impl Strategy<Value = (Vec<Document>, Vec<Document>)> {
    generate::mesh().prop_flat_map(|documents| (Just(documents.clone()), Just(documents).prop_shuffle()))
}

/// Removes an object from the list of its kind.
fn remove(snapshot: &mut Snapshot, document: &Document) {
    macro_rules! remove_from {
        ($($kind:literal $list:ident),*) => {
            match document.kind {
                $($kind => snapshot.$list.retain(|object| {
                    object.meta.namespace != document.namespace || object.meta.name != document.name
                }),)*
                kind => panic!("no list of {kind}"),
            }
        };
    }
    remove_from!(
        "Namespace" namespaces, "Service" services, "Pod" pods, "Gateway" gateways, "HTTPRoute" http_routes,
        "ReferenceGrant" reference_grants, "VirtualService" virtual_services, "DestinationRule" destination_rules,
        "ServiceEntry" service_entries, "AuthorizationPolicy" authorization_policies,
        "PeerAuthentication" peer_authentications, "Telemetry" telemetries
    );
}

/// Every string below one of these keys, anywhere in a value.
fn strings<'v>(value: &'v Value, keys: &[&str], found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let (true, Value::String(text)) = (keys.contains(&key.as_str()), value) {
                    found.insert(text);
                }
                strings(value, keys, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, keys, found)),
        _ => {}
    }
}

/// What Istio names as a cluster where there is none.
const NOWHERE: &[&str] = &["BlackHoleCluster", "UnknownService"];

/// The direction, port and host of a cluster of all subsets, by its name.
fn port_of_whole_service(cluster: &str) -> Option<(&str, &str, &str)> {
    let mut parts = cluster.split('|');
    let (direction, port, subset, host) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    matches!(subset, "" | "http" | "tcp").then_some((direction, port, host))
}

/// Whether every message survives its JSON and its encoding.
fn survives<M: Message + Name + Default + PartialEq>(resources: &[Resource<M>]) -> Result<(), TestCaseError> {
    for Resource { message, .. } in resources {
        let text = envoy::json::to_json(message).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let value: Value =
            serde_json::from_str(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let back: M =
            envoy::json::parse(&value).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
        // As JSON: the bytes inside an `Any` may have their fields in another order, and mean the same.
        prop_assert_eq!(&json::message(&back), &text);
        let decoded = M::decode(message.encode_to_vec().as_slice());
        prop_assert!(decoded.as_ref() == Ok(message), "the encoding reads back as something else: {}", text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// The order of objects, and which files they stand in, changes nothing.
    #[test]
    fn order_of_objects_does_not_matter((documents, shuffled) in shuffled()) {
        let (one, other) = shuffled.split_at(shuffled.len() / 2);
        let files = [SourceFile::new("one.yaml", file(one)), SourceFile::new("other.yaml", file(other))];
        let in_order = read(&documents);
        let in_two_files = Snapshot::read(files, &Options::default().limits);
        prop_assert_eq!(&in_order.summary.read, &in_two_files.summary.read);
        prop_assert_eq!(&in_order.summary.unread_fields, &in_two_files.summary.unread_fields);
        for &release in Release::ALL {
            let options = Options::for_release(release);
            same(&translate(&in_order, &options), &translate(&in_two_files, &options))?;
            let statuses = |reading| status::statuses(&translation::mesh(reading, &options).0);
            prop_assert_eq!(statuses(&in_order), statuses(&in_two_files));
        }
    }

    /// The objects of a namespace that a waypoint does not serve and does not reference change nothing for
    /// it.
    #[test]
    fn strangers_change_nothing(
        documents in generate::mesh(),
        strangers in generate::namespace(STRANGER),
    ) {
        let together = read(&[documents.clone(), strangers].concat());
        let alone = read(&documents);
        for &release in Release::ALL {
            let options = Options::for_release(release);
            let mut alone = translate(&alone, &options);
            let mut together = translate(&together, &options);
            // What to do may name what another namespace has.
            alone.problems.iter_mut().chain(&mut together.problems).for_each(|problem| problem.help = None);
            together.waypoints.retain(|waypoint| waypoint.waypoint.namespace != STRANGER.namespace);
            // Whether anything is a waypoint is said of the snapshot as a whole.
            alone.problems.retain(|problem| problem.code != Code::MeshWithoutWaypoint);
            together.problems.retain(|problem| problem.code != Code::MeshWithoutWaypoint);
            together.problems.retain(|problem| {
                problem.object.as_ref().is_none_or(|object| {
                    object.namespace != STRANGER.namespace && object.name != STRANGER.namespace
                })
            });
            same(&alone, &together)?;
        }
    }

    /// An object that came and went leaves no trace, and the same input twice gives the same twice.
    #[test]
    fn translation_is_a_function_of_the_set(documents in generate::mesh(), index in any::<Index>()) {
        let mut without = documents.clone();
        let object = without.remove(index.index(documents.len()));
        let (with, without) = (read(&documents), read(&without));
        let mut removed = with.clone();
        remove(&mut removed.snapshot, &object);
        for &release in Release::ALL {
            let options = Options::for_release(release);
            same(&translate(&with, &options), &translate(&with, &options))?;
            same(&translate(&without, &options), &translate(&removed, &options))?;
        }
    }

    /// A waypoint that is translated alone gets what it gets among the others.
    #[test]
    fn waypoints_do_not_depend_on_each_other(documents in generate::mesh(), index in any::<Index>()) {
        let reading = read(&documents);
        for &release in Release::ALL {
            let mut options = Options::for_release(release);
            let all = translate(&reading, &options);
            if all.waypoints.is_empty() {
                continue;
            }
            let wanted = index.get(&all.waypoints);
            options.waypoint = Some(wanted.waypoint.clone());
            prop_assert!(translate(&reading, &options).waypoints == std::slice::from_ref(wanted));
        }
    }

    /// A route or proxy that names a cluster of a whole Service names one that is there, if the waypoint has
    /// a cluster of that port of the Service. (To hosts, ports and subsets that are not there Istio routes
    /// all the same.)
    #[test]
    fn clusters_that_are_named_exist(documents in generate::mesh()) {
        let reading = read(&documents);
        for &release in Release::ALL {
            for waypoint in translate(&reading, &Options::for_release(release)).waypoints {
                let names: BTreeSet<_> = waypoint.clusters.iter().map(|c| c.message.name.as_str()).collect();
                let ports: BTreeSet<_> = names.iter().filter_map(|name| port_of_whole_service(name)).collect();
                let listeners: Vec<_> = waypoint.listeners.iter().map(|l| json::value(&l.message)).collect();
                let mut named = BTreeSet::new();
                for listener in &listeners {
                    strings(listener, &["cluster"], &mut named);
                }
                for cluster in named.difference(&names) {
                    let Some(port) = port_of_whole_service(cluster) else {
                        // What Istio names where there is no backend, and clusters of subsets.
                        prop_assert!(cluster.contains('|') || NOWHERE.contains(cluster), "{release}: {cluster}");
                        continue;
                    };
                    // Routes of 1.18 name the cluster for HTTP, also of ports that only have one for TCP.
                    let accident = release == Release::V1_18 && port.0 == "inbound-vip";
                    prop_assert!(accident || !ports.contains(&port), "{release}: {cluster} is not among {names:?}");
                }
            }
        }
    }

    /// Every message survives its JSON and its encoding.
    #[test]
    fn resources_survive_json_and_protobuf(documents in generate::mesh()) {
        let reading = read(&documents);
        for &release in Release::ALL {
            for waypoint in translate(&reading, &Options::for_release(release)).waypoints {
                survives(&waypoint.listeners)?;
                survives(&waypoint.clusters)?;
                survives(&waypoint.routes)?;
                survives(&waypoint.endpoints)?;
                survives(&waypoint.extensions)?;
            }
        }
    }
}

/// The laws would hold over snapshots that make nothing, too: generated ones make something.
#[test]
fn generated_meshes_are_rich() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let meshes: Vec<_> = (0..24)
        .map(|_| generate::mesh().new_tree(&mut runner).expect("a strategy without filters").current())
        .collect();
    for &release in Release::ALL {
        let translations: Vec<_> = meshes
            .iter()
            .map(|documents| translate(&read(documents), &Options::for_release(release)))
            .collect();
        let chains = |translation: &Translation| -> usize {
            let listeners = translation.waypoints.iter().flat_map(|waypoint| &waypoint.listeners);
            listeners.map(|listener| listener.message.filter_chains.len()).sum()
        };
        let rich = translations.iter().filter(|translation| chains(translation) > 8).count();
        assert!(
            rich > meshes.len() / 2,
            "{release}: {rich} of {} meshes have a waypoint with chains",
            meshes.len()
        );
        let refused =
            translations.iter().flat_map(|t| &t.problems).filter(|problem| problem.is_error()).count();
        let objects: usize = translations.iter().map(|translation| translation.summary.objects_read()).sum();
        assert!(refused * 5 < objects, "{release}: {refused} errors in {objects} objects");
    }
}
