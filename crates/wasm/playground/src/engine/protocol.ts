// What the page and its worker say to each other.
import type { Cost, CostRule, ResourceLocation, Maker, Options, Problem, Release, SourceFile, Summary, Table, TableKind, Trace, TraceRequest } from "waypoint-xds";

import type { View } from "../graph/fold.ts";
import type { Layout } from "../graph/layout.ts";
import type { Stretch } from "./json.ts";

/** What is translated. */
export interface Input {
  readonly files: readonly SourceFile[];
  readonly options: Options;
}

/** What every translation tells, whatever is looked at. */
export interface Outcome {
  readonly release: Release;
  readonly waypoints: readonly string[];
  readonly problems: readonly Problem[];
  readonly summary: Summary;
  readonly milliseconds: number;
}

/** A table, and where the JSON of each row is. */
export interface LocatedTable extends Table {
  readonly locations: readonly (ResourceLocation | null)[];
  readonly origins: readonly (readonly Maker[])[];
}

/** The JSON of a resource as it is shown. */
export interface Shown {
  readonly location: ResourceLocation;
  readonly typeUrl: string;
  readonly text: string;
  /** The stretch that the location points at. */
  readonly focus: { readonly from: number; readonly to: number };
  /** The parts that have origins of their own. */
  readonly parts: readonly Part[];
  /** What made the part that the location points at. */
  readonly origins: readonly Maker[];
}

/** A part of a resource and what made it. */
export interface Part extends Stretch {
  readonly origins: readonly Maker[];
}

/** Everything that the worker can be asked for: what it takes and what it gives. */
export interface Methods {
  translate: { takes: Input; gives: Outcome };
  table: { takes: { waypoint: string; kind: TableKind }; gives: LocatedTable };
  graph: { takes: { waypoint: string; view: View }; gives: Layout };
  show: { takes: { waypoint: string; location: ResourceLocation }; gives: Shown | undefined };
  trace: { takes: TraceRequest; gives: Trace };
  cost: { takes: { rule: CostRule; replicas: number | undefined }; gives: Cost };
  all: { takes: Record<string, never>; gives: string };
  configDump: { takes: { waypoint: string }; gives: string };
}

export type Method = keyof Methods;

/** A question. */
export type Request = { [M in Method]: { readonly id: number; readonly method: M; readonly takes: Methods[M]["takes"] } }[Method];

/** What went wrong: one of the package's errors, or a defect. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** An answer. */
export type Reply =
  | { readonly id: number; readonly gives: Methods[Method]["gives"] }
  | { readonly id: number; readonly failure: Failure };
