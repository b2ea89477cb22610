// A thousand pods: typing never waits.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";

import { picture, Playground, release, tab, write } from "./harness.ts";
import { large } from "./large.ts";

/** Milliseconds of work for a key that nobody notices. */
const FLUID = 80;

let playground: Playground;
let page: Page;

before(async () => {
  playground = await Playground.start();
  page = await playground.open({ colorScheme: "light" });
  await release(page, "1.31");
  await write(page, large(50, 20));
});

after(() => playground.stop());

test("Services are shown by name, and one opens", async () => {
  assert.match((await page.locator(".said").textContent()) ?? "", /1,1\d\d objects/);
  await page.waitForFunction(() => document.querySelectorAll(".graph .box.service").length === 50);
  await page.getByText("Services: choose one to see").waitFor();
  await picture(page, "large-light");
  await page.locator(".graph .box.service", { hasText: "service-10.team" }).click();
  await page.waitForSelector(".graph .box.endpoints");
  assert.ok((await page.locator(".graph .box").count()) < 40);
  await picture(page, "large-service-light");
  await page.locator(".graph .box.endpoints").first().click();
  await page.waitForFunction(() => document.querySelectorAll(".graph .box.endpoint").length >= 10);
  await page.getByLabel("Service", { exact: true }).selectOption("");
});

test("a long table has few rows in the document, and scrolls to its end", async () => {
  await tab(page, "Endpoints");
  await page.waitForSelector(".grid tr[data-row]");
  assert.ok(Number(await page.locator(".grid").getAttribute("aria-rowcount")) > 1000);
  assert.ok((await page.locator(".grid tr[data-row]").count()) < 80);
  await page.locator(".grid tr[data-row]").first().focus();
  await page.keyboard.press("End");
  const last = await page.locator('.grid tr[tabindex="0"]').getAttribute("aria-rowindex");
  assert.equal(last, await page.locator(".grid").getAttribute("aria-rowcount"));
});

test("typing is fluid while everything is translated", async () => {
  await tab(page, "Graph");
  await page.locator(".input .cm-content").click();
  await page.keyboard.press("ControlOrMeta+End");
  // In the time that the page's own thread works, not in that of the clock: other programs do not count.
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * (metrics.find((metric) => metric.name === "TaskDuration")?.value ?? Number.NaN);
  };
  const text = "# the quick brown fox jumps over the lazy dog";
  const before = await worked();
  await page.keyboard.type(text, { delay: 60 });
  const perKey = ((await worked()) - before) / text.length;
  console.log(`typing with 1,000 pods: the page works ${perKey.toFixed(1)} ms for each key`);
  assert.ok(perKey < FLUID, `${perKey} ms`);
});
