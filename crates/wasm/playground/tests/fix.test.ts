// A finding is mended with a click.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";

import { picture, Playground, tab, write } from "./harness.ts";

// Columns are characters, of which the editor counts some as two.
const POLICY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: read, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  action: DENY
  rules:
  - {when: [{key: "request.headers[x-cart]", values: ["🛒"]}], to: [{operation: {methods: [get, "post"]}}]}
`;

let playground: Playground;
let page: Page;

before(async () => {
  playground = await Playground.start();
  page = await playground.open({ colorScheme: "light" });
});

after(() => playground.stop());

const code = async (): Promise<string> => (await page.locator(".input .cm-line").allInnerTexts()).join("\n");
const findings = (): Promise<number> => page.locator(".problem", { hasText: "method-case" }).count();

/** Waits until there are so many findings. */
const until = (count: number): Promise<unknown> =>
  page.waitForFunction((count) => [...document.querySelectorAll(".problem")].filter((item) => item.textContent?.includes("method-case")).length === count, count);

test("the editor offers what mends a finding, and the finding is gone", async () => {
  await write(page, POLICY);
  await tab(page, "Problems");
  await page.locator(".problem", { hasText: "method-case" }).first().waitFor();
  const before = await findings();
  await page.locator(".input .cm-lintRange", { hasText: "get" }).first().hover();
  const action = page.locator(".cm-tooltip .cm-diagnosticAction").first();
  await action.waitFor();
  await picture(page, "quick-fix-light");
  await action.click();
  await until(before - 1);
  assert.match(await code(), /methods: \[GET, "post"\]/);
});

test("it can be undone", async () => {
  await page.locator(".input .cm-content").focus();
  await page.keyboard.press("ControlOrMeta+z");
  await until(2);
  assert.match(await code(), /methods: \[get, "post"\]/);
});

test("the list offers the same, with the keyboard", async () => {
  const mend = page.locator(".problem-row", { hasText: "method-case" }).locator(".mend");
  for (let left = await mend.count(); left > 0; left--) {
    await mend.first().focus();
    await page.keyboard.press("Enter");
    await until(left - 1);
  }
  assert.match(await code(), /methods: \[GET, "POST"\]/);
});

test("nothing is mended in a text that has changed meanwhile", async () => {
  await write(page, POLICY);
  await page.locator(".mend").first().waitFor();
  await page.locator(".input .cm-content").focus();
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "# more");
    document.querySelector(".input .cm-content")?.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    document.querySelector<HTMLButtonElement>(".mend")?.click();
  });
  assert.match(await code(), /methods: \[get, "post"\].*# more/s);
});
