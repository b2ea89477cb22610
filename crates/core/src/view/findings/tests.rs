use super::*;
use crate::names::ObjectRef;
use crate::problem::Code;
use crate::snapshot::Kind;
use crate::text::Span;

/// A file with a warning, with a note that stands nowhere, and a file without.
fn check(expected: &str, render: fn(&Report<'_>) -> String) {
    let shop = SourceFile::new("/repo/a&b/shop.yaml", "kind: Service\nport: 80\n");
    let bank = SourceFile::new("/repo/bank.yaml", "");
    let warning = Problem::new(Code::MethodCase, "no request has `<get>`")
        .at(shop.place(Span { start: 20, end: 22 }))
        .on(ObjectRef::new(Kind::Service, "shop", "cart"))
        .field("spec.port")
        .help("write \"GET\"");
    let note = Problem::new(Code::ReleaseDetected, "1.31");
    let report = Report { found: &[note, warning], files: &[&shop, &bank], folder: "/repo" };
    assert_eq!(render(&report), expected);
}

#[test]
fn checkstyle_has_a_file_for_each_with_findings() {
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<checkstyle version="4.3">
  <file name="a&amp;b/shop.yaml">
    <error severity="info" message="1.31" source="waypoint-xds.release-detected"/>
    <error line="2" column="7" severity="warning" message="no request has `&lt;get&gt;`&#10;write &quot;GET&quot;" source="waypoint-xds.method-case"/>
  </file>
</checkstyle>
"#;
    check(expected, checkstyle);
}

#[test]
fn junit_has_a_suite_for_each_file() {
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="waypoint-xds" tests="3" failures="1">
  <testsuite name="a&amp;b/shop.yaml" tests="2" failures="1">
    <testcase name="release-detected" classname="a&amp;b/shop.yaml" file="a&amp;b/shop.yaml" line="1"><system-out>1.31</system-out></testcase>
    <testcase name="method-case Service shop/cart spec.port" classname="a&amp;b/shop.yaml" file="a&amp;b/shop.yaml" line="2"><failure message="no request has `&lt;get&gt;`" type="warning">a&amp;b/shop.yaml:2:7&#10;no request has `&lt;get&gt;`&#10;write &quot;GET&quot;</failure></testcase>
  </testsuite>
  <testsuite name="bank.yaml" tests="1" failures="0">
    <testcase name="lint" classname="bank.yaml" file="bank.yaml"/>
  </testsuite>
</testsuites>
"#;
    check(expected, junit);
}

#[test]
fn gitlab_has_an_issue_a_line() {
    let expected = r#"[
{"description":"1.31","check_name":"release-detected","fingerprint":"FIRST","severity":"info","location":{"path":"a&b/shop.yaml","lines":{"begin":1,"end":1}}},
{"description":"no request has `<get>`. write \"GET\"","check_name":"method-case","fingerprint":"SECOND","severity":"major","location":{"path":"a&b/shop.yaml","lines":{"begin":2,"end":2}}}
]
"#;
    // Fingerprints have tests of their own.
    check(expected, |report| {
        let fingerprints = report.found.iter().map(crate::lint::fingerprint).zip(["FIRST", "SECOND"]);
        fingerprints.fold(gitlab(report), |text, (fingerprint, word)| text.replace(&fingerprint, word))
    });
}

#[test]
fn equal_findings_have_fingerprints_of_their_own_at_gitlab() {
    let found = [Problem::new(Code::MethodCase, "m"), Problem::new(Code::MethodCase, "m")];
    let text = gitlab(&Report { found: &found, files: &[], folder: "" });
    let issues: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
    assert_eq!(gitlab(&Report { found: &[], files: &[], folder: "" }), "[]\n");
}

#[test]
fn paths_are_told_from_the_folder_on() {
    let path = |folder, name| Report { found: &[], files: &[], folder }.path(name);
    assert_eq!(path("/repo", "/repo/a.yaml"), "a.yaml");
    assert_eq!(path("/repo/", "/repo/a.yaml"), "a.yaml");
    assert_eq!(path("/repo", "/repository/a.yaml"), "/repository/a.yaml");
    assert_eq!(path("", "./a/b.yaml"), "a/b.yaml");
    assert_eq!(path("C:\\repo", "C:\\repo\\a\\b.yaml"), "a/b.yaml");
}
