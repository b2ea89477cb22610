// The picture.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";

import { picture, Playground, release, testCase, translated, write } from "./harness.ts";

let playground: Playground;
let page: Page;

before(async () => {
  playground = await Playground.start();
  page = await playground.open({ colorScheme: "dark" });
  await page.waitForSelector(".graph .box.route");
});

after(() => playground.stop());

const transform = (): Promise<string | null> => page.locator(".graph > g").getAttribute("transform");

test("it shows the way from listener to endpoint", async () => {
  const titles = await page.locator(".graph .box .title").allTextContents();
  for (const title of ["connect_terminate", "main_internal", "reviews.default:9080", "/*", "10.244.1.6:9080"]) assert.ok(titles.includes(title), title);
  assert.deepEqual((await page.locator(".graph .share").allTextContents()).sort(), ["10 %", "90 %"]);
  await picture(page, "graph-dark");
});

test("a box leads to its JSON and origin, and shows its ways", async () => {
  await page.locator(".graph .box.route").nth(1).click();
  await page.waitForSelector(".details:not([hidden])");
  assert.match(await page.locator(".chip").first().innerText(), /VirtualService/);
  assert.match((await page.locator(".input .cm-origin").allInnerTexts()).join("\n"), /- route:\n {4}- destination:\n {8}host: reviews/);
  assert.equal(await page.locator(".graph .selected").count(), 1);
  assert.ok((await page.locator(".graph.tracing .line.lit").count()) >= 4);
  await picture(page, "graph-origin-dark");
  await page.locator(".details").getByRole("button", { name: "Close the JSON" }).click();
});

test("it can be moved and scaled", async () => {
  const box = await page.locator(".graph").boundingBox();
  assert.ok(box !== null);
  const before = await transform();
  await page.mouse.move(box.x + box.width - 30, box.y + box.height - 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 90, box.y + box.height - 60, { steps: 4 });
  await page.mouse.up();
  assert.notEqual(await transform(), before);
  await page.getByRole("button", { name: "Larger" }).click();
  const scale = /scale\(([\d.]+)\)/;
  const larger = Number(scale.exec((await transform()) ?? "")?.[1]);
  assert.ok(larger > Number(scale.exec(before ?? "")?.[1]));
  await page.getByRole("button", { name: "Show all" }).click();
  assert.ok(Number(scale.exec((await transform()) ?? "")?.[1]) < larger);
});

test("one Service can be looked at alone", async () => {
  const all = await page.locator(".graph .box").count();
  await page.getByLabel("Service", { exact: true }).selectOption("kubernetes.default.svc.cluster.local");
  await page.waitForFunction((all) => document.querySelectorAll(".graph .box").length < all, all);
  assert.ok(!(await page.locator(".graph .box .title").allTextContents()).includes("reviews.default:9080"));
  await page.getByLabel("Service", { exact: true }).selectOption("");
  await page.waitForFunction((all) => document.querySelectorAll(".graph .box").length === all, all);
});

test("policies and checks of tokens are in their chain, with details of their own", async () => {
  await page.locator("header select").selectOption("jwt-target-gateway");
  const token = page.locator(".graph .attached.authentication").first();
  await token.waitFor();
  await token.click();
  await page.waitForSelector(".details:not([hidden])");
  assert.match(await page.locator(".chip").first().innerText(), /RequestAuthentication/);
  assert.match((await page.locator(".details .cm-focus").allInnerTexts()).join("\n"), /jwt_authn/);
  assert.equal(await page.locator(".graph .attached.selected").count(), 1);
  await picture(page, "attached-dark");
  await page.keyboard.press("Escape");
  await page.locator("header select").selectOption("authz-target-gateway");
  await page.locator(".graph .attached.authorization").first().click();
  await page.waitForFunction(() => document.querySelector(".chip")?.textContent?.includes("AuthorizationPolicy"));
  assert.match((await page.locator(".input .cm-origin").allInnerTexts()).join("\n"), /\S/);
  await page.keyboard.press("Escape");
});

test("extensions are in their chain, with details of their own", async () => {
  await write(page, testCase("wasm-target-service"));
  await release(page, "1.31");
  const extension = page.locator(".graph .attached.extension").first();
  await extension.waitFor();
  await extension.click();
  await page.waitForSelector(".details:not([hidden])");
  assert.match(await page.locator(".chip").first().innerText(), /WasmPlugin/);
  assert.match((await page.locator(".details .cm-focus").allInnerTexts()).join("\n"), /"name": "[^"]*extenstions?[^"]*"|configDiscovery/);
  assert.match((await page.locator(".input .cm-origin").allInnerTexts()).join("\n"), /name: canvas/);
  assert.equal(await page.locator(".graph .attached.selected").count(), 1);
  await page.keyboard.press("Escape");
  await page.locator(".details").waitFor({ state: "hidden" });
});

test("what is assumed is marked", async () => {
  await write(page, `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart, image: cart}]}}
`);
  await page.locator(".graph .box.endpoint.assumed").first().click();
  await page.waitForSelector(".details:not([hidden])");
  assert.match((await page.locator(".details .chip").allInnerTexts()).join("\n"), /cart-assumed-0.*assumed/s);
  assert.ok((await page.locator(".graph .box.chain.assumed").count()) > 0);
  assert.match((await page.locator(".graph .box.endpoint.assumed").first().getAttribute("aria-label")) ?? "", /, assumed$/);
  await picture(page, "assumed-dark");
  await page.keyboard.press("Escape");
});

test("it stays readable for a shop", async () => {
  await page.locator("header select").selectOption("shop-online");
  await page.waitForFunction(() => document.querySelector(".graph")?.textContent?.includes("basket.storefront"));
  await translated(page);
  assert.ok((await page.locator(".graph .mirror").count()) > 0);
  await picture(page, "shop-dark");
});
