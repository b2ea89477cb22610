use super::*;
use crate::options::Options;
use crate::session::Session;
use crate::text::SourceFile;

fn selection(json: &str) -> Selection {
    serde_json::from_str(json).unwrap()
}

/// A pod with a policy of two faults in each of two files; what is reported of them, with its severity.
fn reported(json: &str, annotations: &str, of_namespace: &str) -> Vec<(String, String, Severity)> {
    let file = |namespace: &str| {
        let annotations = if namespace == "shop" { annotations } else { "" };
        let of_namespace = if namespace == "shop" { of_namespace } else { "" };
        let text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}, annotations: {{{of_namespace}}}}}\n---\n\
             apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
             metadata: {{name: p, namespace: {namespace}, annotations: {{{annotations}}}}}\n\
             spec:\n  action: DENY\n  rules: [{{to: [{{operation: {{methods: [get]}}}}]}}]\n---\n\
             apiVersion: v1\nkind: Pod\n\
             metadata: {{name: cart-1, namespace: {namespace}, labels: {{istio.io/dataplane-mode: ambient}}}}\n\
             spec: {{}}\nstatus: {{phase: Running, podIP: 10.244.0.1}}\n"
        );
        SourceFile::new(format!("teams/{namespace}/policy.yaml"), text)
    };
    let session = Session::read([file("shop"), file("bank")], &Options::default());
    let wanted = [Code::MethodCase, Code::PolicyAtZtunnel];
    let found = session.lint_with(&selection(json)).into_iter().filter(|p| wanted.contains(&p.code));
    found
        .map(|problem| {
            (problem.object.unwrap().namespace.to_string(), problem.code.to_string(), problem.severity)
        })
        .collect()
}

fn names(reported: &[(String, String, Severity)]) -> Vec<String> {
    reported.iter().map(|(namespace, code, _)| format!("{namespace} {code}")).collect()
}

const ALL: [&str; 4] =
    ["bank method-case", "bank policy-at-ztunnel", "shop method-case", "shop policy-at-ztunnel"];

fn sorted(json: &str, annotations: &str, of_namespace: &str) -> Vec<String> {
    let mut names = names(&reported(json, annotations, of_namespace));
    names.sort();
    names
}

