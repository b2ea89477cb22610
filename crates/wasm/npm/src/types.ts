/** A file's text, and the name that problems and origins call it by. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/**
 * An object as a client of the Kubernetes API holds it, or as a YAML parser returns it. What is inside is checked when it
 * is read, and told as a {@link Problem}; more fields than these may be there.
 */
export interface KubernetesObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata?: ObjectMeta | undefined;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly data?: unknown;
}

/** What a client's `list…` function returns: its objects need not tell their kind. */
export interface KubernetesList {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata?: unknown;
  readonly items: readonly KubernetesObject[];
}

/** `metadata` of a {@link KubernetesObject}. */
export interface ObjectMeta {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  readonly annotations?: { readonly [name: string]: string } | undefined;
  readonly creationTimestamp?: unknown;
}

/** How large an input may be; what is absent has its default, which admits a mesh of 100,000 pods. */
export interface Limits {
  /** Bytes of one file. */
  readonly bytes?: number | undefined;
  /** How deep mappings and sequences may nest. */
  readonly depth?: number | undefined;
  /** How many values one document may have, aliases and merge keys expanded. */
  readonly values?: number | undefined;
  /** How many of them may come of aliases and merge keys, for each that is written. */
  readonly aliases?: number | undefined;
  /** How many problems are kept of those that reading finds; the rest is counted. */
  readonly problems?: number | undefined;
}

/** What can be chosen about reading. */
export interface ReadOptions {
  /** How large the input may be. What is larger is a {@link Problem}. */
  readonly limits?: Limits | undefined;
}

/** A release of Istio: one of {@link releases}. */
export type Release = "1.18" | "1.29" | "1.30" | "1.31";

/** What can be chosen about a translation. */
export interface Options {
  /**
   * The release whose layout to generate, or one of its patches; `auto` is what the snapshot's images tell. The newest by
   * default.
   */
  release?: Release | `${Release}.${number}` | "auto" | undefined;
  /**
   * The revision of the control plane (`istio.io/rev`): its settings count, and what it reads; `default` is that without a
   * name. By default what is of any revision counts, with the settings of the default one.
   */
  revision?: string | undefined;
  /** The text of values of Istio's Helm charts, YAML or JSON: their `meshConfig` and the feature flags that they give istiod count. */
  helmValues?: string | undefined;
  /** The name by which errors call that text; `helm-values` by default. */
  helmValuesName?: string | undefined;
  /** The text of a MeshConfig, YAML or JSON, merged over the snapshot's and the release's defaults. */
  meshConfig?: string | undefined;
  /** The name by which errors call that text; `mesh-config` by default. */
  meshConfigName?: string | undefined;
  /** `namespace/name`: generate this waypoint only. */
  waypoint?: string | undefined;
  /**
   * Whether a waypoint without addresses in its status counts as ready: `assumed`, since files have no status, is the
   * default; with `observed` only the status decides, as in Istio.
   */
  readiness?: "assumed" | "observed" | undefined;
  /**
   * What is assumed of objects that were never applied to a cluster, as in files from Git: addresses of Services, the Pods of
   * Deployments and the like, Namespaces. `all` by default.
   */
  assume?: "all" | "nothing" | undefined;
  /** Feature flags of the control plane, by Istio's names. */
  features?: { readonly [name: string]: string } | undefined;
  /** The build of Envoy to generate for; Istio's by default. */
  dialect?: "istio-proxy" | "envoy" | undefined;
  /** What is said of fields that no release of an API has: they are errors by default. In kubectl's words. */
  validate?: "strict" | "warn" | "ignore" | undefined;
  /** How large the mesh configuration may be. A {@link Snapshot} has its own. */
  limits?: Limits | undefined;
}

/** What is reported, and how bad it is. Words are the codes of problems, their groups (`security`), and `all`. */
export interface LintChoice {
  /** What is reported; all by default. What cannot be read is reported in any case. */
  select?: readonly string[] | undefined;
  /** What is not. A code counts more than its group. */
  ignore?: readonly string[] | undefined;
  /** How bad something is, other than usual. */
  severity?: { readonly [codeOrGroup: string]: Severity } | undefined;
}

/** What can be chosen about `translation.lint()`. */
export interface LintOptions extends LintChoice {
  /** What is different for some files and namespaces; later ones count more. */
  overrides?: readonly LintOverride[] | undefined;
  /** The text of a baseline, of `translation.baseline()` or `lint --write-baseline`: only what it does not have is reported. */
  baseline?: string | undefined;
}

/** What is different for some files and namespaces. */
export interface LintOverride extends LintChoice {
  /** The files, as shell patterns that may start at any folder of a path: `legacy/*.yaml`. */
  paths?: readonly string[] | undefined;
  /** The namespaces, as shell patterns. */
  namespaces?: readonly string[] | undefined;
}

