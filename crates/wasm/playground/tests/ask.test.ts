// The form beside the picture: a request, its verdict, its way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";

import { picture, Playground, tab } from "./harness.ts";

let playground: Playground;
let page: Page;

before(async () => {
  playground = await Playground.start();
  page = await playground.open({ colorScheme: "light" });
  await page.locator("header select").selectOption("authz-target-gateway");
  await page.waitForFunction(() => document.querySelector(".file.current")?.textContent === "authz-target-gateway.yaml");
});

after(() => playground.stop());

const verdict = (): Promise<string> => page.locator(".verdict").innerText();

/** Types into the form, and waits for another verdict. */
async function ask(fields: { readonly [label: string]: string }): Promise<string> {
  const before = await verdict();
  for (const [label, text] of Object.entries(fields)) await page.locator(".ask").getByLabel(label, { exact: true }).fill(text);
  await page.waitForFunction((before) => document.querySelector<HTMLElement>(".verdict")?.innerText !== before, before);
  return verdict();
}

test("a request has a verdict, and its way is lit up", async () => {
  assert.match(await ask({ From: "default/desk", To: "vault.default:8080" }), /^ALLOWED through waypoint default\/waypoint/);
  assert.ok((await page.locator(".ask .way .step").count()) > 4);
  const way = await page.locator(".graph.asked .box.way .title").allTextContents();
  assert.ok(way.includes("connect_terminate") && way.includes("main_internal"), way.join());
  const all = await page.locator(".graph .box").count();
  assert.ok(way.length < all, `${way.length} of ${all} boxes are on the way`);
  await picture(page, "ask-light");
});

test("the lines that decided are lit up in the editor", async () => {
  assert.match(await ask({ Path: "/forbidden" }), /^DENIED 403 by AuthorizationPolicy default\/vault-only/);
  const lit = async (): Promise<string> => (await page.locator(".input .cm-origin").allInnerTexts()).join("\n");
  await page.waitForFunction(() => document.querySelector(".input .cm-origin") !== null || document.querySelector(".ask .step.denied .chip") !== null);
  await page.locator(".ask .step.denied .chip").first().click();
  await page.waitForSelector(".input .cm-origin");
  assert.match(await lit(), /\/forbidden/);
});

test("they stay lit up when the picture is shown again", async () => {
  await tab(page, "Clusters");
  await page.waitForFunction(() => document.querySelector(".input .cm-origin") === null);
  await tab(page, "Graph");
  await page.waitForSelector(".verdict-line");
  await page.waitForSelector(".input .cm-origin");
  // What is still under way may not take them out of the light.
  await page.waitForTimeout(300);
  assert.ok((await page.locator(".input .cm-origin").count()) > 0);
});

test("what is no request is told, and nothing is lit up", async () => {
  assert.match(await ask({ Path: "x" }), /path: x does not begin with a slash/);
  assert.equal(await page.locator(".graph.asked").count(), 0);
  assert.equal(await ask({ "Claims of its token": "{" }), "the claims are no JSON");
});

test("a link holds the request", async () => {
  const link = await playground.open();
  await link.locator(".ask").getByLabel("From", { exact: true }).fill("default/bookinfo-productpage");
  await link.locator(".ask").getByLabel("To", { exact: true }).fill("reviews.default:9080");
  await link.waitForSelector(".verdict-line");
  await link.getByRole("button", { name: "Share" }).click();
  const address = await link.getByLabel("Link").inputValue();
  const other = await playground.open({ hash: address.split("#")[1] ?? "" });
  await other.waitForSelector(".verdict-line");
  assert.equal(await other.locator(".ask").getByLabel("From", { exact: true }).inputValue(), "default/bookinfo-productpage");
  assert.equal(await other.locator(".verdict-line").first().innerText(), await link.locator(".verdict-line").first().innerText());
});
