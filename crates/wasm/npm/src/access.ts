import type { TraceCause, TraceDestination, TraceOutcome, TraceVerdict } from "./trace.js";

/** What is asked: of whom, by whom. One of both is needed. */
export interface AccessQuery {
  /** Who is asked: `NAMESPACE/NAME` of a Service, or as for a request; without it every Service. */
  to?: string | undefined;
  /** The port; without it each that the destination has. */
  port?: number | undefined;
  /** Who asks, as for a request; without it everybody. */
  from?: string | undefined;
  /** What external authorizers answer. */
  extAuthz?: "allow" | "deny" | undefined;
}

/** Who may do what: {@link Translation.access}. */
export interface Access {
  from: string | null;
  destinations: DestinationAccess[];
  /** All of it as text, as the command line prints it. */
  text: string;
}

/** Who may do what at a port of a destination. */
export interface DestinationAccess {
  host: string;
  port: number;
  ways: WayAccess[];
}

/** What comes of the requests of one way. */
export interface WayAccess {
  /** Through a waypoint, without one, past it, from outside of the mesh, by a sidecar; or of all requests the same comes. */
  way: "waypoint" | "straight" | "past" | "outside" | "sidecar" | "same";
  /** `namespace/name`. */
  waypoint: string | null;
  speaks: "http" | "bytes" | "any";
  /** Who is dialled, where that is not the destination as it was named. */
  pod: string | null;
  /** How many other pods behind the destination have the same policies. */
  alike: number;
  /** The first that a request is in tells what comes of it, and it is in one. */
  rows: AccessRow[];
}

/** Requests of which the same comes. */
export interface AccessRow {
  /** What they have in common; empty for all that no row before has. */
  conditions: string[];
  verdict: TraceVerdict;
  status: number | null;
  reason: string;
  /** What decides; for what is allowed, the rules that let it pass. */
  because: TraceCause[];
  /** All that may come of it, where something is left to chance. */
  outcomes: TraceOutcome[];
  destinations: TraceDestination[];
  /** One of them. */
  example: Record<string, unknown> | null;
  /** Whether a trace of the example says what the row says. */
  confirmed: boolean;
}
