// Messages quote what users wrote in backticks.
import { h } from "./dom.ts";

/** A message with its quotes as code. */
export function marked(message: string): Node[] {
  return message.split("`").map((text, index) => (index % 2 === 0 ? new Text(text) : h("code", {}, text)));
}
