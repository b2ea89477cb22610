import type { TraceCause, TraceDestination, TraceVerdict } from "./trace.js";
import type { Problem } from "./types.js";

/** What a change changes: {@link Translation.diff}. */
export interface Diff {
  /** For each destination of each waypoint, the requests of which something else comes. */
  behaviour: DestinationDiff[];
  /** Every waypoint of either side, with the resources that differ. */
  waypoints: WaypointDiff[];
  /** How many sidecars would get a push, if there were sidecars instead of waypoints. */
  sidecars: { ofNamespaces: number; ofMesh: number };
  /** What is found wrong. */
  findings: { introduced: Problem[]; fixed: Problem[]; unchanged: number };
  /** The conditions that Istio would write otherwise, by object. */
  statuses: unknown[];
}

/** What a change changes for the requests to one destination. */
export type DestinationDiff = {
  /**
   * `namespace/name`; of a destination that clients get to in another way the waypoint that they use now. `null` for those that go
   * past all waypoints.
   */
  waypoint: string | null;
  /** The waypoints that clients used before, and use now, where that has changed; `null` where they go past all of them. */
  moved?: { from: string | null; to: string | null };
  /** The host that is called; `null` for workloads that are called by their own addresses. */
  host: string | null;
  port: number | null;
  /** Whether it is HTTP that is compared; bytes otherwise. */
  http: boolean;
} & (
  | { compared: "equal" | "added" | "removed" }
  | { compared: "differs"; classes: ClassDiff[]; complete: boolean; undecided: string | null }
  | { compared: "notDecided"; reason: string }
);

/** Requests that are treated otherwise after the change. */
export interface ClassDiff {
  /** What the requests have in common; empty for all requests. */
  conditions: string[];
  /** One of them. */
  example: {
    from: string;
    to: string;
    method?: string;
    path?: string;
    host?: string;
    headers?: [string, string][];
    claims?: Record<string, unknown>;
    sourceAddress?: string;
  };
  old: Came;
  new: Came;
  /** What else differs of the example, in words: headers, times, retries, copies. */
  also?: string[];
  /** Whether what traces tell of the example differs; otherwise load balancing or the like does. */
  confirmed: boolean;
}

/** What comes of a request. */
export interface Came {
  verdict: TraceVerdict;
  status: number | null;
  reason: string;
  because: TraceCause | null;
  destinations: TraceDestination[];
  /** The path as the destination gets it. */
  path: string | null;
}

/** What is different for one waypoint. */
export interface WaypointDiff {
  /** `namespace/name`. */
  waypoint: string;
  presence: "added" | "removed" | "both";
  update: { resources: number; bytes: number; ofResources: number; ofBytes: number };
  resources: ({ kind: string; name: string; bytes: number } & (
    | { change: "added" | "removed"; because: TraceCause | null }
    | { change: "changed"; fields: unknown[] }
  ))[];
}
