// Translates beside the page, so that typing never waits for it.
import type { Request } from "./protocol.ts";

// Loaded from here, since the package waits for its WebAssembly: meanwhile questions would find nobody listening.
const answers = import("./answers.ts");

self.onmessage = async ({ data }: MessageEvent<Request>) => self.postMessage((await answers).answer(data));

// The page hears of what could not be loaded as of any error.
answers.catch((error: unknown) => reportError(error));
