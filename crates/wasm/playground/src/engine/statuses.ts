// Every condition that Istio would write, by object.
import type { FieldRef, Maker, ObjectRef, Place, Problem, Translation } from "waypoint-xds";

import type { LocatedCondition, ObjectStatus } from "./protocol.ts";

/** The codes of findings about the snapshot's own statuses. */
const DIFFERENCES = new Set(["stale-status", "status-differs"]);

/** The statuses of all objects that have one, or that the snapshot gives one that they should not have. */
export function statuses(translation: Translation, problems: readonly Problem[]): readonly ObjectStatus[] {
  const differences = problems.filter(({ code, object }) => object !== null && DIFFERENCES.has(code));
  const objects = new Map<string, { object: ObjectRef; conditions: LocatedCondition[]; differences: Problem[] }>();
  const of = (object: ObjectRef): { conditions: LocatedCondition[]; differences: Problem[] } => {
    const known = objects.get(key(object)) ?? { object, conditions: [], differences: [] };
    objects.set(key(object), known);
    return known;
  };
  const conditions = translation.status;
  const located = locate(translation, conditions.flatMap(({ causes = [] }) => causes));
  for (const { causes = [], ...condition } of conditions) {
    of(condition).conditions.push({ ...condition, causes: located.splice(0, causes.length) });
  }
  for (const problem of differences) if (problem.object !== null) of(problem.object).differences.push(problem);
  const all = [...objects.values()];
  const makers = locate(translation, all.map(({ object: { kind, namespace, name } }) => ({ kind, namespace, name })));
  return all.flatMap(({ conditions, differences }, index) => {
    const object = makers[index];
    return object === undefined ? [] : [{ object, conditions, differences }];
  });
}

function locate(translation: Translation, fields: readonly FieldRef[]): Maker[] {
  const places = translation.places(fields);
  return fields.map(({ kind, namespace, name, field }, index) => ({ kind, namespace, name, ...(field === undefined ? {} : { field }), ...lines(places[index]) }));
}

function lines(place: Place | null | undefined): Pick<Maker, "file" | "line" | "column" | "endLine"> {
  if (place == null) return {};
  const { file, line, column, endLine } = place;
  return { file, line, column, endLine };
}

function key({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}
