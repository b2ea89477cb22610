/// <reference lib="esnext.disposable" preserve="true" />
export type * from "./generated/envoy.js";
export { WaypointXdsError } from "./error.js";
export type * from "./access.js";
export type * from "./diff.js";
export type * from "./explain.js";
export type * from "./json.js";
export { explain } from "./problem.js";
export { Resource } from "./resource.js";
export { Snapshot } from "./snapshot.js";
export type * from "./tests.js";
export type * from "./trace.js";
export { cost, costSvg, releases, translate } from "./translate.js";
export { Translation } from "./translation.js";
export type * from "./types.js";
export { Waypoint } from "./waypoint.js";
