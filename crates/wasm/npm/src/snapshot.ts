import { invalid } from "./error.js";
import { RawSnapshot } from "./generated/waypoint_xds.js";
import { Handle } from "./handle.js";
import { toJson } from "./objects.js";
import { parse } from "./parse.js";
import type { KubernetesList, KubernetesObject, ObjectRef, Problem, ReadOptions, Release, SourceFile, Summary } from "./types.js";

/** @internal How translating gets at the memory that a snapshot owns. */
export let rawSnapshot: (snapshot: Snapshot) => RawSnapshot;

/** The objects that a translation starts from, and what is wrong with them. */
export class Snapshot {
  static {
    rawSnapshot = (snapshot) => {
      if (!(snapshot instanceof Snapshot)) throw invalid("expected a Snapshot");
      return snapshot.#handle.get();
    };
  }

  readonly #handle: Handle<RawSnapshot>;
  #objects: readonly ObjectRef[] | undefined;
  #problems: readonly Problem[] | undefined;
  #summary: Summary | undefined;

  private constructor(raw: RawSnapshot) {
    this.#handle = new Handle(raw);
  }

  /** Reads YAML or JSON, several documents in one text too. The name is what problems and origins call it. */
  static fromYaml(text: string, name = "snapshot.yaml", options: ReadOptions = {}): Snapshot {
    return Snapshot.fromFiles([{ name, text }], options);
  }

  /** Reads the texts of files. Of the same object in two places the later one counts. */
  static fromFiles(files: Iterable<SourceFile>, options: ReadOptions = {}): Snapshot {
    const [names, texts] = namesAndTexts(files);
    return new Snapshot(RawSnapshot.fromFiles(names, texts, JSON.stringify(options)));
  }

  /**
   * Reads objects, as a client of the Kubernetes API or a YAML parser returns them: a list of them, what a client's `list…` function
   * returns or several of such lists, or a single object.
   *
   * @throws {@link WaypointXdsError} when they are none of that, or have no JSON.
   */
  static fromObjects<T extends KubernetesObject | KubernetesList>(objects: T | Iterable<T>, options: ReadOptions = {}): Snapshot {
    return new Snapshot(RawSnapshot.fromObjects(toJson(objects), JSON.stringify(options)));
  }

  /** What is wrong with the texts and objects. A translation finds more: see {@link Translation.problems}. */
  get problems(): readonly Problem[] {
    return (this.#problems ??= parse<readonly Problem[]>(this.#handle.get().problems()));
  }

  /** What was read and what was not. */
  get summary(): Summary {
    return (this.#summary ??= parse<Summary>(this.#handle.get().summary()));
  }

  /** The release that it tells, by istiod's image or installation or by those of its waypoints; `undefined` where nothing does. */
  get release(): Release | undefined {
    return this.#handle.get().release() as Release | undefined;
  }

  /** How many objects were kept. */
  get size(): number {
    return this.#kept.length;
  }

  /** Whether an object was kept. */
  has({ kind, namespace, name, cluster }: ObjectRef): boolean {
    return this.#kept.some((kept) => kept.kind === kind && kept.namespace === namespace && kept.name === name && kept.cluster === cluster);
  }

  /** The objects that were kept, by kind, namespace and name. */
  [Symbol.iterator](): IterableIterator<ObjectRef> {
    return this.#kept.values();
  }

  get #kept(): readonly ObjectRef[] {
    return (this.#objects ??= parse<readonly ObjectRef[]>(this.#handle.get().objects()));
  }

  /** Frees its memory now, not when it is collected as garbage. What was translated of it keeps what it needs. */
  free(): void {
    this.#handle.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/** What is in a list: whoever has no TypeScript may pass something else. */
function all<T>(list: Iterable<T>): T[] {
  try {
    return [...list];
  } catch (cause) {
    throw invalid(`expected a list: ${String(cause)}`, cause);
  }
}

/** @internal The names of files, and their texts in the same order. */
export function namesAndTexts(files: Iterable<SourceFile>): [names: string[], texts: string[]] {
  const names: string[] = [];
  const texts: string[] = [];
  for (const file of all(files)) {
    if (typeof file?.name !== "string" || typeof file.text !== "string") {
      throw invalid("expected files: { name, text }, both strings");
    }
    names.push(file.name);
    texts.push(file.text);
  }
  return [names, texts];
}
