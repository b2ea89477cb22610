// A request as it is typed into the form, and as the package takes it.
import type { JsonObject, TraceRequest } from "waypoint-xds";

/** What stands in the form. */
export interface Asked {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  /** `name: value` lines. */
  readonly headers: string;
  /** A JSON object, or nothing. */
  readonly claims: string;
}

/** A form in which nothing stands. */
export const NOTHING: Asked = { from: "", to: "", method: "GET", path: "/", headers: "", claims: "" };

/** What the form says is no request. */
export class AskError extends Error {
  override readonly name = "AskError";
}

/** The request; `undefined` as long as nobody asks or is asked. */
export function requestOf({ from, to, method, path, headers, claims }: Asked): TraceRequest | undefined {
  if (from.trim() === "" || to.trim() === "") return undefined;
  return {
    from: from.trim(),
    to: to.trim(),
    method: method.trim() === "" ? undefined : method.trim(),
    path: path.trim() === "" ? undefined : path.trim(),
    headers: headers.split("\n").map((line) => line.trim()).filter((line) => line !== ""),
    claims: claims.trim() === "" ? undefined : objectOf(claims),
  };
}

function objectOf(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AskError("the claims are no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new AskError("the claims are no JSON object");
  return value as JsonObject;
}

/** What a link says stands in the form, if it says so. */
export function checkedAsked(value: unknown): Asked | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as { readonly [name: string]: unknown };
  const text = (name: keyof Asked): string => {
    const field = fields[name];
    return typeof field === "string" ? field : NOTHING[name];
  };
  return { from: text("from"), to: text("to"), method: text("method"), path: text("path"), headers: text("headers"), claims: text("claims") };
}
