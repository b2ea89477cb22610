import type { Place } from "./types.js";

/** What went wrong with a call: options or arguments that are none. What is wrong with YAML is a {@link Problem}. */
export class WaypointXdsError extends Error {
  override readonly name = "WaypointXdsError";

  /** What sort of error it is. Stable: programs may depend on it. */
  readonly code: string;

  /** Where it is, when it is in a text: in `meshConfig`. */
  readonly place: Place | undefined;

  constructor(code: string, message: string, options?: { place?: Place | undefined; cause?: unknown }) {
    super(message, options !== undefined && "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.place = options?.place;
  }

  /** @internal How WebAssembly makes one: the place is JSON. */
  static of(code: string, message: string, place?: string | null): WaypointXdsError {
    return new WaypointXdsError(code, message, { place: place == null ? undefined : (JSON.parse(place) as Place) });
  }
}