/** How to count. */
export interface CostOptions extends Options {
  /** Which configurations a sidecar is taken to hold: those of its namespace, the default, or of the whole mesh. */
  rule?: CostRule | undefined;
  /** How many replicas a waypoint has of which the snapshot has no pods. */
  replicas?: number | undefined;
}

/** Which configurations a sidecar is taken to hold. */
export type CostRule = "namespace" | "mesh";

/** A stretch of a file. Lines and columns count from 1; the end is behind the last character. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** In characters (Unicode code points). */
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** Offset of the first byte of the text in UTF-8. */
  readonly start: number;
  /** Offset behind the last byte. */
  readonly end: number;
}

/** How bad a {@link Problem} is: something was left out; it may not mean what its author thinks; good to know. */
export type Severity = "error" | "warning" | "note";

/** One thing that is wrong with the input. */
export interface Problem {
  /** Where it is, when it is anywhere. */
  readonly place: Place | null;
  /** What sort of problem it is. Stable: programs may depend on it. */
  readonly code: string;
  readonly severity: Severity;
  /** The object that it is about. */
  readonly object: ObjectRef | null;
  /** The path of the field (`spec.http[0].match[1].uri`); empty when it is about a whole object or document. */
  readonly field: string;
  readonly message: string;
  /** What to do about it. */
  readonly help: string | null;
  /** What else has to do with it. */
  readonly related: readonly Related[];
  /** A change of the text that mends it, where one is certain. */
  readonly fix: Fix | null;
}

/** Something that has to do with a {@link Problem}, and what: an object, a field of one, or just a place. */
export interface Related {
  /** Where it stands, when it stands anywhere. */
  readonly place: Place | null;
  readonly object: ObjectRef | null;
  /** The path of the field; empty for the object as a whole. */
  readonly field: string;
  /** What it has to do with the problem. */
  readonly message: string;
}

/** A change of the text that mends a {@link Problem}. */
export interface Fix {
  /** What it does. */
  readonly message: string;
  /** What becomes of which fields: they belong together. */
  readonly edits: readonly Edit[];
  /** The same as stretches of files and what to write there instead, in the order of the text: all of them, or none. */
  readonly replacements: readonly Replacement[];
}

/** A change of one field of an object. */
export interface Edit {
  readonly object: ObjectRef;
  /** The path of the field. */
  readonly field: string;
  readonly change: Change;
}

/** What becomes of a field: it gets a value, another key, or goes. */
export type Change = { readonly set: string } | { readonly rename: string } | "remove";

/** A stretch of a file and what to write there instead. */
export interface Replacement {
  /** The stretch that goes; it is empty where something is only added. */
  readonly place: Place;
  /** What comes instead. */
  readonly text: string;
}

/** An object's identity. */
export interface ObjectRef {
  readonly kind: string;
  /** Empty for kinds of the cluster. */
  readonly namespace: string;
  readonly name: string;
  /** Absent for objects of the control plane's own cluster. */
  readonly cluster?: string;
}

/** What was read, what was ignored, and why. */
export interface Summary {
  readonly files: number;
  readonly documents: number;
  readonly unreadableDocuments: number;
  /** Objects kept, by kind. */
  readonly read: { readonly [kind: string]: number };
  /** Objects left out because something is wrong with them, by kind; the problems say what. */
  readonly leftOut: { readonly [kind: string]: number };
  /** Objects left out that do not say what they are. */
  readonly unidentified: number;
  /** Objects replaced by a later one of the same kind, namespace and name. */
  readonly replaced: number;
  readonly ignored: readonly IgnoredObjects[];
  readonly unreadFields: readonly UnreadField[];
  /** All fields that nothing depends on. */
  readonly unreadTotal: number;
  /** Problems beyond the limit, which are not kept. */
  readonly problemsNotKept: number;
}

/** Objects that no waypoint depends on. */
export interface IgnoredObjects {
  readonly apiVersion: string;
  readonly kind: string;
  readonly why: "unknown-kind" | "not-for-waypoints" | "of-another-cluster";
  readonly count: number;
}

/** A field that nothing depends on. */
export interface UnreadField {
  readonly kind: string;
  /** Without positions in lists: `spec.containers[].image`. */
  readonly field: string;
  readonly count: number;
}

