// What a person does with the page: load, edit, look, share, download.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { Download, Page } from "playwright-core";

import { picture, Playground, release, tab, testCase, translated, write } from "./harness.ts";

let playground: Playground;
let page: Page;

before(async () => {
  playground = await Playground.start();
  page = await playground.open({ colorScheme: "light" });
});

after(() => playground.stop());

const rows = (): Promise<string[]> => page.locator(".grid tr[data-row]").allInnerTexts();

async function example(id: string): Promise<void> {
  await page.locator("header select").selectOption(id);
  await page.waitForFunction((id) => document.querySelector(".file.current")?.textContent === `${id}.yaml`, id);
  await translated(page);
}

async function downloaded(start: () => Promise<void>): Promise<{ name: string; text: string }> {
  const [download]: [Download, void] = await Promise.all([page.waitForEvent("download"), start()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("the article's example is there at once", async () => {
  assert.equal(await page.title(), "waypoint-xds playground");
  assert.equal(await page.locator("#waypoint").inputValue(), "default/bookinfo-reviews");
  assert.match((await page.locator(".said").textContent()) ?? "", /1 waypoint.*Istio 1\.18/);
  await picture(page, "bookinfo-light");
});

test("tables are istioctl's", async () => {
  await tab(page, "Clusters");
  await page.waitForSelector(".grid tr[data-row]");
  assert.deepEqual(await page.locator(".grid th").allInnerTexts(), ["SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"]);
  const clusters = await rows();
  assert.equal(clusters.length, 13);
  assert.ok(clusters.some((row) => row.split(/\s+/).join(" ").startsWith("reviews.default.svc.cluster.local 9080 http/v1 inbound-vip EDS")));
});

test("a row leads to its JSON and to the YAML that made it", async () => {
  await page.locator(".grid tr[data-row]", { hasText: "http/v1" }).click();
  await page.waitForSelector(".details:not([hidden])");
  assert.equal(await page.locator(".details-name").innerText(), "inbound-vip|9080|http/v1|reviews.default.svc.cluster.local");
  const chips = await page.locator(".chip").allInnerTexts();
  assert.match(chips.join(), /Service.*default\/reviews.*DestinationRule.*default\/reviews/s);
  const highlighted = (await page.locator(".input .cm-origin").allInnerTexts()).join("\n");
  assert.match(highlighted, /- port: 9080\n {4}name: http/);
  await picture(page, "origin-light");
  // What the bootstrap says has no JSON here.
  assert.equal(await page.locator(".grid tr.choosable", { hasText: "sds-grpc" }).count(), 0);
});

test("the pointer on a row or chip shows its origin", async () => {
  await page.locator(".chip", { hasText: "DestinationRule" }).first().hover();
  await page.locator(".chip", { hasText: "DestinationRule" }).first().click();
  assert.match((await page.locator(".input .cm-origin").allInnerTexts()).join("\n"), /^ *- name: v\d/m);
  await page.locator(".grid tr[data-row]", { hasText: "http/v2" }).hover();
  await page.waitForSelector(".input .cm-hovered");
});

test("a route's JSON knows the VirtualService", async () => {
  await tab(page, "Routes");
  await page.locator(".grid tr.choosable", { hasText: "reviews.default" }).click();
  await page.waitForFunction(() => document.querySelector(".chip")?.textContent?.includes("VirtualService"));
  assert.match((await page.locator(".details .cm-focus").allInnerTexts()).join("\n"), /"weight": 90/);
  await page.locator(".details").getByRole("button", { name: "Close the JSON" }).click();
  assert.equal(await page.locator(".details").isVisible(), false);
});

test("an error is underlined and listed, and the rest is translated all the same", async () => {
  await write(page, testCase("bookinfo-reviews-sa").replace("port: 9080", "port: eighty"));
  await tab(page, "Problems");
  const problem = page.locator(".problem", { hasText: "wrong-type" });
  assert.match(await problem.innerText(), /expected an integer, found the string eighty/);
  await problem.click();
  await page.waitForSelector(".input .cm-lintRange-error");
  assert.equal(await page.locator(".input .cm-lintRange-error").first().innerText(), "eighty");
  assert.match((await page.locator(".said").textContent()) ?? "", /1 left out/);
  assert.ok(await page.locator(".input .cm-content").evaluate((element) => element.contains(document.activeElement)));
  await picture(page, "problem-light");
});

test("text that is no YAML is a problem too", async () => {
  await write(page, "kind: [");
  await tab(page, "Problems");
  assert.ok((await page.locator(".problem .severity.error").count()) > 0);
  await tab(page, "Graph");
  await page.getByText("There is no waypoint in this snapshot.").waitFor();
  await picture(page, "empty-light");
});

test("where there is no waypoint, one can be added", async () => {
  await write(page, "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/use-waypoint: waypoint}}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: cart\n  namespace: shop\nspec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}\n");
  await page.getByRole("button", { name: "Add a waypoint" }).click();
  await page.waitForFunction(() => document.querySelector<HTMLSelectElement>("#waypoint")?.value === "shop/waypoint");
  await page.waitForSelector(".graph .box.chain");
  assert.equal(await page.locator(".file").count(), 2);
});

test("what is ignored is told", async () => {
  const named = "apiVersion: v1\nkind: Pod\nmetadata: {name: named, namespace: default}\nspec: {hostname: named, dnsPolicy: Default, containers: [{name: a, image: a}]}\n";
  await write(page, `${testCase("bookinfo-reviews-sa")}---\n${named}`);
  await page.locator(".said").getByRole("button", { name: /ignored/ }).click();
  const ignored = await page.locator(".said li").filter({ visible: true }).allInnerTexts();
  assert.match(ignored[0] ?? "", /^\d+ \w+ \(.*\): /);
  assert.ok(ignored.some((line) => line === "1 Pod spec.dnsPolicy"), ignored.join("\n"));
  assert.match((await page.locator(".said").textContent()) ?? "", /\d+ objects? and [\d,]+ fields? ignored/);
  await picture(page, "ignored-light");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".said li").filter({ visible: true }).count(), 0);
  await example("bookinfo-reviews-sa");
});

test("what is pasted over an example is a snapshot of its own, of its own release", async () => {
  await example("bookinfo-reviews-sa");
  await write(page, testCase("bookinfo-namespace").replaceAll("istio/proxyv2:1.18", "istio/proxyv2:1.31"));
  assert.equal(await page.locator(".file.current").innerText(), "pasted.yaml");
  await page.waitForFunction(() => document.querySelector(".said")?.textContent?.includes("Istio 1.31"));
  assert.equal(await page.getByLabel("1.31", { exact: true }).isChecked(), true);
});

test("what is pasted without a release of its own is of the newest one", async () => {
  await example("bookinfo-reviews-sa");
  assert.equal(await page.getByLabel("1.18", { exact: true }).isChecked(), true);
  await write(page, testCase("httproute-mirror"));
  await page.waitForFunction(() => document.querySelector(".said")?.textContent?.includes("Istio 1.31"));
  assert.equal(await page.getByLabel("1.31", { exact: true }).isChecked(), true);
});

test("what is pasted over one's own text keeps its name, and loses its release", async () => {
  await release(page, "1.29");
  const name = await page.locator(".file.current").innerText();
  await write(page, `${testCase("httproute-mirror")}# again\n`);
  await page.waitForFunction(() => document.querySelector(".said")?.textContent?.includes("Istio 1.31"));
  assert.equal(await page.locator(".file.current").innerText(), name);
  assert.equal(await page.getByLabel("1.31", { exact: true }).isChecked(), true);
});

test("what could not be kept is not lost without a word", async () => {
  for (const forbid of [
    () => Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("denied", "SecurityError"); } }),
    () => void (Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); }),
  ]) {
    const other = await playground.open({ before: forbid });
    assert.match((await other.locator(".said").textContent()) ?? "", /1 waypoint/, "the page works all the same");
    await write(other, `${testCase("bookinfo-namespace")}# mine\n`);
    const asked = other.waitForEvent("dialog");
    await other.close({ runBeforeUnload: true });
    const dialog = await asked;
    assert.equal(dialog.type(), "beforeunload");
    await dialog.accept();
  }
});

