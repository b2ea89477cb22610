// The built page on a server of its own, and a browser to look at it with.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const SITE = fileURLToPath(new URL("../site/", import.meta.url));
const WORKSPACE = fileURLToPath(new URL("../../../../../", import.meta.url));
const PICTURES = join(WORKSPACE, "target", "playground");

const TYPES: { readonly [extension: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Without these Chromium asks for Google's hosts at every start. */
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A test case of the core. */
export function testCase(name: string): string {
  return readFileSync(join(WORKSPACE, "testdata", "cases", `${name}.yaml`), "utf8");
}

/** A browser with the page, for one test file. */
export class Playground {
  readonly #server: Server;
  readonly #contexts: { context: BrowserContext; profile: string }[] = [];
  readonly address: string;
  /** Requests to anything but the page's own server. */
  readonly foreign: string[] = [];
  /** What went wrong on the page. */
  readonly errors: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  static async start(): Promise<Playground> {
    const server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://127.0.0.1").pathname));
      try {
        const body = readFileSync(join(SITE, path.endsWith("/") ? `${path}index.html` : path));
        response.writeHead(200, { "content-type": TYPES[extname(path) || ".html"] ?? "application/octet-stream" }).end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Playground(server);
  }

  /** Opens the page in a new browser and waits until something was translated. */
  async open(options: BrowserContextOptions & { readonly hash?: string; readonly before?: () => void } = {}): Promise<Page> {
    const { hash = "", before, ...rest } = options;
    const profile = mkdtempSync(join(tmpdir(), "playground-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: QUIET,
      viewport: { width: 1440, height: 900 },
      permissions: ["clipboard-read", "clipboard-write"],
      ...rest,
    });
    this.#contexts.push({ context, profile });
    // Runs on the page before anything of its own does.
    if (before !== undefined) await context.addInitScript(before);
    context.on("request", (request) => {
      if (!request.url().startsWith(this.address) && !/^(blob|data):/.test(request.url())) this.foreign.push(request.url());
    });
    const page = context.pages()[0] ?? (await context.newPage());
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && this.errors.push(message.text()));
    await page.goto(`${this.address}${hash === "" ? "" : `#${hash}`}`);
    await translated(page);
    return page;
  }

  /** Ends everything; nothing may have gone wrong, and nothing may have left the browser. */
  async stop(): Promise<void> {
    for (const { context, profile } of this.#contexts) {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
    this.#server.close();
    assert.deepEqual(this.errors, []);
    assert.deepEqual(this.foreign, []);
  }
}

/** Waits until what is on the page was translated. */
export async function translated(page: Page): Promise<void> {
  await page.waitForSelector(".said > span");
  await page.waitForSelector("#results[aria-busy=false]");
}

/** Takes a picture of the page, to be looked at. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** Puts a text into the editor instead of what is there. */
export async function write(page: Page, text: string): Promise<void> {
  // What is said of two texts may be the same, even how long they took: only what is said anew counts.
  await page.locator(".said").evaluate((said) => said.replaceChildren());
  await page.locator(".input .cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await page.keyboard.press("ControlOrMeta+v");
  await translated(page);
}

/** Translates for another release. */
export async function release(page: Page, name: string): Promise<void> {
  await page.getByLabel(name, { exact: true }).check();
  await page.waitForFunction((name) => document.querySelector(".said")?.textContent?.includes(`Istio ${name}`), name);
  await translated(page);
}

/** The texts that are seen and smaller than 11 pixels, as they are drawn. */
export function smallTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const scale = Number(/scale\(([\d.]+)\)/.exec(document.querySelector(".graph > g")?.getAttribute("transform") ?? "")?.[1] ?? 1);
    const hasText = (element: Element): boolean => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== "");
    const isSeen = (element: Element): boolean => element.checkVisibility() && element.closest("style, title, script") === null;
    const size = (element: Element): number => Number.parseFloat(getComputedStyle(element).fontSize) * (element.closest(".graph") === null ? 1 : scale);
    const fields = [...document.querySelectorAll<Element>("input, select, textarea")];
    const elements = [...[...document.querySelectorAll<Element>("body *")].filter(hasText), ...fields].filter(isSeen);
    return elements.filter((element) => size(element) < 10.99).map((element) => `${element.tagName} ${element.textContent} ${size(element)}`);
  });
}

/** Goes to a tab of the results. */
export async function tab(page: Page, name: string): Promise<void> {
  await page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
}
