// Files that are dropped on the page or opened.
import type { SourceFile } from "waypoint-xds";

import { h } from "./dom.ts";

const IS_READ = /\.(ya?ml|json)$/i;

/** Takes files that are dropped anywhere on the page. */
export function takeDrops(target: HTMLElement, taken: (files: SourceFile[]) => void): void {
  let depth = 0;
  const mark = (change: number): void => {
    depth = Math.max(0, depth + change);
    target.classList.toggle("dropping", depth > 0);
  };
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  target.addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  target.addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  target.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  target.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    depth = 0;
    mark(0);
    void read(event.dataTransfer?.files ?? []).then(taken);
  }, { capture: true });
}

/** Lets somebody choose files. */
export function chooseFiles(taken: (files: SourceFile[]) => void): void {
  const input = h("input", { type: "file", multiple: true, accept: ".yaml,.yml,.json" });
  input.addEventListener("change", () => void read(input.files ?? []).then(taken));
  input.click();
}

async function read(files: Iterable<File>): Promise<SourceFile[]> {
  const known = [...files].filter((file) => IS_READ.test(file.name));
  return Promise.all(known.map(async (file) => ({ name: file.name, text: await file.text() })));
}
