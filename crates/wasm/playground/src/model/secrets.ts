// Secrets are nobody's but their owner's: links go without them.
import type { SourceFile } from "waypoint-xds";

/** In YAML, block or flow, and in JSON. */
const IS_SECRET = /(^|[\s{,])["']?kind["']?\s*:\s*["']?Secret["']?\s*($|[,}#])/m;

/** Files without the documents that hold Secrets, and how many those were. */
export function withoutSecrets(files: readonly SourceFile[]): { readonly files: readonly SourceFile[]; readonly leftOut: number } {
  let leftOut = 0;
  const cleaned = files.map((file) => {
    if (!IS_SECRET.test(file.text)) return file;
    // A line of three hyphens starts a document; what stands before the first is one, too.
    const documents = file.text.split(/^(?=---(?:\s|$))/m);
    const kept = documents.filter((document) => !IS_SECRET.test(document));
    leftOut += documents.length - kept.length;
    return { ...file, text: kept.join("") };
  });
  return { files: cleaned, leftOut };
}
