// The files that are open. Each change makes a new list, so that lists can be compared.
import type { SourceFile } from "waypoint-xds";

/** Files in their order, by name. */
export class OpenFiles {
  #list: readonly SourceFile[] = [];

  /** All of them. */
  get list(): readonly SourceFile[] {
    return this.#list;
  }

  /** Their names. */
  get names(): readonly string[] {
    return this.#list.map(({ name }) => name);
  }

  /** The file of this name. */
  get(name: string): SourceFile | undefined {
    return this.#list.find((file) => file.name === name);
  }

  /** Others instead of all. */
  replace(files: readonly SourceFile[]): void {
    this.#list = [...files];
  }

  /** More files; they take the place of those of their names. */
  add(files: readonly SourceFile[]): void {
    const added = new Set(files.map(({ name }) => name));
    this.#list = [...this.#list.filter(({ name }) => !added.has(name)), ...files];
  }

  /** Another text, and perhaps another name. */
  write(name: string, text: string, renamed = name): void {
    this.#list = this.#list.map((file) => (file.name === name ? { name: renamed, text } : file));
  }

  remove(name: string): void {
    this.#list = this.#list.filter((file) => file.name !== name);
  }

  /** A name that no file has. */
  freshName(start: string): string {
    const names = new Set(this.names);
    let number = 1;
    while (names.has(`${start}-${number}.yaml`)) number++;
    return `${start}-${number}.yaml`;
  }
}
