// Feature flags of the control plane as lines of text.

/** `NAME=VALUE` lines as flags. Blank lines and comments are left out. */
export function parseFeatures(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

/** Flags as lines. */
export function printFeatures(features: { readonly [name: string]: string } | undefined): string {
  return Object.entries(features ?? {}).map(([name, value]) => `${name}=${value}\n`).join("");
}
