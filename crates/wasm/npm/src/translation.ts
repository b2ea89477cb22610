import type { Condition, Descriptions, SubjectKind, ZtunnelConfig, ZtunnelKind, ZtunnelTable } from "./explain.js";
import type { RawTranslation } from "./generated/waypoint_xds.js";
import { Handle } from "./handle.js";
import { parse } from "./parse.js";
import { namesAndTexts } from "./snapshot.js";
import type { TestReport } from "./tests.js";
import type { Access, AccessQuery } from "./access.js";
import type { Diff } from "./diff.js";
import type { Trace, TraceRequest } from "./trace.js";
import type { FieldRef, LintOptions, Place, Problem, Release, SourceFile, Summary } from "./types.js";
import { newWaypoint, type Waypoint } from "./waypoint.js";

/** @internal How `translate` makes one. */
export let newTranslation: (raw: RawTranslation) => Translation;

/** What Istio's control plane would send every waypoint of a snapshot, and what is wrong with the snapshot. */
export class Translation {
  static {
    newTranslation = (raw) => new Translation(raw);
  }

  /** The release whose layout this is. */
  readonly release: Release;

  /** Every waypoint, as `namespace/name`, sorted. */
  readonly waypoints: readonly string[];

  readonly #handle: Handle<RawTranslation>;
  readonly #waypoints = new Map<string, Waypoint>();
  #problems: readonly Problem[] | undefined;
  #status: readonly Condition[] | undefined;
  #summary: Summary | undefined;
  #ztunnel: ZtunnelConfig | undefined;

  private constructor(raw: RawTranslation) {
    this.#handle = new Handle(raw);
    this.release = raw.release() as Release;
    this.waypoints = Object.freeze(parse<string[]>(raw.waypoints()));
    for (const [index, name] of this.waypoints.entries()) {
      this.#waypoints.set(name, newWaypoint(this.#handle, index, name));
    }
  }

  /** The resources of one waypoint, by `namespace/name`. */
  waypoint(name: string): Waypoint | undefined {
    return this.#waypoints.get(name);
  }

  /** The waypoints, in the order of their names. */
  [Symbol.iterator](): IterableIterator<Waypoint> {
    return this.#waypoints.values();
  }

  /** Everything found wrong, from the text to the mesh, in the order of the text. */
  get problems(): readonly Problem[] {
    return (this.#problems ??= parse<readonly Problem[]>(this.#handle.get().problems()));
  }

  /**
   * Everything that is to be said of the snapshot, in the order of the text: the problems, and what is accepted and does not do what
   * it looks like. What objects suppress by annotation is left out.
   *
   * @throws {@link WaypointXdsError} when an option is not one of those expected.
   */
  lint({ baseline, ...selection }: LintOptions = {}): readonly Problem[] {
    return parse<readonly Problem[]>(this.#handle.get().lint(JSON.stringify(selection), baseline));
  }

  /**
   * The text of a baseline that has all that is found now: kept in a file, it lets `lint` report what is new only.
   *
   * @throws {@link WaypointXdsError} when an option is not one of those expected.
   */
  baseline(selection: Omit<LintOptions, "baseline"> = {}): string {
    return this.#handle.get().baseline(JSON.stringify(selection));
  }

  /** What was read and what was not. */
  get summary(): Summary {
    return (this.#summary ??= parse<Summary>(this.#handle.get().summary()));
  }

  /** Every condition that Istio would write into the objects' statuses. */
  get status(): readonly Condition[] {
    return (this.#status ??= parse<readonly Condition[]>(this.#handle.get().status()));
  }

  /** What ztunnels get. Not known of 1.18. */
  get ztunnel(): ZtunnelConfig {
    return (this.#ztunnel ??= parse<ZtunnelConfig>(this.#handle.get().ztunnel()));
  }

  /** What `istioctl ztunnel-config` prints of `workloads`, `services` or `policies`, and what made each row. */
  ztunnelTable(kind: ZtunnelKind): ZtunnelTable {
    return parse<ZtunnelTable>(this.#handle.get().ztunnelTable(kind));
  }

  /** Where fields stand, such as the causes of {@link status}: of objects that are not in the snapshot `null`. */
  places(fields: Iterable<FieldRef>): readonly (Place | null)[] {
    return parse<readonly (Place | null)[]>(this.#handle.get().places(JSON.stringify([...fields])));
  }

  /**
   * All about one object: which waypoint serves it and why, who goes past it, what is enforced where, how it is routed, and
   * what is wrong. The name may be `NAME.NAMESPACE`.
   */
  describe<Kind extends SubjectKind>(kind: Kind, name: string, namespace?: string): Descriptions[Kind] {
    return parse<Descriptions[Kind]>(this.#handle.get().describe(kind, name, namespace));
  }

  /** What is different in another translation, of another snapshot or of the same one with other options. */
  diff(other: Translation): Diff {
    return parse<Diff>(this.#handle.get().diff(other.#handle.get()));
  }

  /**
   * Who may do what, exactly: for each way to a destination its rows, of which the first that a request is in counts.
   *
   * @throws {@link WaypointXdsError} when nobody is named, or the snapshot does not have who asks or who is asked.
   */
  access(query: AccessQuery): Access {
    return parse<Access>(this.#handle.get().access(JSON.stringify(query)));
  }

  /**
   * What comes of the requests in files of tests, and whether that is what they expect. Files that are no tests are those that
   * tests add to the snapshot (`setup`), by their path from the folder of the test's file.
   */
  runTests(files: Iterable<SourceFile>): TestReport {
    return parse<TestReport>(this.#handle.get().runTests(...namesAndTexts(files)));
  }

  /**
   * What comes of one request, who decides, where it goes, and which line says so.
   *
   * @throws {@link WaypointXdsError} when it is no request, or the snapshot does not have who asks or who is asked.
   */
  trace(request: TraceRequest): Trace {
    return parse<Trace>(this.#handle.get().trace(JSON.stringify(request)));
  }

  /** All resources as one JSON text: waypoint, kind, resources. */
  toJson(): string {
    return this.#handle.get().toJson();
  }

  /** Frees its memory now, not when it is collected as garbage; that of its waypoints and resources with it. */
  free(): void {
    this.#handle.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }
}
