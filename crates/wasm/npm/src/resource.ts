import type { RawTranslation } from "./generated/waypoint_xds.js";
import type { Handle } from "./handle.js";
import { parse } from "./parse.js";
import type { Origin, ResourceKind } from "./types.js";

/** @internal The list in which a resource is. */
interface Where {
  readonly handle: Handle<RawTranslation>;
  readonly waypoint: number;
  readonly list: ResourceKind;
  readonly origins: (index: number) => readonly Origin[];
}

/** @internal How a waypoint makes one. */
export let newResource: (where: Where, index: number, name: string, typeUrl: string) => Resource;

/** One Envoy resource. It holds no memory of its own: the message stays where it is until it is asked for. */
export class Resource<Message extends object = object> {
  static {
    newResource = (where, index, name, typeUrl) => new Resource(where, index, name, typeUrl);
  }

  /** The name by which Envoy asks for it. */
  readonly name: string;

  /** The URL of its type: `type.googleapis.com/envoy.config.cluster.v3.Cluster`. */
  readonly typeUrl: string;

  readonly #where: Where;
  readonly #index: number;

  private constructor(where: Where, index: number, name: string, typeUrl: string) {
    this.#where = where;
    this.#index = index;
    this.name = name;
    this.typeUrl = typeUrl;
  }

  /** Its canonical JSON as a text. */
  toJson(): string {
    const { handle, waypoint, list } = this.#where;
    return handle.get().resourceJson(waypoint, list, this.#index);
  }

  /** Its canonical JSON as a plain object, a new one each time. */
  toObject(): Message {
    return parse(this.toJson());
  }

  /** The encoded protobuf message. */
  toBytes(): Uint8Array {
    const { handle, waypoint, list } = this.#where;
    return handle.get().resourceBytes(waypoint, list, this.#index);
  }

  /** Why it exists: the objects that made it as a whole, each filter chain and each route. */
  get origins(): readonly Origin[] {
    return this.#where.origins(this.#index);
  }
}
