// Dark and light: what the system says, until somebody chooses.
import { h } from "./dom.ts";
import { icon } from "./icons.ts";

type Theme = "dark" | "light";

const KEY = "waypoint-xds-theme";

/** The button that changes between dark and light. */
export function themeButton(): HTMLButtonElement {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = stored();
  const button = h("button", { type: "button", class: "ghost icon-button", onclick: () => choose(other()) });
  const current = (): Theme => chosen ?? (system.matches ? "dark" : "light");
  const other = (): Theme => (current() === "dark" ? "light" : "dark");
  const show = (): void => {
    document.documentElement.dataset["theme"] = current();
    const label = `Switch to ${other()}`;
    button.replaceChildren(icon(other() === "dark" ? "moon" : "sun"));
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  const choose = (theme: Theme): void => {
    chosen = theme;
    store(theme);
    show();
  };
  system.addEventListener("change", show);
  show();
  return button;
}

// A browser may forbid pages to store anything; then the choice lasts as long as the page.
function stored(): Theme | undefined {
  try {
    const value = localStorage.getItem(KEY);
    return value === "dark" || value === "light" ? value : undefined;
  } catch {
    return undefined;
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    return;
  }
}
