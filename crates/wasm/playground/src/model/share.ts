// The whole snapshot in a link: JSON, deflated, as base64url in the fragment, which no browser sends anywhere.
import type { Options, SourceFile } from "waypoint-xds";

import type { Asked } from "./asked.ts";
import { checkedShared } from "./checked.ts";

/** What a link holds. */
export interface Shared {
  readonly files: readonly SourceFile[];
  readonly options: Options;
  readonly waypoint?: string | undefined;
  /** The request that is looked at. */
  readonly asked?: Asked | undefined;
}

/** Longer links are not made: browsers cut them off. */
export const LONGEST_LINK = 1_000_000;

/** Longer links work in browsers, but not every program passes them on. */
export const LONG_LINK = 8_000;

/** So much text at most comes out of a link: a few bytes could stand for gigabytes. */
const LARGEST_TEXT = 32 * 1024 * 1024;

const VERSION = "1";

/** A link could not be read. */
export class ShareError extends Error {
  override readonly name = "ShareError";
}

/** The fragment for a snapshot, without `#`. */
export async function encode(shared: Shared): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(shared));
  const packed = await collect(piped(bytes, new CompressionStream("deflate-raw")), Number.POSITIVE_INFINITY);
  return `${VERSION}=${base64url(packed)}`;
}

/** What a fragment holds; `undefined` if it is none of ours. */
export async function decode(fragment: string): Promise<Shared | undefined> {
  const [version, packed] = fragment.split("=", 2);
  if (version === "" || packed === undefined) return undefined;
  if (version !== VERSION) throw new ShareError("this link was made by another version of the playground");
  let json: string;
  try {
    const bytes = await collect(piped(fromBase64url(packed), new DecompressionStream("deflate-raw")), LARGEST_TEXT);
    json = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof ShareError) throw cause;
    throw new ShareError("this link is damaged: perhaps it was cut off on its way", { cause });
  }
  const shared = checkedShared(json);
  if (shared === undefined) throw new ShareError("this link holds no snapshot");
  return shared;
}

function piped(bytes: Uint8Array<ArrayBuffer>, through: TransformStream<BufferSource, Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([bytes]).stream().pipeThrough(through);
}

async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    length += next.value.length;
    if (length > limit) {
      await reader.cancel();
      throw new ShareError("this link holds more than the playground takes");
    }
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function base64url(bytes: Uint8Array): string {
  const CHUNK = 0x8000;
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
