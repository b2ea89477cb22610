import { WaypointXdsError } from "./error.js";

/**
 * Something that owns memory of WebAssembly's. Several objects may share it. The garbage collector frees it with the
 * last of them, some time; `free` does so at once.
 */
export class Handle<Raw extends { free(): void }> {
  #raw: Raw | undefined;

  constructor(raw: Raw) {
    this.#raw = raw;
  }

  get(): Raw {
    if (this.#raw === undefined) throw new WaypointXdsError("freed", "its memory was freed with free()");
    return this.#raw;
  }

  free(): void {
    this.#raw?.free();
    this.#raw = undefined;
  }
}