test("what was kept can be left without a question", async () => {
  const other = await playground.open();
  await write(other, `${testCase("bookinfo-namespace")}# mine\n`);
  let asked = false;
  other.on("dialog", (dialog) => {
    asked = true;
    void dialog.accept();
  });
  await other.reload();
  await translated(other);
  assert.equal(asked, false);
});

test("Escape closes the details wherever the focus is, but not those behind a dialog", async () => {
  await tab(page, "Clusters");
  const details = page.locator(".details");
  const open = async (): Promise<void> => {
    await page.locator(".grid tr.choosable").first().click();
    await details.waitFor();
  };
  for (const focus of [".input .cm-content", "header select", "#waypoint", ".details .cm-content", '[role="tab"][aria-selected="true"]']) {
    await open();
    await page.locator(focus).focus();
    await page.keyboard.press("Escape");
    assert.equal(await details.isVisible(), false, focus);
  }
  await open();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("Escape");
  assert.equal(await details.isVisible(), false, "nothing has the focus");
  await open();
  await page.getByRole("button", { name: "Share" }).click();
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.equal(await details.isVisible(), true);
  await page.keyboard.press("Escape");
  await details.waitFor({ state: "hidden" });
});

test("what was typed survives a reload, until an example is opened", async () => {
  await write(page, `${testCase("bookinfo-namespace")}# mine\n`);
  await page.reload();
  await translated(page);
  assert.equal(await page.locator(".file.current").innerText(), "pasted.yaml");
  await page.locator(".input .cm-content").click();
  await page.keyboard.press("ControlOrMeta+End");
  assert.match(await page.locator(".input .cm-content").innerText(), /# mine/);
  await example("bookinfo-reviews-sa");
  await page.reload();
  await translated(page);
  assert.equal(await page.locator(".file.current").innerText(), "bookinfo-reviews-sa.yaml");
});

test("another release is another translation", async () => {
  await example("bookinfo-namespace");
  await tab(page, "Listeners");
  await page.waitForFunction(() => document.querySelector(".grid th")?.textContent === "ADDRESSES");
  await release(page, "1.18");
  await page.waitForFunction(() => document.querySelector(".grid th")?.textContent === "LISTENER");
});

test("another waypoint has other resources", async () => {
  await example("shop-online");
  await tab(page, "Clusters");
  await page.waitForFunction(() => document.querySelector(".grid")?.textContent?.includes("basket.storefront"));
  const before = await rows();
  await page.locator("#waypoint").selectOption("backoffice/waypoint");
  await page.waitForFunction((first) => document.querySelector(".grid tr[data-row]")?.textContent !== first, before[0]?.replaceAll("\t", ""));
  assert.notDeepEqual(await rows(), before);
});

test("mesh configuration is an option, and a wrong one is a problem like others", async () => {
  await page.getByRole("button", { name: "Options" }).click();
  const mesh = page.getByRole("textbox", { name: "MeshConfig" });
  assert.match(await mesh.inputValue(), /accessLog/);
  await mesh.fill("accessLogFile: {");
  await page.getByRole("button", { name: "Options" }).click();
  await tab(page, "Problems");
  const error = page.locator(".problem .severity.error");
  await error.first().waitFor();
  assert.match(await page.locator(".problem", { has: page.locator(".severity.error") }).first().innerText(), /mesh-config/);
  await page.getByRole("button", { name: "Options" }).click();
  await mesh.fill("");
  await error.first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Options" }).click();
});

test("the cost is that of the article", async () => {
  await example("scale-blog");
  await tab(page, "Cost");
  await page.waitForFunction(() => document.querySelector(".cost tfoot")?.textContent?.includes("12,500"));
  assert.deepEqual((await page.locator(".cost tfoot tr").innerText()).split(/\s+/).slice(0, 7), ["Total", "50", "500", "4", "12,500", "100", "0.8"]);
  assert.equal(await page.locator(".cost thead th").last().innerText(), "Pushes per change");
  assert.ok((await page.locator(".cost-picture circle").count()) > 50);
  assert.ok((await page.locator(".cost-picture .cost-told").count()) > 0);
  await picture(page, "cost-light");
  await page.locator(".cost-drawn").scrollIntoViewIfNeeded();
  await picture(page, "cost-picture-light");
});

test("everything can be downloaded", async () => {
  await example("bookinfo-reviews-sa");
  await tab(page, "Graph");
  await page.waitForSelector(".graph .box.route");
  const menu = (name: RegExp): Promise<{ name: string; text: string }> =>
    downloaded(async () => {
      await page.getByRole("button", { name: "Download", exact: true }).first().click();
      await page.getByRole("menuitem", { name }).click();
    });
  const all = await menu(/All resources/);
  assert.equal(all.name, "resources.json");
  assert.deepEqual(Object.keys(JSON.parse(all.text)), ["default/bookinfo-reviews"]);
  const dump = await menu(/Config dump/);
  assert.equal(dump.name, "default_bookinfo-reviews.config_dump.json");
  assert.equal(JSON.parse(dump.text).configs.length, 4);
  const graph = await menu(/Graph/);
  assert.match(graph.text, /^<svg .*reviews\.default:9080.*<\/svg>$/s);
  await page.locator(".graph .box.listener", { hasText: "connect_terminate" }).click();
  await page.waitForSelector(".details:not([hidden])");
  const one = await downloaded(() => page.locator(".details").getByRole("button", { name: "Download" }).click());
  assert.equal(one.name, "connect_terminate.json");
  assert.equal(JSON.parse(one.text).name, "connect_terminate");
});

test("files can be dropped, and several are one snapshot", async () => {
  const text = testCase("bookinfo-namespace");
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "namespace.yaml"));
    transfer.items.add(new File(["apiVersion: v1\nkind: Service\nmetadata: {name: extra, namespace: default}\nspec: {ports: [{port: 80}]}\n"], "extra.yaml"));
    transfer.items.add(new File(["no"], "picture.png"));
    return transfer;
  }, text);
  await page.dispatchEvent("body", "drop", { dataTransfer: data });
  await page.waitForFunction(() => document.querySelectorAll(".file").length === 2);
  await translated(page);
  await page.getByRole("button", { name: "extra.yaml", exact: true }).click();
  assert.match(await page.locator(".input .cm-content").innerText(), /name: extra/);
  await page.getByRole("button", { name: "Remove extra.yaml" }).click();
  assert.equal(await page.locator(".file").count(), 1);
});
