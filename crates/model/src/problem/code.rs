//! The codes of problems: what each means, how bad it usually is, and what it is about.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Severity;
use crate::Str;

/// What a problem is about, to choose by (`lint --select security`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Group {
    /// What cannot be read, or what the API server or Istio's webhook refuses.
    Input,
    /// Something is accepted, and does not do what it says.
    Correctness,
    /// Something is let in that should not be, or kept out.
    Security,
    /// Traffic does not arrive, or goes past the waypoint.
    Reachability,
    /// Traffic to hosts outside of the mesh.
    Egress,
    /// What changes with a release, a revision, or on the way from sidecars.
    Migration,
    /// What costs more than it has to.
    Performance,
    /// What works, and could be said better.
    Style,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 8] = [
        Self::Input,
        Self::Correctness,
        Self::Security,
        Self::Reachability,
        Self::Egress,
        Self::Migration,
        Self::Performance,
        Self::Style,
    ];

    /// Its name, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Correctness => "correctness",
            Self::Security => "security",
            Self::Reachability => "reachability",
            Self::Egress => "egress",
            Self::Migration => "migration",
            Self::Performance => "performance",
            Self::Style => "style",
        }
    }
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($variant:ident = $id:literal $severity:ident $group:ident: $explanation:expr;)+) => {
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

            /// What a problem of this sort is about.
            #[must_use]
            pub const fn group(self) -> Group { match self { $(Code::$variant => Group::$group),+ } }
        }
    };
}

