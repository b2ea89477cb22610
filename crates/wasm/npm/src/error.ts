/** What went wrong with a call: options or arguments that are none. What is wrong with YAML is a {@link Problem}. */
export class WaypointXdsError extends Error {
  override readonly name = "WaypointXdsError";

  /** What sort of error it is. Stable: programs may depend on it. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options !== undefined && "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
  }

  /** @internal How WebAssembly makes one. */
  static of(code: string, message: string): WaypointXdsError {
    return new WaypointXdsError(code, message);
  }
}

/**
 * @internal How WebAssembly says that its memory is full. Nothing may be allocated for it any more, so the text is here.
 */
export function throwOutOfMemory(): never {
  throw new WaypointXdsError("out-of-memory", "the input needs more memory than WebAssembly has");
}

/** @internal The error for an argument that is not one of those expected. */
export function invalid(message: string, cause?: unknown): WaypointXdsError {
  return new WaypointXdsError("invalid-argument", message, cause === undefined ? undefined : { cause });
}
