// What every panel has.
import type { Maker, Place } from "waypoint-xds";

import type { Location } from "../engine/protocol.ts";
import type { NextSteps } from "./nothing.ts";

/** What is in the tab that was chosen. */
export interface Panel {
  readonly element: HTMLElement;
  /** Shows what the last translation says. */
  refresh(context: Context): Promise<void>;
  /** Marks what is chosen, if it is in this panel. */
  select?(location: Location | undefined): void;
}

/** What is looked at. */
export interface Context {
  readonly waypoint: string | undefined;
  readonly selected: Location | undefined;
  /** Whether something newer was asked for meanwhile. */
  isStale(): boolean;
}

/** What panels tell the page. */
export interface PanelEvents extends NextSteps {
  /** A resource, or a part of one, was chosen. */
  chosen(location: Location, origins: readonly Maker[]): void;
  /** The pointer, or the focus, is on something that these objects made. */
  hovered(origins: readonly Maker[]): void;
  /** The lines of these objects should be shown. */
  traced(origins: readonly Maker[]): void;
  /** This place should be shown. */
  located(place: Place): void;
}

/** Whether two locations are the same. */
export function isSame(a: Location | null | undefined, b: Location | undefined): boolean {
  return a?.kind === b?.kind && a?.name === b?.name && a?.pointer === b?.pointer;
}
