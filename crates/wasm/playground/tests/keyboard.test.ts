// Everything without a mouse.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";

import { Playground } from "./harness.ts";

let playground: Playground;
let page: Page;

before(async () => {
  playground = await Playground.start();
  page = await playground.open();
});

after(() => playground.stop());

/** The name of what has the focus. */
const focused = (): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? "";
  });

/** Presses the tab key until something has the focus. */
async function tabTo(name: string | RegExp, key = "Tab"): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press(key);
    const now = await focused();
    if (typeof name === "string" ? now === name : name.test(now)) return;
  }
  assert.fail(`the tab key does not lead to ${String(name)}`);
}

test("the first stop skips to the results", async () => {
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the results");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "results");
});

test("arrows move between tabs, which are one stop", async () => {
  await tabTo("Graph");
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(), "Listeners");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.getByRole("tab", { selected: true }).innerText(), "Clusters");
  await page.keyboard.press("End");
  assert.equal(await focused(), "Cost");
  await page.keyboard.press("Home");
  assert.equal(await focused(), "Graph");
  assert.equal(await page.locator('[role="tab"][tabindex="0"]').count(), 1);
});

test("arrows move in the picture along lines, and Enter opens a box", async () => {
  await tabTo(/^Listener connect_/);
  await page.keyboard.press("ArrowRight");
  assert.match(await focused(), /^Filter chain/);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.match(await focused(), /^Cluster/);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement?.querySelector(".body") ?? document.body).strokeWidth);
  assert.equal(outline, "2.5px");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".details:not([hidden])");
  await tabTo("Copy");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".details").isVisible(), false);
});

test("arrows move in a table, and Enter opens a row", async () => {
  await page.getByRole("tab", { name: "Clusters" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".grid tr[data-row]");
  await tabTo(/^agent/);
  for (let row = 0; row < 6; row++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".details:not([hidden])");
  assert.equal(await page.locator('.grid tr[aria-selected="true"]').count(), 1);
  await page.keyboard.press("End");
  assert.match(await focused(), /^zipkin/);
});

test("the menu of downloads opens, moves and closes", async () => {
  await page.locator(".top").getByRole("button", { name: "Download" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "All resources (JSON)");
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(), /^Config dump/);
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "Download");
});

test("splitters move by arrows", async () => {
  const splitter = page.getByRole("separator", { name: "Size of the editor" });
  const before = await splitter.getAttribute("aria-valuenow");
  await splitter.focus();
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await splitter.getAttribute("aria-valuenow"), before);
});

test("Escape and Tab leave the editor", async () => {
  await page.locator(".input .cm-content").focus();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(".input .cm-content").evaluate((element) => element.contains(document.activeElement)), false);
});
