// What was typed, kept in the browser: it survives a reload.
import { checkedShared } from "./checked.ts";
import type { Shared } from "./share.ts";

const KEY = "waypoint-xds-snapshot";

/** Keeps a snapshot; `undefined` forgets it. Gives whether that went well: a browser may forbid it, or have no room. */
export function keep(shared: Shared | undefined): boolean {
  try {
    if (shared === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(shared));
    return true;
  } catch {
    return false;
  }
}

/** What was kept. */
export function kept(): Shared | undefined {
  try {
    return checkedShared(localStorage.getItem(KEY) ?? "");
  } catch {
    return undefined;
  }
}
