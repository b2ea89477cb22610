// What the page and its worker say to each other.
import type { Condition, Cost, CostRule, Diff, ResourceLocation, Maker, Options, Problem, Release, SourceFile, Summary, Table, TableKind, Trace, TraceRequest, ZtunnelKind, ZtunnelTable } from "waypoint-xds";

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

/** Where the JSON of something that ztunnel gets is: all of it, so that the pointer is empty. */
export interface ZtunnelLocation {
  readonly kind: ZtunnelKind;
  readonly name: string;
  readonly pointer: "";
}

/** Where the JSON of something that can be looked at is: of a waypoint, or of ztunnel. */
export type Location = ResourceLocation | ZtunnelLocation;

/** What ztunnel gets, and where the JSON of each row is; or why that is not known. */
export type LocatedZtunnel = (Omit<ZtunnelTable, "locations"> & { readonly locations: readonly ZtunnelLocation[] }) | { readonly unknown: string };

/** The status of an object. */
export interface ObjectStatus {
  readonly object: Maker;
  readonly conditions: readonly LocatedCondition[];
  /** Where the snapshot's own status says otherwise. */
  readonly differences: readonly Problem[];
}

/** A condition, and where what decided it stands. */
export interface LocatedCondition extends Omit<Condition, "causes"> {
  readonly causes: readonly Maker[];
}

/** The JSON of a resource as it is shown. */
export interface Shown {
  readonly location: Location;
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

/** What distributing configuration costs, and a picture of it as SVG. */
export interface CostWithPicture extends Cost {
  readonly picture: string;
}

/** Everything that the worker can be asked for: what it takes and what it gives. */
export interface Methods {
  translate: { takes: Input; gives: Outcome };
  /** The release that the images of a snapshot tell, the newest if they tell none. */
  detect: { takes: { files: readonly SourceFile[] }; gives: Release };
  table: { takes: { waypoint: string; kind: TableKind }; gives: LocatedTable };
  graph: { takes: { waypoint: string; view: View }; gives: Layout };
  ztunnel: { takes: { kind: ZtunnelKind }; gives: LocatedZtunnel };
  statuses: { takes: Record<string, never>; gives: readonly ObjectStatus[] };
  show: { takes: { waypoint: string | undefined; location: Location }; gives: Shown | undefined };
  trace: { takes: TraceRequest; gives: Trace };
  /** What has changed since this. */
  compare: { takes: Input; gives: Diff };
  cost: { takes: { rule: CostRule; replicas: number | undefined }; gives: CostWithPicture };
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
