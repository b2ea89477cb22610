// Short names for the boxes of the picture.
import type { GraphNode } from "waypoint-xds";

/** What stands in a box: a name, and what else matters. */
export interface Names {
  readonly title: string;
  readonly subtitle: string;
}

/** The names of a node; `way` tells when traffic comes to it. */
export function names(node: GraphNode, way: string): Names {
  switch (node.kind) {
    case "listener":
      return { title: node.label, subtitle: node.detail };
    case "chain":
      return chain(node, way);
    case "route":
      return { title: node.label === "" ? "any path" : node.label, subtitle: node.detail };
    case "cluster":
      return cluster(node);
    case "endpoint":
      return { title: endpoint(node.label), subtitle: node.detail };
  }
}

/** A hostname without what all Services of a cluster have. */
export function shortHost(host: string): string {
  return host.replace(/\.svc\.cluster\.local$/, "");
}

/** `direction|port|subset|hostname`, as clusters are named; chains of 1.18 add the protocol behind. */
function parts(name: string): [port: string, subset: string, host: string] | undefined {
  const [, port, subset, host] = name.split("|", 4);
  return port === undefined || subset === undefined || host === undefined ? undefined : [port, subset, host];
}

function chain(node: GraphNode, way: string): Names {
  const named = parts(node.label);
  const host = named?.[2].replace(/-(http|tcp)$/, "");
  const title = named === undefined || host === undefined ? node.label : `${shortHost(host)}:${named[0]}`;
  const when = way.replaceAll(" -> ", " → ").replaceAll("ip=", "").replaceAll("→ port=", "→ :");
  return { title, subtitle: [node.detail, when].filter((text) => text !== "").join(" · ") };
}

function cluster(node: GraphNode): Names {
  const named = parts(node.label);
  if (named === undefined) return { title: node.label, subtitle: node.detail };
  const [port, subset, host] = named;
  return { title: `${shortHost(host)}:${port}`, subtitle: [subset, node.detail].filter((text) => text !== "").join(" · ") };
}

function endpoint(name: string): string {
  const [, listener, address] = /^envoy:\/\/([^/]*)\/(.*)$/.exec(name) ?? [];
  if (listener === undefined) return name;
  return address === undefined || address === "" ? `→ ${listener}` : address;
}