/** What made a resource, a filter chain of it, or a route or a policy in one. */
export interface Origin {
  /** The filter chain that was made; of a route the one that it is in. */
  readonly filterChain?: string;
  /** The position of the route that was made, in its filter chain. */
  readonly route?: number;
  /** The filter that was made, in its filter chain. */
  readonly filter?: string;
  /** The policy that was made, in the RBAC filters of its filter chain. */
  readonly policy?: string;
  /** The address of a workload, of which a listener knows what to do with connections to it. */
  readonly address?: string;
  /** The endpoint of a cluster, by address and port. */
  readonly endpoint?: string;
  /** Whether it is how a cluster speaks to its endpoints. */
  readonly transportSocket?: boolean;
  /** The objects that made it, the decisive one first. */
  readonly objects: readonly Maker[];
}

/** An object that made something, the field of it that did, and where that stands. */
export interface Maker extends ObjectRef {
  /** The path of the field; left out where it is the object as a whole. */
  readonly field?: string;
  readonly file?: string;
  /** The line where the field starts, from 1. */
  readonly line?: number;
  /** The column where it starts, from 1, in characters. */
  readonly column?: number;
  /** The line where it ends. */
  readonly endLine?: number;
  /** Whether the object is only assumed to be there, as a Pod of a Deployment; it stands where that does. */
  readonly assumed?: boolean;
  /** Whether the object is there, but its address is only assumed. */
  readonly assumedAddress?: boolean;
}

/** The kinds of resources that a waypoint gets. */
export type ResourceKind = "listeners" | "clusters" | "routes" | "endpoints" | "extensions";

/** The lists of resources of which istioctl has tables. */
export type TableKind = "listeners" | "clusters" | "routes" | "endpoints";

/** A field of an object, by names. */
export interface FieldRef extends ObjectRef {
  /** The path of the field; the object as a whole without. */
  readonly field?: string | undefined;
}

/** A table: rows with as many cells as the header. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Where the JSON of each row is; `null` for what the proxy's bootstrap says. Left out where there are no rows. */
  readonly locations?: readonly (ResourceLocation | null)[];
}

/** Where the JSON of something is. */
export interface ResourceLocation {
  readonly kind: TableKind;
  /** The resource's name. */
  readonly name: string;
  /** Where in it, as a JSON pointer (RFC 6901); empty for the whole resource. */
  readonly pointer: string;
}

/** A waypoint as a graph, in the direction of traffic. */
export interface Graph {
  /** In the order in which traffic meets them. */
  readonly nodes: readonly GraphNode[];
  /** In the order of the nodes that they leave. */
  readonly edges: readonly GraphEdge[];
}

/** A listener, filter chain, route, cluster or endpoint. */
export interface GraphNode {
  /** Made of the kind and of names (`cluster:main_internal`), so that a change elsewhere does not change it. */
  readonly id: string;
  readonly kind: "listener" | "chain" | "route" | "cluster" | "endpoint";
  /** What to call it. */
  readonly label: string;
  /** An address, what a route asks for, how a cluster finds its endpoints. May be empty. */
  readonly detail: string;
  /** The hostname of the Service behind a cluster. */
  readonly service: string | null;
  /** Whether more than one edge leads to it. */
  readonly shared: boolean;
  /** Where its JSON is; `null` for a cluster that is named but not sent. */
  readonly resource: ResourceLocation | null;
  /** The objects that made it, the decisive one first. */
  readonly origins: readonly Maker[];
  /** Whether what it stands for is only assumed: the address of a filter chain, the Pod of an endpoint. */
  readonly assumed?: boolean;
  /** What is applied to the traffic of a filter chain, in the order in which it is; left out where there is nothing. */
  readonly attached?: readonly Attached[];
}

/** A policy, the check of a token, or an extension of a filter chain. */
export interface Attached {
  readonly kind: "authorization" | "authentication" | "extension";
  /** What to call it: `shop/readers`. */
  readonly label: string;
  /** Where its JSON is. */
  readonly resource: ResourceLocation;
  /** The objects that made it, the decisive one first. */
  readonly origins: readonly Maker[];
}

/** A way from one node to another. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** When traffic goes this way (`ip=10.96.0.7 -> port=80`), or what else the edge means. May be empty. */
  readonly label: string;
  /** The share of traffic, where it is split. */
  readonly weight: number | null;
}

/** What distributing configuration costs, with sidecars and with waypoints. */
export interface Cost {
  readonly rule: CostRule;
  readonly namespaces: readonly NamespaceCost[];
  readonly total: Distribution;
}

/** The comparison for one namespace. */
export interface NamespaceCost {
  readonly namespace: string;
  readonly services: number;
  /** Its pods: each would have a sidecar. */
  readonly sidecars: number;
  /** The replicas of its waypoints. */
  readonly waypoints: number;
  /** How many configurations they hold. */
  readonly distribution: Distribution;
  /** How many proxies get a push when one of its Services changes. */
  readonly change: Distribution;
}

/** A count in each model. */
export interface Distribution {
  readonly sidecars: number;
  readonly waypoints: number;
}
