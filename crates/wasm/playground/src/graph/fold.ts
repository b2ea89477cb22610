// Makes a waypoint's graph small enough to look at.
import type { Attached, Graph, GraphEdge, ResourceLocation, GraphNode, Maker } from "waypoint-xds";

import { names } from "./names.ts";
import { foldServices, type ServiceGroup } from "./services.ts";

/** What to show of a graph. */
export interface View {
  /** Only what has to do with this Service's hostname. */
  readonly service: string | undefined;
  /** Clusters whose endpoints are shown one by one, however many. */
  readonly expanded: readonly string[];
}

/** What a box of the picture stands for. */
export type BoxKind = GraphNode["kind"] | "endpoints";

/** A box of the picture. */
export interface Box {
  readonly id: string;
  readonly kind: BoxKind;
  readonly title: string;
  readonly subtitle: string;
  /** Its name in full. */
  readonly name: string;
  readonly location: ResourceLocation | null;
  readonly origins: readonly Maker[];
  /** The listener of the same proxy at which traffic goes on, by its name. */
  readonly continues: string | undefined;
  /** Whether a cluster is named but not sent. */
  readonly missing: boolean;
  /** Whether what it stands for is only assumed. */
  readonly assumed: boolean;
  /** For `endpoints`, and for the endpoints that could be folded: the cluster. */
  readonly cluster: string | undefined;
  /** The policies, checks of tokens and extensions of a filter chain. */
  readonly attached: readonly Attached[];
}

/** A line of the picture. */
export interface Line {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** What is drawn. */
export interface Picture {
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  /** Services that are shown by name only, since there are too many. */
  readonly groups: readonly ServiceGroup[];
  /** Every Service that can be looked at alone, by hostname. */
  readonly services: readonly string[];
}

/** A cluster's endpoints are shown one by one up to here; those of a cluster that no traffic reaches never are. */
const SINGLE_ENDPOINTS = 4;

/** `service-10` comes after `service-9`. */
const BY_NAME = new Intl.Collator("en", { numeric: true });

/** Folds a graph. */
export function fold(graph: Graph, view: View): Picture {
  const services = [...new Set(graph.nodes.flatMap((node) => node.service ?? []))].sort(BY_NAME.compare);
  const service = view.service !== undefined && services.includes(view.service) ? view.service : undefined;
  const part = service === undefined ? graph : around(graph, service);
  const { nodes, edges, groups } = foldServices(part, service === undefined ? services : []);
  return { ...foldEndpoints(nodes, edges, new Set(view.expanded)), groups, services };
}

/** What leads to a Service's clusters, and what they lead to. */
function around(graph: Graph, service: string): Graph {
  const targets = graph.nodes.filter((node) => node.service === service).map((node) => node.id);
  const forward = reach(targets, bySource(graph.edges, "from"), (edge) => edge.to);
  const backward = reach(targets, bySource(graph.edges, "to"), (edge) => edge.from);
  const kept = (id: string): boolean => forward.has(id) || backward.has(id);
  return {
    nodes: graph.nodes.filter((node) => kept(node.id)),
    edges: graph.edges.filter((edge) => kept(edge.from) && kept(edge.to)),
  };
}

/** The edges by one of their ends. */
export function bySource(edges: readonly GraphEdge[], end: "from" | "to"): Map<string, GraphEdge[]> {
  const found = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const list = found.get(edge[end]);
    if (list === undefined) found.set(edge[end], [edge]);
    else list.push(edge);
  }
  return found;
}

function reach(from: readonly string[], edges: ReadonlyMap<string, GraphEdge[]>, next: (edge: GraphEdge) => string): Set<string> {
  const seen = new Set(from);
  // A set's iterator also meets what is added on the way.
  for (const id of seen) for (const edge of edges.get(id) ?? []) seen.add(next(edge));
  return seen;
}

