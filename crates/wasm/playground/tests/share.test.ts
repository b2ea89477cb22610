// Links that hold the whole snapshot.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { picture, Playground, release, tab, testCase, write } from "./harness.ts";
import { large } from "./large.ts";

let playground: Playground;

before(async () => void (playground = await Playground.start()));
after(() => playground.stop());

test("a link opens as what was shared", async () => {
  const page = await playground.open();
  await write(page, testCase("httproute-mirror"));
  await release(page, "1.31");
  await page.getByRole("button", { name: "Share" }).click();
  const link = await page.getByLabel("Link").inputValue();
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/#1=[\w-]+$/);
  await picture(page, "share-light");
  await page.getByRole("button", { name: "Copy link" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);

  const other = await playground.open({ hash: link.split("#")[1] ?? "" });
  assert.match((await other.locator(".said").textContent()) ?? "", /Istio 1\.31/);
  assert.equal(await other.locator("#waypoint").inputValue(), "default/waypoint");
  assert.match(await other.locator(".input .cm-content").innerText(), /^#|apiVersion/);
  // Whoever edits leaves the link.
  await other.locator(".input .cm-content").click();
  await other.keyboard.type("#");
  await other.waitForFunction(() => location.hash === "");
});

test("a damaged link is told, and the page works", async () => {
  const page = await playground.open({ hash: "1=abcdef" });
  await page.getByText("this link is damaged").waitFor();
  assert.equal(await page.locator("#waypoint").inputValue(), "default/bookinfo-reviews");
});

test("Secrets are not in a link, and that is said", async () => {
  const page = await playground.open();
  const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: default}\nstringData: {password: hunter2}\n---\n";
  await write(page, secret + testCase("httproute-mirror"));
  await page.getByRole("button", { name: "Share" }).click();
  assert.equal(await page.locator("#share-secrets").innerText(), "A document with a Secret is not in the link: whoever opens it sees everything else.");
  const link = await page.getByLabel("Link").inputValue();
  const other = await playground.open({ hash: link.split("#")[1] ?? "" });
  assert.doesNotMatch(await other.locator(".input .cm-content").innerText(), /hunter2|kind: Secret/);
  assert.equal(await other.locator("#waypoint").inputValue(), "default/waypoint");
});

test("a long link comes with a warning, and one that is too long is not made", async () => {
  const page = await playground.open();
  await write(page, large(50, 20));
  await page.getByRole("button", { name: "Share" }).click();
  assert.match(await page.locator("#share-length").innerText(), /some chat and mail programs cut links off/);
  await page.getByRole("button", { name: "Close", exact: true }).click();
  const noise = Array.from({ length: 60_000 }, (_, index) => `# ${Math.sin(index)} ${Math.cos(index)}`).join("\n");
  await write(page, `${large(1, 1)}${noise}\n`);
  await page.getByRole("button", { name: "Share" }).click();
  assert.match(await page.locator("#share-length").innerText(), /too large for a link/);
  assert.ok(await page.getByRole("button", { name: "Copy link" }).isDisabled());
  await page.keyboard.press("Escape");
  await tab(page, "Clusters");
});