#[test]
fn everything_is_reported_unless_something_is_said() {
    assert_eq!(sorted("{}", "", ""), ALL);
    assert_eq!(
        sorted(r#"{"select": ["security"]}"#, "", ""),
        ["bank policy-at-ztunnel", "shop policy-at-ztunnel"]
    );
    assert_eq!(sorted(r#"{"ignore": ["security"]}"#, "", ""), ["bank method-case", "shop method-case"]);
}

#[test]
fn what_is_nearer_to_a_code_counts_more() {
    let code = Code::HttpOnlyDeny;
    for (json, expected) in [
        (r#"{"select": ["all"], "ignore": ["security"]}"#, false),
        (r#"{"select": ["http-only-deny"], "ignore": ["security"]}"#, true),
        (r#"{"select": ["security"], "ignore": ["http-only-deny"]}"#, false),
        (r#"{"select": ["security"], "ignore": ["security"]}"#, false),
        (r#"{"select": ["egress"]}"#, false),
        (r#"{"ignore": ["*"]}"#, false),
    ] {
        assert_eq!(selection(json).selects(code), expected, "{json}");
    }
    let severity = selection(r#"{"severity": {"all": "note", "http-only-deny": "error"}}"#);
    assert_eq!(severity.severity_of(code), Some(Severity::Error));
    assert_eq!(severity.severity_of(Code::MethodCase), Some(Severity::Note));
}

#[test]
fn what_cannot_be_read_is_reported_whatever_is_selected() {
    assert!(selection(r#"{"select": ["egress"]}"#).selects(Code::YamlSyntax));
    assert!(!selection(r#"{"select": ["egress"]}"#).selects(Code::UnknownField));
    assert!(!selection(r#"{"ignore": ["yaml-syntax"]}"#).selects(Code::YamlSyntax));
}

#[test]
fn overrides_are_for_files_and_namespaces() {
    let json = r#"{"ignore": ["method-case"], "override": [
        {"paths": ["shop/*.yaml"], "select": ["method-case"], "severity": {"security": "error"}},
        {"namespaces": ["b*"], "ignore": ["security"]},
        {"paths": ["none/**"], "ignore": ["all"]}
    ]}"#;
    let mut found = reported(json, "", "");
    found.sort();
    assert_eq!(names(&found), ["shop method-case", "shop policy-at-ztunnel"]);
    assert_eq!(found.iter().map(|found| found.2).collect::<Vec<_>>(), [Severity::Warning, Severity::Error]);
}

#[test]
fn patterns_see_the_folder_of_relative_names() {
    let json = r#"{"override": [{"paths": ["/repo/teams/**"], "ignore": ["all"]}]}"#;
    let mut selection = selection(json);
    let problem = |file: &str| {
        let file = SourceFile::new(file, "a: 1");
        Problem::new(Code::MethodCase, "m").at(file.place(crate::text::Span { start: 0, end: 1 }))
    };
    assert_eq!(selection.overrides_for(&problem("./teams/a.yaml")).count(), 0);
    selection.folder = "/repo".into();
    assert_eq!(selection.overrides_for(&problem("./teams/a.yaml")).count(), 1);
    assert_eq!(selection.overrides_for(&problem("/repo/teams/a.yaml")).count(), 1);
    assert_eq!(selection.overrides_for(&problem("/teams/a.yaml")).count(), 0);
}

#[test]
fn annotations_suppress_by_code_group_or_all() {
    let shop_less =
        |code: &str| ALL.into_iter().filter(|all| *all != format!("shop {code}")).collect::<Vec<_>>();
    let own = |value: &str| format!("waypoint-xds.io/suppress: '{value}'");
    assert_eq!(sorted("{}", &own("method-case"), ""), shop_less("method-case"));
    assert_eq!(sorted("{}", &own("egress, security"), ""), shop_less("policy-at-ztunnel"));
    assert_eq!(sorted("{}", &own("*"), ""), ALL[..2]);
    assert_eq!(sorted("{}", "", &own("method-case")), shop_less("method-case"));
    assert_eq!(sorted("{}", &own("no-such-code"), ""), ALL);
    let istioctl = |value: &str| format!("galley.istio.io/analyze-suppress: '{value}'");
    assert_eq!(sorted("{}", &istioctl("*"), ""), ALL[..2]);
    assert_eq!(sorted("{}", &istioctl("IST0000"), ""), ALL);
}

#[test]
fn istioctl_silences_only_what_the_webhook_warns_of() {
    let filter = |patch: &str| {
        format!(
            "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {{name: f, namespace: shop, \
             annotations: {{galley.istio.io/analyze-suppress: IST0133}}}}\nspec: {{configPatches: [{patch}]}}\n"
        )
    };
    let ineffective = |text: String| {
        let session = Session::read([SourceFile::new("f.yaml", text)], &Options::default());
        let found = session.lint_with(&Selection::default());
        found.iter().filter(|problem| problem.code == Code::Ineffective).count()
    };
    let unknown = "{applyTo: CLUSTER, patch: {operation: MERGE, value: {conect_timeout: 3s}}}";
    assert_eq!(ineffective(filter(unknown)), 0);
    let context =
        "{applyTo: CLUSTER, match: {context: WAYPOINT}, patch: {operation: MERGE, value: {name: a}}}";
    assert_eq!(ineffective(filter(context)), 1);
    let endpoints = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\n\
                     spec: {ports: [{port: 80, name: http}]}\n---\napiVersion: v1\nkind: Endpoints\n\
                     metadata: {name: s, namespace: shop, annotations: {galley.istio.io/analyze-suppress: IST0133}}\n\
                     subsets: [{addresses: [{ip: 10.0.0.1}], ports: [{port: 80}]}]\n";
    assert_eq!(ineffective(endpoints.to_owned()), 1);
}

#[test]
fn nothing_suppresses_that_something_cannot_be_read() {
    let text = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                metadata: {name: a, annotations: {waypoint-xds.io/suppress: '*'}}\nspec: {action: MAYBE}\n";
    let found = Session::read([SourceFile::new("a.yaml", text)], &Options::default())
        .lint_with(&Selection::default());
    assert!(found.iter().any(|problem| problem.is_error()), "{found:?}");
}

#[test]
fn unknown_words_are_errors_with_near_ones() {
    let error = |json: &str| serde_json::from_str::<Selection>(json).unwrap_err().to_string();
    assert!(error(r#"{"select": ["metod-case"]}"#).contains("did you mean `method-case`?"));
    assert!(error(r#"{"severity": {"securty": "error"}}"#).contains("did you mean `security`?"));
    assert!(error(r#"{"ignore": ["weights"]}"#).contains("`zero-weights`"));
    assert!(error(r#"{"severity": {"security": "fatal"}}"#).contains("unknown variant `fatal`"));
    assert!(error(r#"{"selct": []}"#).contains("unknown field `selct`"));
    assert!(error(r#"{"ignore": ["qqqqqqqq"]}"#).contains("waypoint-xds explain"));
}
