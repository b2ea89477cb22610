// What every panel has.
import type { ResourceLocation, Maker } from "waypoint-xds";

/** What is in the tab that was chosen. */
export interface Panel {
  readonly element: HTMLElement;
  /** Shows what the last translation says. */
  refresh(context: Context): Promise<void>;
  /** Marks what is chosen, if it is in this panel. */
  select?(location: ResourceLocation | undefined): void;
}

/** What is looked at. */
export interface Context {
  readonly waypoint: string | undefined;
  readonly selected: ResourceLocation | undefined;
  /** Whether something newer was asked for meanwhile. */
  isStale(): boolean;
}

/** What panels tell the page. */
export interface PanelEvents {
  /** A resource, or a part of one, was chosen. */
  chosen(location: ResourceLocation, origins: readonly Maker[]): void;
  /** The pointer, or the focus, is on something that these objects made. */
  hovered(origins: readonly Maker[]): void;
}

/** Whether two locations are the same. */
export function isSame(a: ResourceLocation | null | undefined, b: ResourceLocation | undefined): boolean {
  return a?.kind === b?.kind && a?.name === b?.name && a?.pointer === b?.pointer;
}
