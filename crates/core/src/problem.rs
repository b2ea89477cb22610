//! Problems: everything that is wrong with an input, as data.

use serde::{Serialize, Serializer};

use crate::Str;
use crate::names::ObjectRef;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something was left out: the API server or Istio would have refused it.
    Error,
    /// Nothing was left out, but it may not mean what its author thinks.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A word that is no severity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown severity `{0}`: expected error, warning or note")]
pub struct UnknownSeverity(String);

impl std::str::FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(s: &str) -> Result<Self, UnknownSeverity> {
        let all = [Self::Error, Self::Warning, Self::Note];
        all.into_iter().find(|severity| severity.as_str() == s).ok_or_else(|| UnknownSeverity(s.to_owned()))
    }
}

/// A stretch of a file. Lines and columns count from 1, columns in characters; the end is behind the last character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The file's name, as the caller gave it.
    pub file: Str,
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line behind the last character.
    pub end_line: u32,
    /// Column behind the last character.
    pub end_column: u32,
    /// Byte offset of the first character.
    pub start: u32,
    /// Byte offset behind the last character.
    pub end: u32,
}

/// One thing that is wrong with the input. Problems sort by place, then by code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Where it is, when it is anywhere.
    pub place: Option<Place>,
    /// What sort of problem it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The object that it is about.
    pub object: Option<ObjectRef>,
    /// The path of the field (`spec.http[0].match[1].uri`); empty when it is about the whole object or document.
    pub field: String,
    /// What is wrong: lower case, no full stop, user input in backticks.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Another place that has to do with it, and what it has to do with it.
    pub related: Option<(Place, String)>,
}

impl Problem {
    /// A problem of the code's usual severity, without place, object or help.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            place: None,
            code,
            severity: code.severity(),
            object: None,
            field: String::new(),
            message: message.into(),
            help: None,
            related: None,
        }
    }

    /// The same problem with its place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// The same problem with the object that it is about.
    #[must_use]
    pub fn on(mut self, object: impl Into<Option<ObjectRef>>) -> Self {
        self.object = object.into();
        self
    }

    /// The same problem with the path of the field that it is about.
    #[must_use]
    pub fn field(mut self, path: impl Into<String>) -> Self {
        self.field = path.into();
        self
    }

    /// The same problem with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem with another place and what it has to do with it.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related = Some((place, label.into()));
        self
    }

    /// The same problem with another severity than the code's usual one.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Whether something was left out because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

macro_rules! codes {
    ($($variant:ident = $id:literal $severity:ident: $explanation:literal;)+) => {
        /// What sort of problem it is. The ids are stable: scripts may depend on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $explanation] $variant,)+ }

        impl Code {
            /// Every code, in the order of the enum.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The stable id.
            #[must_use]
            pub const fn id(self) -> &'static str { match self { $(Code::$variant => $id),+ } }

            /// What the code means and what to do about it.
            #[must_use]
            pub const fn explanation(self) -> &'static str { match self { $(Code::$variant => $explanation),+ } }

            /// How bad a problem of this sort usually is.
            #[must_use]
            pub const fn severity(self) -> Severity { match self { $(Code::$variant => Severity::$severity),+ } }
        }
    };
}

