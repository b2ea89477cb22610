// Shows Services by name only where there are too many for a picture.
import type { Graph, GraphEdge, GraphNode } from "waypoint-xds";

import { bySource } from "./fold.ts";
import { shortHost } from "./names.ts";

/** A Service of which the picture shows no more than this. */
export interface ServiceGroup {
  /** Its hostname. */
  readonly service: string;
  readonly title: string;
  readonly subtitle: string;
  /** The id of the listener that traffic to it comes from. */
  readonly listener: string | undefined;
}

/** As many Services are shown in full. */
const SHOWN = 16;

/** What is left when the nodes of Services are taken out, and those Services. */
export function foldServices(graph: Graph, services: readonly string[]): { nodes: readonly GraphNode[]; edges: readonly GraphEdge[]; groups: readonly ServiceGroup[] } {
  if (services.length <= SHOWN) return { ...graph, groups: [] };
  const owners = ownersOf(graph);
  const listeners = listenersOf(graph, owners);
  const counts = countsOf(graph, owners);
  const groups = services.map((service) => ({
    service,
    title: shortHost(service),
    subtitle: describe(counts.get(service)),
    listener: listeners.get(service),
  }));
  const kept = (id: string): boolean => !owners.has(id);
  return {
    nodes: graph.nodes.filter((node) => kept(node.id)),
    edges: graph.edges.filter((edge) => kept(edge.from) && kept(edge.to)),
    groups,
  };
}

/** The Service that each cluster, and what leads only there, is for; and each endpoint behind them. */
function ownersOf(graph: Graph): Map<string, string> {
  const leaving = bySource(graph.edges, "from");
  const owners = new Map<string, string>();
  for (const node of graph.nodes) if (node.service !== null) owners.set(node.id, node.service);
  for (const kind of ["route", "chain"] as const) {
    for (const node of graph.nodes.filter((node) => node.kind === kind)) {
      const first = (leaving.get(node.id) ?? []).map((edge) => owners.get(edge.to)).find((owner) => owner !== undefined);
      if (first !== undefined) owners.set(node.id, first);
    }
  }
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  for (const edge of graph.edges) {
    const owner = owners.get(edge.from);
    if (owner !== undefined && byId.get(edge.to)?.kind === "endpoint") owners.set(edge.to, owner);
  }
  return owners;
}

function listenersOf(graph: Graph, owners: ReadonlyMap<string, string>): Map<string, string> {
  const listeners = new Map<string, string>();
  for (const edge of graph.edges) {
    const owner = owners.get(edge.to);
    if (owner !== undefined && edge.from.startsWith("listener:")) listeners.set(owner, edge.from);
  }
  return listeners;
}

interface Counts {
  readonly clusters: number;
  readonly endpoints: number;
}

function countsOf(graph: Graph, owners: ReadonlyMap<string, string>): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const node of graph.nodes) {
    const owner = owners.get(node.id);
    if (owner === undefined) continue;
    const { clusters, endpoints } = counts.get(owner) ?? { clusters: 0, endpoints: 0 };
    counts.set(owner, {
      clusters: clusters + Number(node.kind === "cluster"),
      endpoints: endpoints + Number(node.kind === "endpoint"),
    });
  }
  return counts;
}

function describe(counts: Counts | undefined): string {
  const { clusters, endpoints } = counts ?? { clusters: 0, endpoints: 0 };
  return `${plural(clusters, "cluster")} · ${plural(endpoints, "endpoint")}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
