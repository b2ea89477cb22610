// Objects as clients of the Kubernetes API hold them, to JSON.
import { invalid } from "./error.js";
import { groupOf } from "./generated/waypoint_xds.js";

/** What `@kubernetes/client-node` calls its models: `V1Service`. */
const MODEL = /^(V\d+(?:(?:alpha|beta)\d+)?)([A-Z]\w*)$/;

/** What the class of such a model tells: how its fields are called in the API. */
interface Model {
  readonly name: string;
  readonly attributeTypeMap: readonly { readonly name: string; readonly baseName: string }[];
}

/** @internal The JSON of objects: one, a list of a client's, or several of either. */
export function toJson(objects: unknown): string {
  const all = each(objects).map(listed);
  try {
    return JSON.stringify(all, (_, value: unknown) => named(value));
  } catch (cause) {
    throw invalid(`expected objects that have a JSON: ${String(cause)}`, cause);
  }
}

function each(objects: unknown): readonly unknown[] {
  if (isRecord(objects)) {
    if (isIterable(objects)) return [...objects];
    if (typeof objects["then"] === "function") throw invalid("expected objects, found a promise of them: it has to be awaited");
    if (typeof objects["kind"] === "string" || isList(objects) || modelOf(objects) !== undefined) return [objects];
  }
  throw invalid("expected objects: a list of them, what a client's list function returns, or one that has a kind");
}

/** A list as one of Kubernetes': what has no kind is one of any kinds. */
function listed(value: unknown): unknown {
  if (!isRecord(value) || !isList(value) || value["kind"] !== undefined) return value;
  return { apiVersion: "v1", kind: "List", items: value["items"] };
}

/** A model with its fields named as in the API, and with its kind: those in a list do not tell theirs. Others as they are. */
function named(value: unknown): unknown {
  const model = isRecord(value) ? modelOf(value) : undefined;
  if (model === undefined || !isRecord(value)) return value;
  const fields = Object.fromEntries(model.attributeTypeMap.map(({ name, baseName }) => [baseName, value[name]]));
  const [, version, kind] = MODEL.exec(model.name) ?? [];
  const group = kind === undefined ? undefined : groupOf(kind);
  if (group === undefined || version === undefined) return fields;
  const prefix = group === "" ? "" : `${group}/`;
  return { ...fields, apiVersion: fields["apiVersion"] ?? prefix + version.toLowerCase(), kind: fields["kind"] ?? kind };
}

function modelOf(value: { readonly [field: string]: unknown }): Model | undefined {
  const model: unknown = value.constructor;
  return typeof model === "function" && "attributeTypeMap" in model && Array.isArray(model.attributeTypeMap) ? (model as unknown as Model) : undefined;
}

function isList(value: { readonly [field: string]: unknown }): boolean {
  return Array.isArray(value["items"]) && (value["kind"] === undefined || /List$/.test(String(value["kind"])));
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value && typeof value[Symbol.iterator] === "function";
}

function isRecord(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null;
}
