import type { Cluster, ClusterLoadAssignment, Listener, RouteConfiguration, TypedExtensionConfig } from "./generated/envoy.js";
import type { RawTranslation } from "./generated/waypoint_xds.js";
import type { Handle } from "./handle.js";
import type { JsonObject } from "./json.js";
import { parse } from "./parse.js";
import { newResource, type Resource } from "./resource.js";
import type { Graph, Origin, ResourceKind, Table, TableKind } from "./types.js";

/** The messages of each list of resources. */
interface Messages {
  readonly listeners: Listener;
  readonly clusters: Cluster;
  readonly routes: RouteConfiguration;
  readonly endpoints: ClusterLoadAssignment;
  readonly extensions: TypedExtensionConfig;
}

const LISTS: readonly ResourceKind[] = ["listeners", "clusters", "routes", "endpoints", "extensions"];

/** @internal How a translation makes one. */
export let newWaypoint: (handle: Handle<RawTranslation>, index: number, name: string) => Waypoint;

/** What the control plane sends one waypoint. */
export class Waypoint {
  static {
    newWaypoint = (handle, index, name) => new Waypoint(handle, index, name);
  }

  /** `namespace/name` of its Gateway. */
  readonly name: string;

  readonly #handle: Handle<RawTranslation>;
  readonly #index: number;
  readonly #lists = new Map<ResourceKind, readonly Resource[]>();

  private constructor(handle: Handle<RawTranslation>, index: number, name: string) {
    this.#handle = handle;
    this.#index = index;
    this.name = name;
  }

  /** LDS, sorted by name. */
  get listeners(): readonly Resource<Listener>[] {
    return this.#list<Listener>("listeners");
  }

  /** CDS, sorted by name. */
  get clusters(): readonly Resource<Cluster>[] {
    return this.#list<Cluster>("clusters");
  }

  /** RDS, sorted by name. Empty in the known releases: a waypoint's routes are inside its listeners. */
  get routes(): readonly Resource<RouteConfiguration>[] {
    return this.#list<RouteConfiguration>("routes");
  }

  /** EDS, sorted by the cluster's name. */
  get endpoints(): readonly Resource<ClusterLoadAssignment>[] {
    return this.#list<ClusterLoadAssignment>("endpoints");
  }

  /** ECDS, sorted by name: the configurations of the Wasm extensions in the listeners. */
  get extensions(): readonly Resource<TypedExtensionConfig>[] {
    return this.#list<TypedExtensionConfig>("extensions");
  }

  /** The resource of this kind and name. */
  get<Kind extends ResourceKind>(kind: Kind, name: string): Resource<Messages[Kind]> | undefined {
    return this.#list<Messages[Kind]>(kind).find((resource) => resource.name === name);
  }

  /** How many resources it gets. */
  get size(): number {
    return LISTS.reduce((count, list) => count + this.#list(list).length, 0);
  }

  /** All resources, in the order of their kinds. */
  *[Symbol.iterator](): IterableIterator<Resource> {
    for (const list of LISTS) yield* this.#list(list);
  }

  /** The table that `istioctl proxy-config` prints; with `wide`, the objects behind each row too. */
  table(kind: TableKind, options: { wide?: boolean | undefined } = {}): Table {
    return parse(this.#handle.get().table(this.#index, kind, options.wide ?? false));
  }

  /** The graph from listeners over filter chains, routes and clusters to endpoints. */
  graph(): Graph {
    return parse(this.#handle.get().graph(this.#index));
  }

  /** What its Envoy starts with: the bootstrap as Istio's template writes it. */
  bootstrap(): JsonObject {
    return parse(this.#handle.get().bootstrap(this.#index));
  }

  /** What Envoy's `/config_dump?include_eds` would print, as JSON. */
  configDump(): string {
    return this.#handle.get().configDump(this.#index);
  }

  #list<Message extends object>(list: ResourceKind): readonly Resource<Message>[] {
    let resources = this.#lists.get(list);
    if (resources === undefined) {
      resources = Object.freeze(this.#read(list));
      this.#lists.set(list, resources);
    }
    // The core has made them: the list says which messages they are.
    return resources as readonly Resource<Message>[];
  }

  #read(list: ResourceKind): Resource[] {
    const heads = parse<[name: string, typeUrl: string][]>(this.#handle.get().resources(this.#index, list));
    // Asked for together, since finding objects' places takes an index of all of them.
    let all: readonly (readonly Origin[])[] | undefined;
    const origins = (index: number): readonly Origin[] => {
      all ??= parse<(readonly Origin[])[]>(this.#handle.get().origins(this.#index, list));
      return all[index] ?? [];
    };
    const where = { handle: this.#handle, waypoint: this.#index, list, origins };
    return heads.map(([name, typeUrl], index) => newResource(where, index, name, typeUrl));
  }
}
