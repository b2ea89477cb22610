// What comes of one request.

import type { JsonObject } from "./json.js";
import type { ObjectRef } from "./types.js";

/** A request: who asks whom, and how. What is absent has its default. */
export interface TraceRequest {
  /**
   * Who asks: `NAMESPACE/NAME` of a pod, else of a service account, else of a Deployment or the like; `pod/NAME.NAMESPACE`,
   * `sa/NAME.NAMESPACE`, `spiffe://…` or `outside` (of the mesh).
   */
  readonly from: string;
  /** Who is asked: `HOST[:PORT]`, `pod/NAME.NAMESPACE:PORT` or `ADDRESS:PORT`. */
  readonly to: string;
  /**
   * How it gets there: `ztunnel`, `sidecar`, `ingress` (a gateway), or `NAMESPACE/NAME` of the waypoint that it is given to; by
   * default what the client's pod says.
   */
  readonly via?: "ztunnel" | "sidecar" | "ingress" | `${string}/${string}` | undefined;
  /** What is spoken; `http` by default. */
  readonly protocol?: "http" | "h2" | "grpc" | "tcp" | "tls" | `tls:${string}` | undefined;
  /** The method; GET by default, POST for gRPC. */
  readonly method?: string | undefined;
  /** The path, with the query; `/` by default. */
  readonly path?: string | undefined;
  /** `Host` or `:authority`; by default the destination as it is named. */
  readonly host?: string | undefined;
  /** The other headers: by name, or a list of `name: value` or of pairs. */
  readonly headers?:
    | { readonly [name: string]: string | readonly string[] }
    | readonly (string | readonly [name: string, value: string])[]
    | undefined;
  /** The claims of a token that counts as verified, `iss` among them. */
  readonly claims?: JsonObject | undefined;
  /** A token (JWT) that counts as verified, instead of `claims`. */
  readonly token?: string | undefined;
  /** The server name of the application's own TLS. */
  readonly sni?: string | undefined;
  /** The protocols that the application's own TLS offers. */
  readonly alpn?: readonly string[] | undefined;
  /** What an external authorizer answers; without it, that is not known. */
  readonly extAuthz?: "allow" | "deny" | undefined;
  /** The address that is asked from; by default the pod's. */
  readonly sourceAddress?: string | undefined;
  /** Any text, which picks one of what may come of the request by chance; the same text picks the same. */
  readonly seed?: string | undefined;
}

/**
 * Whether a request gets to its destination: it does, a policy refuses it, a proxy answers itself, nothing is there to take
 * it, or files do not tell.
 */
export type TraceVerdict = "allowed" | "denied" | "answered" | "failed" | "unknown";

/** Where something was decided: at the client, at the waypoint, or at the ztunnel of the destination. */
export type TracePlace = "client" | "waypoint" | "destination";

/** A field of an object that is why. */
export interface TraceCause extends ObjectRef {
  /** The field, as a path from the object down; empty where it is the object as a whole. */
  readonly field: string;
  /** Where it stands. */
  readonly place: {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly endLine: number;
  } | null;
}

/** One thing that may come of a request. */
export interface TraceOutcome {
  /** From 0 to 1. */
  readonly probability: number;
  readonly verdict: TraceVerdict;
  /** The status of HTTP that a proxy answers with. */
  readonly status: number | null;
  /** The status of gRPC that a proxy answers with. */
  readonly grpcStatus: number | null;
  /** Where a redirect leads. */
  readonly location?: string;
  /** Why, in a sentence without a full stop. */
  readonly reason: string;
  readonly decidedAt: TracePlace;
  readonly decidedBy: TraceCause | null;
}

/** A cluster that a request may go to. */
export interface TraceDestination {
  /** The cluster; empty without a waypoint. */
  readonly cluster: string;
  /** The host of the Service. */
  readonly service: string | null;
  /** The subset of the Service. */
  readonly subset: string | null;
  /** From 0 to 1. */
  readonly probability: number;
  /** How the endpoints are spoken to, beyond the mesh's own encryption. */
  readonly tls?: string;
  /** What may be picked. */
  readonly endpoints: readonly TraceEndpoint[];
}

/** An endpoint that may be picked. */
export interface TraceEndpoint {
  /** `address:port`. */
  readonly address: string;
  /** The pod or other workload, `namespace/name`. */
  readonly workload: string | null;
  /** Its share of the cluster's requests, from 0 to 1. */
  readonly probability: number;
}

/** A request as its destination would get it. */
export interface TraceForwarded {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly host: string;
  /** What cannot be known from files is `null`; the values of a repeated header have commas between them. */
  readonly headers: { readonly [name: string]: string | null };
}

/** One thing that was looked at. */
export interface TraceStep {
  readonly at: TracePlace;
  /** A filter, a route, a cluster. */
  readonly what: string;
  /** The resource, and the JSON pointer into it. */
  readonly resource?: { readonly name: string; readonly pointer: string };
  readonly decision: "passed" | "taken" | "skipped" | "denied" | "answered" | "failed" | "unknown";
  /** What came of it, in words. */
  readonly text: string;
  /** What made it. */
  readonly because?: readonly TraceCause[];
  /** What was looked at inside: rules, policies, routes. */
  readonly details?: readonly TraceDetail[];
}

/** A part of a step. */
export interface TraceDetail {
  /** Whether it fits the request; `null` if files do not tell. */
  readonly fits: boolean | null;
  /** What it is, and why it fits or does not, in words. */
  readonly text: string;
  /** What made it. */
  readonly because?: TraceCause;
}

/** What comes of a request: the likeliest outcome, all others, and the way. */
export interface Trace {
  readonly verdict: TraceVerdict;
  /** The status of HTTP that the client gets of a proxy; `null` where the destination answers, or where it is not HTTP. */
  readonly status: number | null;
  /** The status of gRPC that the client gets of a proxy. */
  readonly grpcStatus: number | null;
  /** The verdict in a sentence, without a full stop. */
  readonly reason: string;
  readonly decidedAt: TracePlace;
  /** The field that decided; `null` where a default did. */
  readonly decidedBy: TraceCause | null;
  /** The waypoint on the way, `namespace/name`. */
  readonly waypoint: string | null;
  /** All that may come of it, the likeliest first; one where nothing is left to chance. */
  readonly outcomes: readonly TraceOutcome[];
  /** Where it goes, with odds, as far as it gets. */
  readonly destinations: readonly TraceDestination[];
  /** What goes to others as a copy, with odds. */
  readonly mirrors: readonly TraceDestination[];
  /** The request as the destination would get it; `null` of what is not HTTP, or does not get there. */
  readonly request: TraceForwarded | null;
  /** What the files do not tell, and what was assumed. */
  readonly caveats: readonly string[];
  /** The way, in its order. */
  readonly steps: readonly TraceStep[];
  /** All of it as the command line prints it. */
  readonly text: string;
}