function foldEndpoints(nodes: readonly GraphNode[], edges: readonly GraphEdge[], expanded: ReadonlySet<string>): Pick<Picture, "boxes" | "lines"> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const leaving = bySource(edges, "from");
  const boxes: Box[] = [];
  const lines: Line[] = [];
  const endpoints = new Set<string>();
  const incoming = bySource(edges, "to");
  for (const node of nodes) {
    if (node.kind === "endpoint") continue;
    const out = leaving.get(node.id) ?? [];
    const way = incoming.get(node.id)?.[0]?.label ?? "";
    boxes.push(box(node, way));
    if (node.kind !== "cluster") {
      lines.push(...out.map((edge) => ({ from: edge.from, to: edge.to, label: share(edge, out) })));
    } else if (out.length > (incoming.has(node.id) ? SINGLE_ENDPOINTS : 0) && !expanded.has(node.id)) {
      boxes.push(counted(node, out, byId, leaving));
      lines.push({ from: node.id, to: `endpoints:${node.id}`, label: "" });
    } else {
      for (const edge of out) {
        lines.push({ from: edge.from, to: edge.to, label: edge.label });
        const endpoint = byId.get(edge.to);
        if (endpoint === undefined || endpoints.has(edge.to)) continue;
        endpoints.add(edge.to);
        const foldable = out.length > SINGLE_ENDPOINTS ? node.id : undefined;
        boxes.push({ ...box(endpoint, ""), continues: continues(endpoint.id, leaving), cluster: foldable });
      }
    }
  }
  return { boxes, lines };
}

function box(node: GraphNode, way: string): Box {
  const { id, kind, label: name, resource: location, origins } = node;
  const missing = kind === "cluster" && location === null;
  return { id, kind, ...names(node, way), name, location, origins, continues: undefined, missing, assumed: node.assumed === true, cluster: undefined, attached: node.attached ?? [] };
}

/** The listener that an endpoint leads to. */
function continues(endpoint: string, leaving: ReadonlyMap<string, GraphEdge[]>): string | undefined {
  return leaving.get(endpoint)?.[0]?.to.replace(/^listener:/, "");
}

/** One box for all endpoints of a cluster. */
function counted(cluster: GraphNode, out: readonly GraphEdge[], byId: ReadonlyMap<string, GraphNode>, leaving: ReadonlyMap<string, GraphEdge[]>): Box {
  const endpoints = out.flatMap((edge) => byId.get(edge.to) ?? []);
  const first = endpoints[0];
  const resource = first?.resource ?? null;
  const location = resource === null ? null : { ...resource, name: resource.kind === "endpoints" ? nameOf(cluster) : resource.name, pointer: "" };
  return {
    id: `endpoints:${cluster.id}`,
    kind: "endpoints",
    title: plural(out.length),
    subtitle: workloads(endpoints),
    name: `${plural(out.length)} of ${cluster.label}`,
    location,
    origins: first?.origins ?? [],
    continues: first === undefined ? undefined : continues(first.id, leaving),
    missing: false,
    assumed: endpoints.some((endpoint) => endpoint.assumed === true),
    cluster: cluster.id,
    attached: [],
  };
}

function plural(count: number): string {
  return `${count} endpoint${count === 1 ? "" : "s"}`;
}

function nameOf(cluster: GraphNode): string {
  return cluster.resource?.name ?? cluster.label;
}

function workloads(endpoints: readonly GraphNode[]): string {
  const all = [...new Set(endpoints.map((endpoint) => endpoint.detail).filter((detail) => detail !== ""))];
  const [first] = all;
  return first === undefined ? "" : all.length === 1 ? first : `${first} and ${all.length - 1} more`;
}

/** A weight as a share, where there is anything to share. */
function share(edge: GraphEdge, all: readonly GraphEdge[]): string {
  if (edge.weight === null) return /^mirror/.test(edge.label) ? edge.label : "";
  const total = all.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  return total === 0 ? "0 %" : `${Number(((edge.weight * 100) / total).toFixed(1))} %`;
}
