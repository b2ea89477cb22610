// What the editor changes against what was kept before.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";

import { picture, Playground, tab, write } from "./harness.ts";

const snapshot = (name: string): string => readFileSync(fileURLToPath(new URL(`../../../../../testdata/diff/${name}`, import.meta.url)), "utf8");

let playground: Playground;
let page: Page;

before(async () => {
  playground = await Playground.start();
  page = await playground.open({ colorScheme: "light" });
  await write(page, snapshot("policy.old.yaml"));
  await tab(page, "Compare");
});

after(() => playground.stop());

const summary = (): Promise<string> => page.locator(".compare-summary").innerText();

test("a snapshot is proved equal to itself", async () => {
  assert.equal(await summary(), "");
  await page.getByRole("button", { name: "Keep this as before" }).click();
  await page.waitForFunction(() => document.querySelector(".compare-summary")?.textContent !== "");
  assert.match(await summary(), /^Nothing differs for any request to \d+ destinations: proved\.$/);
});

test("whose requests a change changes stands there, both sides next to each other", async () => {
  await write(page, snapshot("policy.new.yaml"));
  await page.waitForFunction(() => document.querySelector(".compare .class") !== null);
  assert.match(await summary(), /^1 of \d+ destinations differs/);
  assert.equal(await page.locator(".class-of").first().innerText(), "path is /admin*");
  const sides = await page.locator(".class").first().locator(".verdict-line").allInnerTexts();
  assert.match(sides[0] ?? "", /^was DENIED 403/);
  assert.match(sides[1] ?? "", /^is ALLOWED/);
  await picture(page, "compare-light");
});

test("another release is a change, too", async () => {
  await page.getByLabel("1.30", { exact: true }).check();
  await page.waitForFunction(() => document.querySelector(".said")?.textContent?.includes("Istio 1.30"));
  await page.waitForSelector(".compare .class");
});
