// Snapshots to start from: the core's own test cases.
import type { Options, Release, SourceFile } from "waypoint-xds";

/** An example. */
export interface Example {
  readonly id: string;
  readonly title: string;
  readonly release: Release;
  /** The waypoint to look at first. */
  readonly waypoint?: string;
  /** The file of its MeshConfig, if it has one. */
  readonly mesh?: string;
}

/** All examples, the article's first. */
export const EXAMPLES: readonly Example[] = [
  { id: "bookinfo-reviews-sa", title: "Bookinfo, as in the article (1.18)", release: "1.18", waypoint: "default/bookinfo-reviews" },
  { id: "bookinfo-namespace", title: "Bookinfo, one waypoint for the namespace", release: "1.31" },
  { id: "shop-online", title: "A shop with two waypoints", release: "1.31", waypoint: "storefront/waypoint", mesh: "shop-online.mesh" },
  { id: "platform-ten-namespaces", title: "A platform with ten namespaces", release: "1.31", mesh: "platform-ten-namespaces.mesh" },
  { id: "httproute-mirror", title: "HTTPRoute that mirrors requests", release: "1.31" },
  { id: "httproute-weights", title: "HTTPRoute with weights", release: "1.31" },
  { id: "authz-target-gateway", title: "AuthorizationPolicy for Gateway and Service", release: "1.31" },
  { id: "jwt-target-gateway", title: "RequestAuthentication with JWTs", release: "1.31" },
  { id: "dr-locality-failover", title: "DestinationRule with locality failover", release: "1.31" },
  { id: "scale-blog", title: "500 pods, as the article counts them", release: "1.18" },
];

const TEXTS = import.meta.glob<string>(
  [
    "../../../../../testdata/cases/{bookinfo-reviews-sa,bookinfo-namespace,httproute-mirror,httproute-weights}.yaml",
    "../../../../../testdata/cases/{authz-target-gateway,jwt-target-gateway,dr-locality-failover,scale-blog}.yaml",
    "../../../../../testdata/cases/{shop-online,platform-ten-namespaces}{,.mesh}.yaml",
  ],
  { query: "?raw", import: "default" },
);

/** Loads an example: its files and the options that it was made for. */
export async function loadExample(example: Example): Promise<{ files: SourceFile[]; options: Options }> {
  const [text, meshConfig] = await Promise.all([load(example.id), example.mesh === undefined ? undefined : load(example.mesh)]);
  return { files: [{ name: `${example.id}.yaml`, text }], options: { release: example.release, meshConfig } };
}

async function load(name: string): Promise<string> {
  const text = await TEXTS[`../../../../../testdata/cases/${name}.yaml`]?.();
  if (text === undefined) throw new Error(`there is no example ${name}`);
  return text;
}
