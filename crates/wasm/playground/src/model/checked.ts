// What comes out of a link is checked: anybody can write one.
import type { Options, SourceFile } from "waypoint-xds";

import { checkedAsked } from "./asked.ts";
import { RELEASES } from "./releases.ts";
import type { Shared } from "./share.ts";

/** The snapshot that a JSON holds, if it holds one. Options are kept as they are when they have the right type. */
export function checkedShared(json: string): Shared | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { files, options, waypoint } = value;
  if (!Array.isArray(files) || files.length === 0 || !files.every(isFile)) return undefined;
  const asked = checkedAsked(value["asked"]);
  return {
    files: files.map(({ name, text }) => ({ name, text })),
    options: isRecord(options) ? checkedOptions(options) : {},
    waypoint: typeof waypoint === "string" ? waypoint : undefined,
    ...(asked === undefined ? {} : { asked }),
  };
}

function checkedOptions({ release, meshConfig, readiness, assume, dialect, features }: Record<string, unknown>): Options {
  const isOneOf = <T extends string>(value: unknown, ...all: readonly T[]): T | undefined => all.find((one) => one === value);
  return {
    release: isOneOf(release, ...RELEASES),
    meshConfig: typeof meshConfig === "string" ? meshConfig : undefined,
    readiness: isOneOf(readiness, "assumed", "observed"),
    assume: isOneOf(assume, "all", "nothing"),
    dialect: isOneOf(dialect, "istio-proxy", "envoy"),
    features: isRecord(features) ? strings(features) : undefined,
  };
}

function strings(record: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

function isFile(value: unknown): value is SourceFile {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["text"] === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
