// Starts the page: with what its link holds, else with what was typed before, else with the article's example.
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/controls.css";
import "./styles/input.css";
import "./styles/results.css";

import { App } from "./app.ts";
import { EXAMPLES, loadExample } from "./model/examples.ts";
import { kept } from "./model/kept.ts";
import { decode, type Shared } from "./model/share.ts";
import { byId } from "./ui/dom.ts";

const app = new App(byId("app"), byId("status"));

async function start(): Promise<void> {
  let shared: Shared | undefined;
  try {
    shared = await decode(location.hash.slice(1));
  } catch (error) {
    app.announce(error instanceof Error ? error.message : String(error));
  }
  const typed = shared ?? kept();
  if (typed !== undefined) return app.open(typed);
  const [first] = EXAMPLES;
  if (first === undefined) return;
  app.open({ ...(await loadExample(first)), waypoint: first.waypoint }, first.id);
}

void start();
addEventListener("hashchange", () => void start());