codes! {
    InvalidText = "invalid-text" Error Input:
        "The input is not text: it is not UTF-8, or it has NUL or other control characters that YAML does \
         not allow. Only YAML and JSON files can be read; a compressed or binary file has to be unpacked \
         first.";
    NotRendered = "not-rendered" Note Input:
        "A Helm chart or a kustomization stands among the files, which another program makes objects of. Of \
         a chart nothing was read; the files of a kustomization were read as they are, without its patches. \
         `helm:DIRECTORY` and `kustomize:DIRECTORY` are read as these programs render them.";
    NotListed = "not-listed" Note Input:
        "Objects of a cluster that may not be listed are not in the snapshot: what depends on them is \
         missing. Whoever asks needs the permission to list them.";
    FileTooLarge = "file-too-large" Error Input:
        "The file is larger than the limit. Split it, or raise the limit.";
    YamlSyntax = "yaml-syntax" Error Input:
        "The document is not valid YAML, so nothing of it could be read. Reading went on at the next line \
         that starts with `---`. Look at the place shown and just before it: indentation, a quote or bracket \
         that is not closed, a tab used for indentation.";
    JsonSyntax = "json-syntax" Error Input:
        "The document looks like JSON but is not valid JSON (nor YAML), so nothing of it could be read. A \
         comma too many or a file cut short are the usual causes.";
    UnsupportedTag = "unsupported-tag" Error Input:
        "A YAML tag asks for something that cannot be: `!!int abc`, for instance. Kubernetes refuses the \
         document. Remove the tag or correct the value.";
    BadAlias = "bad-alias" Error Input:
        "A YAML alias refers to an anchor that is not defined before it in the same document, or to a value \
         that contains the alias itself. Anchors do not reach over `---`.";
    BadMerge = "bad-merge" Error Input:
        "The merge key `<<` takes a mapping, or a list of mappings, usually given as aliases (`<<: *base`).";
    BadKey = "bad-key" Error Input:
        "A mapping's key cannot become a JSON object's key. Kubernetes takes strings, numbers and booleans as keys, not \
         null, lists or mappings. Quote the key if it is meant as text. A template's `{{ … }}` that was not rendered \
         also reads as such a key.";
    TooDeep = "too-deep" Error Input:
        "Mappings and lists are nested deeper than the limit. No Kubernetes object needs such depth.";
    TooManyNodes = "too-many-nodes" Error Input:
        "The document has more values than the limit once its aliases and merge keys are expanded. A few \
         lines of aliases can stand for billions of values.";
    DuplicateKey = "duplicate-key" Warning Input:
        "A mapping has the same key twice. Kubernetes takes the last one and ignores the others silently. \
         Remove the one that is not meant.";
    NotAnObject = "not-an-object" Error Input:
        "A document of Kubernetes objects is a mapping with `apiVersion`, `kind` and `metadata`. This one is \
         something else: a list or a single value. Several objects belong in a `kind: List` or in documents \
         of their own, separated by `---`.";
    MissingKind = "missing-kind" Error Input:
        "The object has no `kind`, so nobody can say what it is. Every Kubernetes object has one.";
    MissingApiVersion = "missing-api-version" Error Input:
        "The object has no `apiVersion`, so its kind is not known: kinds of different groups may share a \
         name. Add it: `v1` for core kinds, `group/version` for others.";
    MissingName = "missing-name" Error Input:
        "The object has no `metadata.name`. `generateName` does not help: the API server makes up a name \
         when it creates the object, which no file can tell.";
    InvalidName = "invalid-name" Error Input:
        "The name or namespace is not one that the API server accepts: lower-case letters, digits and `-`, \
         starting and ending with a letter or digit; most kinds also take dots. Services start with a \
         letter; namespaces and services have at most 63 characters, others 253.";
    InvalidLabel = "invalid-label" Error Input:
        "A label or annotation is not one that the API server accepts. Keys are `name` or `prefix/name`: the \
         name has at most 63 letters, digits, `-`, `_` and `.`, the prefix is a DNS name. Label values \
         follow the name's rule or are empty; annotation values are free, 256 KiB in all. An object with \
         such a value of a label is read all the same, so that the rest of what it does is seen.";
    WrongType = "wrong-type" Error Input:
        "A field has a value of another type than its kind's schema asks for: a number where a string is \
         expected, for instance. The API server refuses the object. Quote numbers and words such as `yes` \
         and `on` where a string is meant.";
    InvalidValue = "invalid-value" Error Input:
        "A field's value has the right type but is not one that is accepted: out of range, not among the \
         supported values, or badly formed. The API server refuses the object. One of Kubernetes' own kinds \
         is read all the same, so that the rest of what it does is seen, but for one with an address that is \
         none.";
    MissingField = "missing-field" Error Input:
        "A field that the kind requires is missing. The API server refuses the object; one of Kubernetes' \
         own kinds is read all the same, so that the rest of what it does is seen.";
    UnsupportedVersion = "unsupported-version" Error Input:
        "The kind is known, but not in this version of its API, or not in this group. The API server does \
         not serve it. Use one of the versions named.";
    ConflictingFields = "conflicting-fields" Error Input:
        "Fields that exclude each other are set, or one that needs another is set without it. The API server \
         or Istio's webhook refuses the object; one of Kubernetes' own kinds is read all the same, so that \
         the rest of what it does is seen.";
    UnsupportedField = "unsupported-field" Warning Input:
        "The field is newer than the release: an API server with that release's schemas drops it silently, \
         and the object means what it means without it. A policy that loses its `targetRefs` applies to its \
         whole namespace.";
    UnknownField = "unknown-field" Error Input:
        "There is no such field. The API server drops it from an object, and Istio ignores it in a mesh \
         configuration or a proxy's own, without a word: the rest means what it means without it. A rule of \
         a policy that has `form` instead of `from` allows everyone. Look for a slip of the pen, a wrong \
         indentation, or a field of another release. In an object it is an error: `--validate warn` and \
         `--validate ignore`, as of kubectl, make less of it. In a mesh configuration it is a warning.";
    InvalidMeshConfig = "invalid-mesh-config" Error Input:
        "Istio refuses this mesh configuration as a whole: its control plane goes on with the last one that \
         was valid or, after a restart, with its defaults. Here the release's defaults hold.";
    InvalidProxyConfig = "invalid-proxy-config" Error Input:
        "The annotation `proxy.istio.io/config` is not a ProxyConfig that the proxy's agent takes: the pod \
         does not start. Here the annotation was left out.";
    UnsupportedKind = "unsupported-kind" Error Input:
        "The kind is newer than the release, which does not read such objects.";
    UnreachableRule = "unreachable-rule" Warning Correctness:
        "A rule or match never applies, because earlier ones take all that it would. Reorder the rules, or \
         remove it. Where it is found for a waypoint, it is proved for every request.";
    HttpOnlyDeny = "http-only-deny" Warning Security:
        "A DENY rule that has only attributes of HTTP (methods, paths, hosts, headers, request principals) \
         denies all traffic of ports that are not HTTP, where there are no such attributes. Add the ports \
         that it is meant for.";
    InternalDetails = "internal-details" Note Migration:
        "An EnvoyFilter patches what a release of Istio generates, which may change with any other release. \
         Prefer other APIs where there is one, and test it before an upgrade.";
    EmptySelector = "empty-selector" Warning Security:
        "A selector without labels selects all workloads of the namespace. Leave it out if that is meant.";
    PrivateKey = "private-key" Warning Security:
        "A policy has the private half of a key, or a shared secret. Whoever reads the policy can sign \
         tokens with it. Only public keys are needed to verify tokens: write these, and replace the key.";
    Deprecated = "deprecated" Warning Migration:
        "The field still works, but another one takes its place.";
    Ineffective = "ineffective" Warning Correctness:
        "Istio accepts this, but it has no effect, or not the one that it seems to have.";
    UnknownKind = "unknown-kind" Note Input:
        "Objects of this kind say nothing about waypoints: they are counted and ignored.";
    ReplacedObject = "replaced-object" Warning Input:
        "The same object (kind, namespace and name) stands in the input twice. As with `kubectl apply`, the \
         later one replaces the earlier one.";
    WaypointNotReady = "waypoint-not-ready" Warning Reachability:
        "`istio.io/use-waypoint` names a Gateway that does not exist, or that has no address yet. Until it \
         has, ztunnel sends the traffic directly: policies that need a waypoint do not hold. Without \
         `istio.io/use-waypoint-namespace` the Gateway is looked for in the object's own namespace.";
    WaypointDenied = "waypoint-denied" Warning Reachability:
        "The waypoint does not admit objects of this namespace, so that their traffic bypasses it. Its \
         listener on port 15008 admits its own namespace unless `allowedRoutes.namespaces` says otherwise.";
    WaypointTraffic = "waypoint-traffic" Warning Reachability:
        "The waypoint is not for this traffic, so that it is bypassed. The label `istio.io/waypoint-for` of \
         the Gateway, or of its class, says what it is for: `service` (the default), `workload`, `all` or \
         `none`.";
    WaypointCanary = "waypoint-canary" Warning Reachability:
        "The canary waypoint cannot be used: all traffic goes to the primary one.";
    MissingDelegate = "missing-delegate" Warning Correctness:
        "A rule of a VirtualService delegates to one that does not exist, that has hosts of its own, or that \
         is not exported to its namespace. Istio drops the rule: requests that it was meant for are routed \
         by those after it.";
    DelegateMismatch = "delegate-mismatch" Warning Correctness:
        "A rule of a VirtualService to which others delegate matches what none of them delegates to it. Istio \
         drops the rule: requests that it was meant for are routed by those after it. Match a part of what \
         is delegated.";
    UnknownDestination = "unknown-destination" Warning Correctness:
        "A route leads to a host that no Service and no ServiceEntry of the snapshot has. Requests that take \
         it are answered with an error, for want of a cluster. A name without a dot is a Service in the \
         route's own namespace.";
    UnknownSubset = "unknown-subset" Warning Correctness:
        "A route leads to a subset that no DestinationRule for the host defines. Requests that take it are \
         answered with an error, for want of a cluster.";
    RouteNotAccepted = "route-not-accepted" Error Correctness:
        "Istio does not convert this route of the Gateway API: nothing of it takes effect. The reason is the \
         one that Istio writes into the route's status, condition `Accepted` or `ResolvedRefs`.";
    BackendNotResolved = "backend-not-resolved" Warning Correctness:
        "A backend of a Gateway API route cannot be used: it does not exist, is of a kind that Istio does \
         not know, or is in another namespace without a ReferenceGrant. Its share of the requests is \
         answered with an error (500).";
    ParentNotFound = "parent-not-found" Warning Correctness:
        "A Gateway API route attaches to a Service or ServiceEntry that does not exist: for that parent it does nothing.";
    TargetNotFound = "target-not-found" Warning Security:
        "A policy is for something that does not exist, so that it does nothing. Targets are looked for in \
         the policy's own namespace; only policies of the root namespace are for a GatewayClass.";
    TargetWithoutWaypoint = "target-without-waypoint" Warning Security:
        "A policy is for a Service or ServiceEntry that no waypoint serves, and only waypoints know such \
         policies. Label the target or its namespace with `istio.io/use-waypoint`.";
    UnusedWaypoint = "unused-waypoint" Note Reachability:
        "No Service and no workload uses the waypoint. Objects and namespaces name theirs with the label \
         `istio.io/use-waypoint`.";
    StaleStatus = "stale-status" Warning Correctness:
        "A condition in the snapshot is about an earlier generation of the object than the one that stands \
         there: the control plane has not looked at the object since it was changed. Either it was about to \
         when the snapshot was made, or no control plane looks after the object any more.";
    StatusDiffers = "status-differs" Warning Correctness:
        "A condition in the snapshot says something else than Istio would write for these objects. It was \
         written by a control plane of another release or revision, for objects that have changed since, or \
         with a view of objects that the snapshot lacks. `waypoint-xds status` shows what it should be.";
    ReadinessAssumed = "readiness-assumed" Note Reachability:
        "The Gateway has no address in its status, so that Istio would bind nothing to it. Snapshots from \
         files have none: the waypoint was taken as ready.";
    OtherDataPlane = "other-data-plane" Note Reachability:
        "The Gateway is a waypoint, but its class is that of another data plane: agentgateway is configured \
         in other ways than Envoy, and gets no listeners, clusters, routes and endpoints. Objects are bound \
         to it all the same.";
    ControlPlaneCrashes = "control-plane-crashes" Warning Correctness:
        "The control plane of this release crashes when it gets to this, so that no proxy of the mesh is \
         sent anything any more. Nothing else tells: the API server takes it, and so does Istio's webhook. \
         Here the rest is translated as if it had not crashed.";
    Assumed = "assumed" Note Input:
        "The files hold what somebody wrote, not what a cluster has made of it. What a cluster would add to \
         objects that were never applied was assumed: addresses of 240.241.0.0/16 for Services without one, \
         the Pods of Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and Rollouts, with addresses \
         of 240.242.0.0/15, Namespaces that nothing defines, the ConfigMap that Istio makes of an \
         IstioOperator's mesh configuration, the Services that it makes of InferencePools, and the addresses \
         that it writes into the statuses of Gateways of class `istio-remote`. `--assume nothing` takes the \
         files as they are. What Istio allocates for ServiceEntries without addresses (240.240.0.0/16) is \
         assumed, too: it depends on all entries of the cluster. Origins are marked where they lead to \
         something that was assumed.";
    ReleaseDetected = "release-detected" Note Correctness:
        "The release was to be the snapshot's own (`--release auto`). It is told by the tag of istiod's \
         image, of a Pod or of its Deployment, else by the version in an IstioOperator that was never \
         applied, else by the image of a waypoint's Pod or the one that a waypoint's annotation names. Where \
         there is none, the newest release is taken.";
    UnsupportedRelease = "unsupported-release" Warning Migration:
        "The release was to be the snapshot's own (`--release auto`), and its istiod or its waypoints are of \
         a version that is not supported. The next newer release that is known is spoken for instead, else \
         the newest: look closely at what it does otherwise, or name a release with `--release`.";
    OtherRevision = "other-revision" Note Migration:
        "A revision was chosen (`--revision`), and the object is of another one: the label `istio.io/rev` \
         says of which. A control plane reads what is of its revision and what names none. Without the \
         option objects of all revisions are read.";
    FlagsDetected = "flags-detected" Note Correctness:
        "Feature flags of the snapshot's control plane hold: those in the environment of istiod's \
         Deployment, else of an IstioOperator that was never applied; above them those of values of Istio's \
         Helm charts (`--helm-values`). `--feature` sets them otherwise.";
    IgnoredFlag = "ignored-flag" Note Correctness:
        "The environment of the snapshot's control plane sets a feature flag that is not heeded here. Of a \
         value that the flag does not take Istio's control plane only warns in its log, and goes on with the \
         default: correct it. A flag that none of the known releases has may change what proxies get, and is \
         left out.";
    UnknownExtension = "unknown-extension" Warning Correctness:
        "A patch of an EnvoyFilter has a configuration of a type that is not known here. Istio applies the \
         patch if it knows the type, and refuses the whole EnvoyFilter if not; here that one patch is left \
         out of what is translated.";
    UnsupportedExtension = "unsupported-extension" Error Correctness:
        "An upstream Envoy (`--dialect envoy`) has neither this extension of Istio's Envoy nor another that \
         does the same. What it would have done is not done; Istio's own proxy does it.";
    StaticConfiguration = "static-configuration" Warning Correctness:
        "A static configuration (`bootstrap --static`) lacks what a control plane or an agent would provide: \
         certificates, credentials, extensions, routes. The message says what was written instead.";
    TelemetryLeftOut = "telemetry-left-out" Note Correctness:
        "An upstream Envoy (`--dialect envoy`) lacks Istio's extensions for metrics and for what is known of \
         peers. Requests are treated the same without them, but Istio's standard metrics are not there.";
    IngressBypass = "ingress-bypass" Warning Security:
        "A gateway for ingress sends requests for a Service to its endpoints, past the waypoint: what the \
         waypoint enforces and routes does not hold for them. The label `istio.io/ingress-use-waypoint: \
         \"true\"` on the Service or its namespace sends them through the waypoint.";
    IngressRoutesTwice = "ingress-routes-twice" Warning Correctness:
        "With `istio.io/ingress-use-waypoint` a request that a gateway for ingress has routed is routed \
         again by the routes for the mesh at the waypoint. What the gateway's routes have decided or \
         rewritten is lost, or is applied twice. A subset that they chose is lost where no route is for the \
         mesh, too. Choose it by a route for the mesh.";
    BypassedAddress = "bypassed-address" Warning Reachability:
        "Clients reach this Service by an address that leads past a waypoint: a headless Service by the \
         addresses of its pods, an ExternalName Service by another name.";
    ClientSideWaypoint = "client-side-waypoint" Warning Reachability:
        "A waypoint serves those for whom requests are meant. It never sees what the pods that are labelled \
         with it send, so that routes and policies for the hosts that they call do nothing there.";
    GatewayNamedLikeService = "gateway-named-like-service" Warning Reachability:
        "The waypoint has the name of a Service of its namespace that is not its own. Istio takes that \
         Service for the waypoint's, gives the waypoint no address, and serves nothing by it.";
    LabelNotRead = "label-not-read" Warning Reachability:
        "A label that would bind something to a waypoint stands where nobody reads it: as an annotation, \
         under another key, or on an object of another kind. Istio reads `istio.io/use-waypoint` as a label \
         of Pods, WorkloadEntries, Services, ServiceEntries and Namespaces. Annotations \
         `traffic.sidecar.istio.io/…` of pods in ambient mode are read by nobody, either.";
    NoHboneListener = "no-hbone-listener" Warning Reachability:
        "The Gateway is of a waypoint's class, and has no listener of protocol HBONE on port 15008, where \
         ztunnels send what is for a waypoint.";
    NoWaypoint = "no-waypoint" Warning Reachability:
        "HTTP is looked at by waypoints only. What no waypoint serves is passed on by ztunnel as bytes: \
         routes, tokens and policies about HTTP have no effect there.";
    MeshWithoutWaypoint = "mesh-without-waypoint" Warning Reachability:
        "No Gateway of the snapshot is a waypoint, so that there is nothing for Envoy: ztunnels pass \
         everything on as bytes. A Gateway of class `istio-waypoint` makes one; `waypoint-xds waypoint \
         generate` prints it. Where the mesh is meant to have none, ignore this code.";
    NamespaceNotAmbient = "namespace-not-ambient" Note Reachability:
        "A waypoint is named in a namespace whose pods are not in the mesh. Clients in the mesh use it; \
         others do not, and its pods take connections from everybody.";
    NotAWaypoint = "not-a-waypoint" Warning Reachability:
        "`istio.io/use-waypoint` names a Gateway that is no waypoint of Istio's: its class is another one.";
    OtherDataPlanePolicy = "other-data-plane-policy" Warning Security:
        "The policy is for something that another data plane serves, which does not take this kind of policy \
         from Istio's Envoy waypoints.";
    WaypointRevision = "waypoint-revision" Note Migration:
        "The waypoint has a label `istio.io/rev`: only the control plane of that revision configures it.";
    SidecarClient = "sidecar-client" Note Migration:
        "Pods with sidecars send to the endpoints of a Service directly, without its waypoint: what the \
         waypoint enforces and routes does not hold for them.";
    HostForm = "host-form" Warning Security:
        "A policy names one of a Service's names in `hosts`. Clients that call it by another one say that in \
         `Host`, and the rule does not match: name the Service by `targetRefs`.";
    NetworkPolicy = "network-policy" Warning Reachability:
        "In ambient mode connections of the mesh come to a pod on port 15008, whatever port is called, and \
         those that a waypoint has looked at come from the waypoint. A NetworkPolicy that does not admit that \
         keeps them out: clients time out.";
    DefaultDenyMissesWaypoint = "default-deny-misses-waypoint" Warning Security:
        "A policy that denies by default and names no target holds at ztunnel, not at waypoints. A waypoint \
         without policies of its own lets every client in.";
    DenyOverridesAllow = "deny-overrides-allow" Warning Security:
        "DENY is looked at before ALLOW. This one matches all that an ALLOW policy for the same target \
         admits, so that nothing gets in; or all that one of its rules admits. A default deny is an ALLOW \
         policy without rules.";
    PolicyAtZtunnel = "policy-at-ztunnel" Warning Security:
        "A policy without `targetRefs` is enforced by ztunnel, which knows nothing of HTTP: waypoints do not \
         read it. ztunnel leaves out an ALLOW rule about HTTP, so that nobody is let in by it, and never \
         fires a DENY rule that is about HTTP only.";
    PeerAuthentication = "peer-authentication" Warning Security:
        "ztunnel does not apply the PeerAuthentication: in the root namespace one with a selector is for no \
         workload, and `portLevelMtls` is about the ports of pods, not of Services. Move it to the namespace of \
         the pods, or write the target port.";
    WaypointLockedOut = "waypoint-locked-out" Warning Security:
        "At the destination ztunnel sees the waypoint's identity, not the client's. The policy does not let \
         the waypoint in, so that all requests through it are refused.";
    WaypointAsSource = "waypoint-as-source" Warning Security:
        "A waypoint sees its clients as the source of a request, never itself. A rule about the waypoint's \
         own identity belongs at ztunnel, in a policy with a selector.";
    JwtNotDemanded = "jwt-not-demanded" Note Security:
        "A RequestAuthentication refuses tokens that are not valid, and lets requests without a token pass. \
         To demand one takes an AuthorizationPolicy with `requestPrincipals`.";
    JwksUri = "jwks-uri" Warning Security:
        "istiod fetches the keys of tokens, and cannot reach them: the host is no name in its own namespace, or \
         the pods there take mTLS only. Requests with a token are refused. Write the whole name of the Service, \
         and let istiod in without mTLS.";
    JwtNotChecked = "jwt-not-checked" Warning Security:
        "The policy asks for what only a checked token has, its principal or claims, and no \
         RequestAuthentication checks tokens there. The rule never matches.";
    MethodCase = "method-case" Warning Correctness:
        "HTTP methods are compared as they are written, and requests have them in upper case. A method in \
         lower case never matches.";
    PathForm = "path-form" Warning Correctness:
        "A path in a policy starts with a slash, and `*` is a wildcard only at its start or its end. Any \
         other path never matches.";
    PrincipalForm = "principal-form" Warning Correctness:
        "A principal in a policy is `<trust domain>/ns/<namespace>/sa/<account>`. With `spiffe://` before \
         it, or with a part left out, it never matches. ztunnel does not take `cluster.local` for another \
         trust domain of the mesh.";
    UnknownNamespace = "unknown-namespace" Warning Correctness:
        "A policy names a namespace that the snapshot does not have, where one with a similar name exists. \
         The rule never matches.";
    UnknownPrincipal = "unknown-principal" Warning Security:
        "A policy names a client that nobody is: no pod of the namespace runs as the service account, or the \
         pods that do are outside of the mesh and have no identity. The rule never matches. Name the account \
         that the clients run as, or take them into the mesh.";
    TargetPort = "target-port" Warning Correctness:
        "A waypoint sees the port of the Service that a client called, not the port of the pod behind it. A \
         rule with the target port never matches there.";
    IpBlocks = "ip-blocks" Warning Security:
        "A waypoint of Istio 1.18 gets connections from an internal address: it never sees the client's, so \
         that `ipBlocks` never match.";
    PolicyOnTcpPort = "policy-on-tcp-port" Warning Security:
        "On a port that is not HTTP a policy has no attributes of HTTP. An ALLOW rule about them is left out \
         there, and a DENY rule loses them and denies every connection.";
    DetectedProtocol = "detected-protocol" Note Correctness:
        "The protocol of the port is not declared, so that it is detected from the first bytes of each \
         connection. Where that is not HTTP, policies and routes about HTTP do not hold as written, and \
         protocols in which the server speaks first wait. The name of the port, or its `appProtocol`, \
         declares it.";
    AuthorizationProvider = "authorization-provider" Warning Security:
        "A policy with action CUSTOM asks an external authorizer that cannot be asked: the mesh \
         configuration has no such provider, its Service does not exist, or another policy names another \
         provider for the same target. Every request that it matches is denied.";
    NestedWaypoint = "nested-waypoint" Warning Correctness:
        "A waypoint routes once. What its routes send to another Service goes to the endpoints of that \
         Service, so that the routes and policies of that Service's own waypoint do not hold.";
    RedundantRule = "redundant-rule" Note Style:
        "A rule of a policy decides nothing, because other rules of the same action do all that it does. \
         That is proved for every request, at every waypoint that has the rule. Often the broader rule is \
         the one that is not meant.";
    OverlappingRoutes = "overlapping-routes" Warning Correctness:
        "Two objects route the same Service. Only one of them decides, or their rules are put together in an \
         order that neither of them tells.";
    RouteNotAttached = "route-not-attached" Warning Correctness:
        "A route of the Gateway API attaches to nothing that a waypoint serves: its parent is a Gateway that \
         is a waypoint, a Service of another namespace, a port that the Service does not have, or a kind of \
         another group.";
    RouteNotRead = "route-not-read" Warning Correctness:
        "A VirtualService or DestinationRule is not read by the waypoint that serves its host: its \
         `gateways` leave out `mesh`, it is not exported there, or it stands in a client's namespace.";
    RouteProtocol = "route-protocol" Warning Correctness:
        "A route is for a port that speaks something else, so that a waypoint never asks its rules: those \
         about requests hold on ports that are HTTP, those about connections on ports that are not. Or a \
         GRPCRoute leads to a port that is declared as HTTP/1.1, by which calls of gRPC fail. Declare what \
         the port is by its name or `appProtocol`, or use a route of the other kind.";
    UnknownHost = "unknown-host" Warning Correctness:
        "No Service and no ServiceEntry has the host of this VirtualService or DestinationRule. A waypoint \
         compares hosts with the names of Services, not with a request's Host header, so that the object has \
         no effect.";
    WildcardHost = "wildcard-host" Note Correctness:
        "A wildcard in the hosts of a VirtualService is compared with the names of Services. Its routes take \
         over every Service whose name it matches.";
    UnknownPort = "unknown-port" Warning Correctness:
        "A route leads to a port that the Service does not have. There is no cluster for it: requests that \
         take the route fail.";
    ZeroWeights = "zero-weights" Warning Correctness:
        "The weights of a rule add up to 0. There is nobody to send requests to: they are answered with an error.";
    IgnoredMatch = "ignored-match" Warning Correctness:
        "A route has a condition that waypoints leave out or that cannot hold there, so that the route never \
         matches, or matches everything.";
    IgnoredField = "ignored-field" Warning Correctness:
        "Istio accepts the field, and a waypoint does nothing with it.";
    SecondDestinationRule = "second-destination-rule" Warning Correctness:
        "Several DestinationRules are for one host. Their subsets are put together, but of their traffic \
         policies only that of the first, the oldest, counts, as a whole: this one is dropped. Put the \
         settings of both into one DestinationRule.";
    EmptySubset = "empty-subset" Warning Correctness:
        "The labels of a subset select none of the Service's pods: requests for the subset fail.";
    TlsTwice = "tls-twice" Warning Egress:
        "The port is declared as TLS, and a DestinationRule starts TLS on top of it: what is sent is TLS \
         within TLS. Where the proxy is to start TLS, the port's protocol is HTTP.";
    DynamicDnsPort = "dynamic-dns-port" Warning Egress:
        "An entry of resolution DYNAMIC_DNS has a port that gets no cluster. It serves HTTP outside of the \
         mesh, and TLS only where `ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS` is on.";
    NoAddress = "no-address" Warning Egress:
        "Clients find a ServiceEntry's waypoint by the entry's address. This one has none that they and the \
         waypoint can use, so that no traffic for it reaches the waypoint.";
    AddressAllocated = "address-allocated" Note Egress:
        "The entry has no address of its own. Istio allocates one; which one depends on the other entries \
         and is not known from files.";
    SeveralAddresses = "several-addresses" Warning Egress:
        "Of the several addresses of this entry only one gets a chain of filters at the waypoint, and which \
         one is left to chance.";
    HostTwice = "host-twice" Warning Egress:
        "Two ServiceEntries have the same host. To ztunnels and waypoints a host is one service of the mesh: \
         only one of the entries counts where both are seen.";
    EndpointPickerNotAsked = "endpoint-picker-not-asked" Warning Correctness:
        "A route of a Service leads to an InferencePool. No waypoint asks the pool's endpoint picker: only Istio's gateways do.";
    EnvoyFilterOutOfReach = "envoy-filter-out-of-reach" Warning Correctness:
        "An EnvoyFilter, or a patch of one, cannot apply to any waypoint. Waypoints read those with \
         `targetRefs` to a Gateway or GatewayClass, with a context that fits, for what a waypoint has.";
    ExtensionMatch = "extension-match" Warning Correctness:
        "The extension's `match` holds at no waypoint, so that it is added nowhere. A waypoint is the \
         server's side of a connection, and does not match extensions by port.";
    SelectorNotRead = "selector-not-read" Warning Correctness:
        "A WasmPlugin, a TrafficExtension or Telemetry selects pods by their labels, or an extension is for \
         all of its namespace: waypoints go by `targetRefs` only, and pods of ambient mode have no sidecar, so \
         that nothing reads it. Name the Service or the waypoint's Gateway by `targetRefs`.";
    TelemetryScope = "telemetry-scope" Warning Correctness:
        "Telemetry for a Gateway holds for the Services of the waypoint's own namespace, not for those of \
         other namespaces that use it.";
    TelemetryMode = "telemetry-mode" Warning Correctness:
        "Telemetry is for mode `CLIENT` only, and a waypoint is the server of its clients: nothing of it holds \
         there. Use the mode `SERVER`, or leave it out.";
    TelemetryTwice = "telemetry-twice" Warning Correctness:
        "Of several Telemetry objects for all of a namespace, or for all of the mesh, only the oldest \
         counts: nothing reads the others.";
    TelemetryProvider = "telemetry-provider" Warning Correctness:
        "Telemetry names a provider that the mesh configuration does not have, that cannot do this, or whose \
         Service is not there: it gets nothing. Access logs for which nobody names a provider are not \
         written at all.";
    TracingOff = "tracing-off" Warning Correctness:
        "Telemetry has settings for tracing and no provider, and the mesh has no default provider: tracing \
         is switched off.";
    InvalidParameters = "invalid-parameters" Error Correctness:
        "The parameters of the objects that run a waypoint cannot be applied: its Gateway names something \
         else than a ConfigMap of its namespace that is there, or the ConfigMap has a key of no object or a \
         patch that Kubernetes refuses. istiod makes no object for such a Gateway, and changes none that is \
         there.";
    MeshConfigElsewhere = "mesh-config-elsewhere" Warning Input:
        "These are settings of the mesh that are not read from here: a ConfigMap of another name, namespace \
         or key, or an IstioOperator beside the ConfigMap that was made of it. Give them as the mesh \
         configuration, if they are to hold.";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Str::deserialize(deserializer)?.parse().map_err(D::Error::custom)
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
