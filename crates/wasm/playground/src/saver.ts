// Everything that can be downloaded of a snapshot.
import type { Engine } from "./engine/engine.ts";
import { download, fileName } from "./ui/download.ts";
import type { Entry } from "./ui/menu.ts";

/** What the downloads are of. */
export interface Sources {
  waypoint(): string | undefined;
  picture(): string | undefined;
  failed(error: unknown): void;
}

const JSON_TYPE = "application/json";

/** Makes the entries of the menu of downloads. */
export class Saver {
  readonly #engine: Engine;
  readonly #sources: Sources;

  constructor(engine: Engine, sources: Sources) {
    this.#engine = engine;
    this.#sources = sources;
  }

  /** The entries that make sense now. */
  entries(): readonly Entry[] {
    const waypoint = this.#sources.waypoint();
    const entries: Entry[] = [{ title: "All resources (JSON)", run: () => void this.#save("resources.json", JSON_TYPE, () => this.#engine.ask("all", {})) }];
    if (waypoint !== undefined) {
      const name = fileName(waypoint);
      entries.push({ title: `Config dump of ${waypoint}`, run: () => void this.#save(`${name}.config_dump.json`, JSON_TYPE, () => this.#engine.ask("configDump", { waypoint })) });
      const picture = this.#sources.picture();
      if (picture !== undefined) entries.push({ title: "Graph (SVG)", run: () => void this.#save(`${name}.svg`, "image/svg+xml", () => Promise.resolve(picture)) });
    }
    return entries;
  }

  async #save(name: string, type: string, text: () => Promise<string>): Promise<void> {
    try {
      download(name, await text(), type);
    } catch (error) {
      this.#sources.failed(error);
    }
  }
}
