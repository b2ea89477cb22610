// Answers the page's questions with the package.
import { cost, type Graph, Snapshot, translate, type Translation, type Waypoint, WaypointXdsError } from "waypoint-xds";

import { fold } from "../graph/fold.ts";
import { layout } from "../graph/layout.ts";
import type { Failure, Input, Method, Methods, Outcome, Reply, Request } from "./protocol.ts";
import { show } from "./show.ts";
import { locatedTable } from "./tables.ts";

/** The last translation, and what it was made of. */
interface Current {
  readonly input: Input;
  readonly snapshot: Snapshot;
  readonly translation: Translation;
  /** By waypoint: asked for with every table, picture and JSON. */
  readonly graphs: Map<string, Graph>;
}

let current: Current | undefined;

const methods: { [M in Method]: (takes: Methods[M]["takes"]) => Methods[M]["gives"] } = {
  translate: run,
  table: ({ waypoint, kind }) => locatedTable(named(waypoint), graph(waypoint), kind),
  graph: ({ waypoint, view }) => layout(fold(graph(waypoint), view)),
  show: ({ waypoint, location }) => show(named(waypoint), graph(waypoint), location),
  trace: (request) => last().translation.trace(request),
  cost: ({ rule, replicas }) => cost(last().snapshot, { ...last().input.options, rule, replicas }),
  all: () => last().translation.toJson(),
  configDump: ({ waypoint }) => named(waypoint).configDump(),
};

function run(input: Input): Outcome {
  const start = performance.now();
  const snapshot = Snapshot.fromFiles(input.files);
  const translation = translate(snapshot, input.options);
  current?.translation.free();
  current?.snapshot.free();
  current = { input, snapshot, translation, graphs: new Map() };
  const { release, summary, waypoints } = translation;
  return { release, problems: translation.lint(), summary, waypoints, milliseconds: performance.now() - start };
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
  return { code: "defect", message: error instanceof Error ? error.message : String(error) };
}
