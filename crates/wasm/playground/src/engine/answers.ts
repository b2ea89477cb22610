// Answers the page's questions with the package.
import { cost, costSvg, type Diff, type Graph, type Problem, type Release, Snapshot, translate, type Translation, type Waypoint, WaypointXdsError } from "waypoint-xds";

import { fold } from "../graph/fold.ts";
import { layout } from "../graph/layout.ts";
import { LATEST } from "../model/releases.ts";
import type { Failure, Input, Location, Method, Methods, Outcome, Reply, Request, ZtunnelLocation } from "./protocol.ts";
import { show } from "./show.ts";
import { statuses } from "./statuses.ts";
import { locatedTable } from "./tables.ts";
import { showZtunnel, ztunnelTable } from "./ztunnel.ts";

/** The last translation, and what it was made of. */
interface Current {
  readonly input: Input;
  readonly snapshot: Snapshot;
  readonly translation: Translation;
  readonly problems: readonly Problem[];
  /** By waypoint: asked for with every table, picture and JSON. */
  readonly graphs: Map<string, Graph>;
}

let current: Current | undefined;

const methods: { [M in Method]: (takes: Methods[M]["takes"]) => Methods[M]["gives"] } = {
  translate: run,
  detect,
  table: ({ waypoint, kind }) => locatedTable(named(waypoint), graph(waypoint), kind),
  graph: ({ waypoint, view }) => layout(fold(graph(waypoint), view)),
  ztunnel: ({ kind }) => ztunnelTable(last().translation, kind),
  statuses: () => statuses(last().translation, last().problems),
  show: ({ waypoint, location }) => {
    if (isOfZtunnel(location)) return showZtunnel(last().translation, location);
    return waypoint === undefined ? undefined : show(named(waypoint), graph(waypoint), location);
  },
  trace: (request) => last().translation.trace(request),
  compare,
  cost: ({ rule, replicas }) => {
    const { snapshot, input } = last();
    const options = { ...input.options, rule, replicas };
    return { ...cost(snapshot, options), picture: costSvg(snapshot, options) };
  },
  all: () => last().translation.toJson(),
  configDump: ({ waypoint }) => named(waypoint).configDump(),
};

function run(input: Input): Outcome {
  const start = performance.now();
  const snapshot = Snapshot.fromFiles(input.files);
  const translation = translate(snapshot, input.options);
  const problems = translation.lint();
  current?.translation.free();
  current?.snapshot.free();
  current = { input, snapshot, translation, problems, graphs: new Map() };
  const { release, summary, waypoints } = translation;
  return { release, problems, summary, waypoints, milliseconds: performance.now() - start };
}

function compare({ files, options }: Input): Diff {
  const snapshot = Snapshot.fromFiles(files);
  const before = translate(snapshot, options);
  try {
    return before.diff(last().translation);
  } finally {
    before.free();
    snapshot.free();
  }
}

function detect({ files }: { files: Input["files"] }): Release {
  const snapshot = Snapshot.fromFiles(files);
  const release = snapshot.release ?? LATEST;
  snapshot.free();
  return release;
}

function isOfZtunnel(location: Location): location is ZtunnelLocation {
  return location.kind === "workloads" || location.kind === "services" || location.kind === "policies";
}

function last(): Current {
  if (current === undefined) throw new Error("nothing was translated yet");
  return current;
}

function named(name: string): Waypoint {
  const waypoint = last().translation.waypoint(name);
  if (waypoint === undefined) throw new Error(`there is no waypoint ${name}`);
  return waypoint;
}

function graph(name: string): Graph {
  const { graphs } = last();
  const graph = graphs.get(name) ?? named(name).graph();
  graphs.set(name, graph);
  return graph;
}

/** Answers a question. */
export function answer({ id, method, takes }: Request): Reply {
  try {
    // TypeScript does not see that the method and what it takes belong together; `Request` says so.
    const gives = (methods[method] as (takes: Request["takes"]) => Methods[Method]["gives"])(takes);
    return { id, gives };
  } catch (error) {
    return { id, failure: failure(error) };
  }
}

function failure(error: unknown): Failure {
  if (error instanceof WaypointXdsError) {
    return { code: error.code, message: error.message };
  }
  // The stack is too small for it, or WebAssembly gave up.
  if (error instanceof RangeError || error instanceof WebAssembly.RuntimeError) {
    return { code: "crashed", message: `the translator crashed: ${error.message}` };
  }
  return { code: "defect", message: error instanceof Error ? error.message : String(error) };
}
