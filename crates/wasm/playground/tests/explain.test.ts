// What ztunnel gets, and the statuses that Istio would write.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";

import { picture, Playground, release, tab, testCase, write } from "./harness.ts";

const STALE = `
---
apiVersion: v1
kind: Service
metadata: {name: stale, namespace: default, labels: {istio.io/use-waypoint: nobody}}
spec: {clusterIP: 10.96.9.9, ports: [{name: http, port: 80}]}
status:
  conditions:
  - {type: istio.io/WaypointBound, status: "True", reason: WaypointAccepted, message: Successfully attached to waypoint default/nobody}
`;

let playground: Playground;
let page: Page;

before(async () => {
  playground = await Playground.start();
  page = await playground.open({ colorScheme: "light" });
  await write(page, testCase("bookinfo-namespace") + STALE);
  await release(page, "1.31");
});

after(() => playground.stop());

const highlighted = async (): Promise<string> => (await page.locator(".input .cm-origin").allInnerTexts()).join("\n");
const choose = (label: string): Promise<void> => page.getByLabel(label, { exact: true }).check();

/** Waits for a table whose second column has this title. */
const column = (title: string): Promise<unknown> =>
  page.waitForFunction((title) => document.querySelector(".grid th:nth-child(2)")?.textContent === title, title);

test("ztunnel's tables are istioctl's, and rows lead to JSON and YAML", async () => {
  await tab(page, "ztunnel");
  await column("POD NAME");
  await choose("Services");
  await column("SERVICE NAME");
  assert.deepEqual(await page.locator(".grid th").allInnerTexts(), ["NAMESPACE", "SERVICE NAME", "SERVICE VIP", "WAYPOINT", "ENDPOINTS"]);
  await page.locator(".grid tr.choosable", { hasText: "reviews" }).first().click();
  await page.waitForSelector(".details:not([hidden])");
  assert.equal(await page.locator(".details-name").innerText(), "default/reviews.default.svc.cluster.local");
  assert.match(await page.locator(".details .cm-content").innerText(), /"hostname": "reviews\.default\.svc\.cluster\.local"/);
  assert.match(await page.locator(".details .chip").first().innerText(), /Service.*default\/reviews/s);
  assert.match(await highlighted(), /kind: Service/);
  await picture(page, "ztunnel-light");
});

test("details belong to their tab, and Escape closes them", async () => {
  await tab(page, "Clusters");
  await page.locator(".details").waitFor({ state: "hidden" });
  await tab(page, "ztunnel");
  await page.locator(".details").waitFor();
  await page.locator(".grid tr[data-row]", { hasText: "reviews" }).first().focus();
  await page.keyboard.press("Escape");
  await page.locator(".details").waitFor({ state: "hidden" });
});

test("an older release says why there is nothing", async () => {
  await release(page, "1.18");
  await page.getByText("What ztunnel gets is not known for Istio 1.18").waitFor();
  await release(page, "1.31");
  await page.waitForSelector(".grid tr.choosable");
});

test("every condition is told, with what decided it", async () => {
  await tab(page, "Statuses");
  const stale = page.locator(".status", { has: page.locator(".status-object", { hasText: "default/stale" }) });
  await stale.waitFor();
  assert.match(await stale.locator(".condition").innerText(), /istio\.io\/WaypointBound.*False.*WaypointIsNotReady/s);
  await stale.locator(".decided .chip").first().click();
  assert.match(await highlighted(), /istio\.io\/use-waypoint: nobody/);
  await picture(page, "statuses-light");
});

test("where the snapshot says otherwise is told, and leads there", async () => {
  await choose("Differs");
  const difference = page.locator(".difference");
  assert.equal(await difference.count(), 1);
  assert.match(await difference.innerText(), /The snapshot says otherwise: the condition istio\.io\/WaypointBound is True/);
  await difference.click();
  assert.ok(await page.locator(".input .cm-content").evaluate((element) => element.contains(document.activeElement)));
  assert.match(await page.locator(".input .cm-activeLine").innerText(), /WaypointAccepted/);
  await choose("Not met");
  assert.deepEqual([...new Set(await page.locator(".condition .truth").allInnerTexts())], ["False"]);
  await choose("All");
});

test("statuses are filtered, and the keyboard is enough", async () => {
  const all = await page.locator(".status").count();
  await page.getByLabel("Filter statuses").fill("stale");
  assert.ok((await page.locator(".status").count()) < all);
  await page.getByLabel("Filter statuses").press("Tab");
  await page.keyboard.press("Enter");
  assert.match(await highlighted(), /name: stale/);
  await page.getByLabel("Filter statuses").fill("");
});

test("both fit a phone, in the dark", async () => {
  const phone = await playground.open({ colorScheme: "dark", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  await release(phone, "1.31");
  for (const [title, name, row] of [["ztunnel", "phone-ztunnel-dark", ".grid tr[data-row]"], ["Statuses", "phone-statuses-dark", ".condition"]] as const) {
    await tab(phone, title);
    await phone.waitForSelector(row);
    await phone.evaluate(() => document.querySelector(".results")?.scrollIntoView());
    assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${title} is no wider than the screen`);
    await picture(phone, name);
  }
});
