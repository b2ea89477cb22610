// JSON as it is shown, with the stretches of text that pointers point at.
import type { JsonValue } from "waypoint-xds";

/** A stretch of the text. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A text and where what was asked for is in it. */
export interface Printed {
  readonly text: string;
  readonly stretches: ReadonlyMap<string, Stretch>;
}

/** Prints a value with an indent of two, and finds the values at some pointers (RFC 6901). */
export function print(value: JsonValue, pointers: ReadonlySet<string>): Printed {
  const out: string[] = [];
  const stretches = new Map<string, Stretch>();
  let length = 0;
  const write = (text: string): void => {
    out.push(text);
    length += text.length;
  };
  const visit = (value: JsonValue, pointer: string, indent: string): void => {
    const from = length;
    if (typeof value === "object" && value !== null) {
      const isList = Array.isArray(value);
      // A list's keys are its positions.
      const entries = Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
      const deeper = `${indent}  `;
      write(isList ? "[" : "{");
      entries.forEach(([key, item], index) => {
        write(`${index === 0 ? "" : ","}\n${deeper}${isList ? "" : `${JSON.stringify(key)}: `}`);
        visit(item, `${pointer}/${escape(key)}`, deeper);
      });
      write(entries.length === 0 ? "" : `\n${indent}`);
      write(isList ? "]" : "}");
    } else {
      write(JSON.stringify(value));
    }
    if (pointers.has(pointer)) stretches.set(pointer, { from, to: length });
  };
  visit(value, "", "");
  return { text: out.join(""), stretches };
}

function escape(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
