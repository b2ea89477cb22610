//! VirtualServices of whole snapshots.

use super::*;
use crate::options::Options;
use crate::release::Release;
use crate::text::SourceFile;

/// The index that a release makes of some VirtualServices: name, namespace, age in seconds, spec.
fn index(release: Release, objects: &[(&str, &str, u32, &str)]) -> VirtualServices {
    let document = |(name, namespace, age, spec): &(&str, &str, u32, &str)| {
        format!(
            "apiVersion: networking.istio.io/v1beta1\nkind: VirtualService\nmetadata:\n  name: {name}\n  \
             namespace: {namespace}\n  creationTimestamp: '2024-01-01T00:00:{age:02}Z'\nspec: {spec}\n"
        )
    };
    let text: Vec<_> = objects.iter().map(document).collect();
    let options = Options::for_release(release);
    let reading =
        crate::snapshot::Snapshot::read([SourceFile::new("test", text.join("---\n"))], &options.limits);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    let mut problems = Vec::new();
    VirtualServices::new(
        &reading.snapshot,
        crate::rules::Rules::of(release),
        &MeshSettings::default(),
        &Services::default(),
        &options.features,
        &mut problems,
    )
}

fn names(all: &VirtualServices, host: &str, namespace: &str) -> Vec<String> {
    all.for_host(host, namespace).iter().map(|vs| vs.name.to_string()).collect()
}

/// A spec for a host with one named rule.
fn spec(host: &str, more: &str) -> String {
    format!("{{hosts: [{host}], http: [{{name: r, route: [{{destination: {{host: to}}}}]}}]{more}}}")
}

#[test]
fn private_ones_come_before_public_ones_and_older_before_younger() {
    let (public, private, given) =
        (spec("a.b", ""), spec("a.b", ", exportTo: [.]"), spec("a.b", ", exportTo: [own]"));
    for release in Release::ALL {
        let all = index(
            *release,
            &[
                ("young", "other", 9, &public),
                ("old", "other", 1, &public),
                ("private", "own", 5, &private),
                ("given", "other", 5, &given),
                ("hidden", "own", 0, &spec("a.b", ", exportTo: ['~']")),
            ],
        );
        assert_eq!(names(&all, "a.b", "own"), ["private", "given", "old", "young"]);
        assert_eq!(names(&all, "a.b", "third"), ["old", "young"]);
    }
}

#[test]
fn only_the_mesh_counts_and_naming_it_twice_counts_twice() {
    let all = index(
        Release::V1_31,
        &[
            ("ingress", "own", 1, &spec("a.b", ", gateways: [ingress]")),
            ("both", "own", 2, &spec("a.b", ", gateways: [ingress, mesh]")),
            ("twice", "own", 3, &spec("a.b", ", gateways: [mesh, mesh]")),
        ],
    );
    assert_eq!(names(&all, "a.b", "own"), ["both", "twice", "twice"]);
}

#[test]
fn ties_of_age_are_broken_by_release() {
    let public = spec("a.b", "");
    let objects = [("a", "own", 1, public.as_str()), ("a-b", "own", 1, public.as_str())];
    assert_eq!(names(&index(Release::V1_31, &objects), "a.b", "own"), ["a", "a-b"]);
    assert_eq!(names(&index(Release::V1_18, &objects), "a.b", "own"), ["a-b", "a"]);
}

const ROOT: &str = "{hosts: [shop], http: [\
    {name: root, match: [{uri: {prefix: /a}}], delegate: {name: leaf, namespace: other}}, \
    {name: lost, delegate: {name: nobody}}, \
    {name: last, route: [{destination: {host: own}}]}]}";
const LEAF: &str =
    "http: [{name: leaf, match: [{uri: {prefix: /a/b}}], route: [{destination: {host: far}}]}]";

#[test]
fn delegates_stand_in_for_their_rule_and_lost_ones_vanish() {
    for release in Release::ALL {
        let leaf = format!("{{{LEAF}}}");
        let all = index(*release, &[("root", "own", 1, ROOT), ("leaf", "other", 2, &leaf)]);
        let found = all.for_host("shop.own.svc.cluster.local", "own");
        let rules: Vec<_> =
            found.iter().flat_map(|vs| &vs.http).map(|rule| rule.route.name.to_string()).collect();
        assert_eq!(rules, ["root-leaf", "last"]);
        let hosts: Vec<_> = all.references("shop.own.svc.cluster.local").map(ToString::to_string).collect();
        assert_eq!(hosts, ["far.other.svc.cluster.local", "own.own.svc.cluster.local"]);
        let causes: Vec<_> = found.iter().flat_map(|vs| &vs.http).map(|rule| rule.causes.len()).collect();
        assert_eq!(causes, [2, 1]);
    }
}

#[test]
fn a_delegate_has_to_be_exported_to_the_root() {
    let leaf = format!("{{exportTo: [.], {LEAF}}}");
    let all = index(Release::V1_31, &[("root", "own", 1, ROOT), ("leaf", "other", 2, &leaf)]);
    let found = all.for_host("shop.own.svc.cluster.local", "own");
    assert_eq!(found.iter().map(|vs| vs.http.len()).collect::<Vec<_>>(), [1]);
}

#[test]
fn those_that_delegate_used_to_come_last() {
    let later = spec("shop", "");
    let leaf = format!("{{{LEAF}}}");
    let objects =
        [("root", "own", 1, ROOT), ("leaf", "other", 2, leaf.as_str()), ("later", "own", 3, later.as_str())];
    let host = "shop.own.svc.cluster.local";
    assert_eq!(names(&index(Release::V1_18, &objects), host, "own"), ["later", "root"]);
    assert_eq!(names(&index(Release::V1_31, &objects), host, "own"), ["root", "later"]);
}