codes! {
    InvalidText = "invalid-text" Error:
        "The input is not text: it is not UTF-8, or it has NUL or other control characters that YAML does not allow. \
         Only YAML and JSON files can be read; a compressed or binary file has to be unpacked first.";
    FileTooLarge = "file-too-large" Error:
        "The file is larger than the limit. Split it, or raise the limit.";
    YamlSyntax = "yaml-syntax" Error:
        "The document is not valid YAML, so nothing of it could be read. Reading went on at the next line that starts \
         with `---`. Look at the place shown and just before it: indentation, a quote or bracket that is not closed, a \
         tab used for indentation.";
    JsonSyntax = "json-syntax" Error:
        "The document looks like JSON but is not valid JSON (nor YAML), so nothing of it could be read. A comma too many \
         or a file cut short are the usual causes.";
    UnsupportedTag = "unsupported-tag" Error:
        "A YAML tag asks for something that cannot be: `!!int abc`, for instance. Kubernetes refuses the document. Remove \
         the tag or correct the value.";
    BadAlias = "bad-alias" Error:
        "A YAML alias refers to an anchor that is not defined before it in the same document, or to a value that contains \
         the alias itself. Anchors do not reach over `---`.";
    BadMerge = "bad-merge" Error:
        "The merge key `<<` takes a mapping, or a list of mappings, usually given as aliases (`<<: *base`).";
    BadKey = "bad-key" Error:
        "A mapping's key cannot become a JSON object's key. Kubernetes takes strings, numbers and booleans as keys, not \
         null, lists or mappings. Quote the key if it is meant as text. A template's `{{ … }}` that was not rendered \
         also reads as such a key.";
    TooDeep = "too-deep" Error:
        "Mappings and lists are nested deeper than the limit. No Kubernetes object needs such depth.";
    TooManyNodes = "too-many-nodes" Error:
        "The document has more values than the limit once its aliases and merge keys are expanded. A few lines of aliases \
         can stand for billions of values.";
    DuplicateKey = "duplicate-key" Warning:
        "A mapping has the same key twice. Kubernetes takes the last one and ignores the others silently. Remove the one \
         that is not meant.";
    NotAnObject = "not-an-object" Error:
        "A document of Kubernetes objects is a mapping with `apiVersion`, `kind` and `metadata`. This one is something \
         else: a list or a single value. Several objects belong in a `kind: List` or in documents of their own, \
         separated by `---`.";
    MissingKind = "missing-kind" Error:
        "The object has no `kind`, so nobody can say what it is. Every Kubernetes object has one.";
    MissingApiVersion = "missing-api-version" Error:
        "The object has no `apiVersion`, so its kind is not known: kinds of different groups may share a name. Add it: \
         `v1` for core kinds, `group/version` for others.";
    MissingName = "missing-name" Error:
        "The object has no `metadata.name`. `generateName` does not help: the API server makes up a name when it creates \
         the object, which no file can tell.";
    InvalidName = "invalid-name" Error:
        "The name or namespace is not one that the API server accepts: lower-case letters, digits and `-`, starting and \
         ending with a letter or digit; most kinds also take dots. Services start with a letter; namespaces and services \
         have at most 63 characters, others 253.";
    InvalidLabel = "invalid-label" Error:
        "A label or annotation is not one that the API server accepts. Keys are `name` or `prefix/name`: the name has at \
         most 63 letters, digits, `-`, `_` and `.`, the prefix is a DNS name. Label values follow the name's rule or are \
         empty; annotation values are free, 256 KiB in all.";
    WrongType = "wrong-type" Error:
        "A field has a value of another type than its kind's schema asks for: a number where a string is expected, for \
         instance. The API server refuses the object. Quote numbers and words such as `yes` and `on` where a string is \
         meant.";
    InvalidValue = "invalid-value" Error:
        "A field's value has the right type but is not one that is accepted: out of range, not among the supported values, \
         or badly formed. The API server refuses the object.";
    MissingField = "missing-field" Error:
        "A field that the kind requires is missing. The API server refuses the object.";
    UnsupportedVersion = "unsupported-version" Error:
        "The kind is known, but not in this version of its API. Istio does not serve it. Use one of the versions named.";
    ConflictingFields = "conflicting-fields" Error:
        "Fields that exclude each other are set, or one that needs another is set without it. The API server or Istio's \
         webhook refuses the object.";
    UnsupportedField = "unsupported-field" Warning:
        "The field is newer than the release: an API server with that release's schemas drops it silently, and the object \
         means what it means without it. A policy that loses its `targetRefs` applies to its whole namespace.";
    UnknownField = "unknown-field" Warning:
        "There is no such field. The API server drops it from an object, and Istio ignores it in a mesh configuration or \
         a proxy's own, without a word: the rest means what it means without it. A rule of a policy that has `form` \
         instead of `from` allows everyone. Look for a slip of the pen, a wrong indentation, or a field of another \
         release. `--validate warn` and `--validate ignore`, as of kubectl, say less about objects.";
    InvalidMeshConfig = "invalid-mesh-config" Error:
        "Istio refuses this mesh configuration as a whole: its control plane goes on with the last one that was valid or, \
         after a restart, with its defaults. Here the release's defaults hold.";
    InvalidProxyConfig = "invalid-proxy-config" Error:
        "The annotation `proxy.istio.io/config` is not a ProxyConfig that the proxy's agent takes: the pod does not start. \
         Here the annotation was left out.";
    UnsupportedKind = "unsupported-kind" Error:
        "The kind is newer than the release, which does not read such objects.";
    UnreachableRule = "unreachable-rule" Warning:
        "A rule or match never applies, because an earlier one takes all that it would. Reorder the rules, or remove it.";
    HttpOnlyDeny = "http-only-deny" Warning:
        "A DENY rule that has only attributes of HTTP (methods, paths, hosts, headers, request principals) denies all \
         traffic of ports that are not HTTP, where there are no such attributes. Add the ports that it is meant for.";
    InternalDetails = "internal-details" Note:
        "An EnvoyFilter patches what a release of Istio generates, which may change with any other release. Prefer other \
         APIs where there is one, and test it before an upgrade.";
    EmptySelector = "empty-selector" Warning:
        "A selector without labels selects all workloads of the namespace. Leave it out if that is meant.";
    Deprecated = "deprecated" Warning:
        "The field still works, but another one takes its place.";
    Ineffective = "ineffective" Warning:
        "Istio accepts this, but it has no effect, or not the one that it seems to have.";
    UnknownKind = "unknown-kind" Note:
        "Objects of this kind say nothing about waypoints: they are counted and ignored.";
    ReplacedObject = "replaced-object" Warning:
        "The same object (kind, namespace and name) stands in the input twice. As with `kubectl apply`, the later one \
         replaces the earlier one.";
    WaypointNotReady = "waypoint-not-ready" Warning:
        "`istio.io/use-waypoint` names a Gateway that does not exist, or that has no address yet. Until it has, ztunnel \
         sends the traffic directly: policies that need a waypoint do not hold. Without \
         `istio.io/use-waypoint-namespace` the Gateway is looked for in the object's own namespace.";
    WaypointDenied = "waypoint-denied" Warning:
        "The waypoint does not admit objects of this namespace, so that their traffic bypasses it. Its listener on port \
         15008 admits its own namespace unless `allowedRoutes.namespaces` says otherwise.";
    WaypointTraffic = "waypoint-traffic" Warning:
        "The waypoint is not for this traffic, so that it is bypassed. The label `istio.io/waypoint-for` of the Gateway, or \
         of its class, says what it is for: `service` (the default), `workload`, `all` or `none`.";
    WaypointCanary = "waypoint-canary" Warning:
        "The canary waypoint cannot be used: all traffic goes to the primary one.";
    MissingDelegate = "missing-delegate" Warning:
        "A rule of a VirtualService delegates to one that does not exist, that has hosts of its own, or that is not \
         exported to its namespace. Istio drops the rule: requests that it was meant for are routed by those after it.";
    UnknownDestination = "unknown-destination" Warning:
        "A route leads to a host that no Service and no ServiceEntry of the snapshot has. Requests that take it are \
         answered with an error, for want of a cluster. A name without a dot is a Service in the route's own namespace.";
    UnknownSubset = "unknown-subset" Warning:
        "A route leads to a subset that no DestinationRule for the host defines. Requests that take it are answered with \
         an error, for want of a cluster.";
    RouteNotAccepted = "route-not-accepted" Error:
        "Istio does not convert this route of the Gateway API: nothing of it takes effect. The reason is the one that \
         Istio writes into the route's status, condition `Accepted` or `ResolvedRefs`.";
    BackendNotResolved = "backend-not-resolved" Warning:
        "A backend of a Gateway API route cannot be used: it does not exist, is of a kind that Istio does not know, or is \
         in another namespace without a ReferenceGrant. Its share of the requests is answered with an error (500).";
    ParentNotFound = "parent-not-found" Warning:
        "A Gateway API route attaches to a Service or ServiceEntry that does not exist: for that parent it does nothing.";
    TargetNotFound = "target-not-found" Warning:
        "A policy is for something that does not exist, so that it does nothing. Targets are looked for in the policy's own \
         namespace; only policies of the root namespace are for a GatewayClass.";
    TargetWithoutWaypoint = "target-without-waypoint" Warning:
        "A policy is for a Service or ServiceEntry that no waypoint serves, and only waypoints know such policies. Label the \
         target or its namespace with `istio.io/use-waypoint`.";
    UnusedWaypoint = "unused-waypoint" Note:
        "No Service and no workload uses the waypoint. Objects and namespaces name theirs with the label \
         `istio.io/use-waypoint`.";
    StaleStatus = "stale-status" Warning:
        "A condition in the snapshot is about an earlier generation of the object than the one that stands there: the \
         control plane has not looked at the object since it was changed. Either it was about to when the snapshot was \
         made, or no control plane looks after the object any more.";
    StatusDiffers = "status-differs" Warning:
        "A condition in the snapshot says something else than Istio would write for these objects. It was written by a \
         control plane of another release or revision, for objects that have changed since, or with a view of objects \
         that the snapshot lacks. `waypoint-xds status` shows what it should be.";
    ReadinessAssumed = "readiness-assumed" Note:
        "The Gateway has no address in its status, so that Istio would bind nothing to it. Snapshots from files have none: \
         the waypoint was taken as ready.";
    OtherDataPlane = "other-data-plane" Note:
        "The Gateway is a waypoint, but its class is that of another data plane: agentgateway is configured in other ways \
         than Envoy, and gets no listeners, clusters, routes and endpoints. Objects are bound to it all the same.";
    ControlPlaneCrashes = "control-plane-crashes" Warning:
        "The control plane of this release crashes when it gets to this, so that no proxy of the mesh is sent anything any \
         more. Nothing else tells: the API server takes it, and so does Istio's webhook. Here the rest is translated as if \
         it had not crashed.";
    ReleaseDetected = "release-detected" Note:
        "The release was to be the snapshot's own (`--release auto`). It is told by the tag of an image: of istiod's Pod, else \
         of a waypoint's, else of what a waypoint's annotation names. Where there is none, the newest release is taken.";
    UnsupportedExtension = "unsupported-extension" Error:
        "An upstream Envoy (`--dialect envoy`) has neither this extension of Istio's Envoy nor another that does the same. \
         What it would have done is not done; Istio's own proxy does it.";
    StaticConfiguration = "static-configuration" Warning:
        "A static configuration (`bootstrap --static`) lacks what a control plane or an agent would provide: \
         certificates, credentials, extensions, routes. The message says what was written instead.";
    TelemetryLeftOut = "telemetry-left-out" Note:
        "An upstream Envoy (`--dialect envoy`) lacks Istio's extensions for metrics and for what is known of peers. \
         Requests are treated the same without them, but Istio's standard metrics are not there.";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// An id that is no code's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a problem's code")]
pub struct UnknownCode(pub String);

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(id: &str) -> Result<Self, UnknownCode> {
        Code::ALL.iter().copied().find(|code| code.id() == id).ok_or_else(|| UnknownCode(id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_lead_back() {
        for &code in Code::ALL {
            assert!(code.id().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert_eq!(code.id().parse(), Ok(code));
            assert!(code.explanation().ends_with('.'), "{code}");
            assert!(!code.explanation().contains("  "), "{code}");
        }
        assert_eq!("nonsense".parse::<Code>(), Err(UnknownCode("nonsense".into())));
    }

    #[test]
    fn severities_lead_back() {
        assert_eq!("warning".parse(), Ok(Severity::Warning));
        assert_eq!("Warning".parse::<Severity>(), Err(UnknownSeverity("Warning".into())));
    }

    #[test]
    fn problems_sort_by_place_then_code() {
        let place = |line| Place {
            file: "a".into(),
            line,
            column: 1,
            end_line: line,
            end_column: 2,
            start: 0,
            end: 0,
        };
        let mut problems = [
            Problem::new(Code::WrongType, "c").at(place(2)),
            Problem::new(Code::YamlSyntax, "b").at(place(2)),
            Problem::new(Code::WrongType, "a").at(place(1)),
        ];
        problems.sort();
        assert_eq!(problems.map(|p| p.message), ["a", "b", "c"]);
    }
}
