// How it looks: dark, light, on a phone. The pictures are for eyes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { picture, Playground, tab } from "./harness.ts";

let playground: Playground;

before(async () => void (playground = await Playground.start()));
after(() => playground.stop());

test("dark and light follow the system until somebody chooses", async () => {
  const page = await playground.open({ colorScheme: "dark" });
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForFunction(() => document.documentElement.dataset["theme"] === "light");
  const light = await background();
  assert.notEqual(dark, light);
  await page.getByRole("button", { name: "Switch to dark" }).click();
  assert.equal(await background(), dark);
  await page.reload();
  assert.equal(await background(), dark);
  await page.getByRole("button", { name: "Switch to light" }).click();
  assert.equal(await background(), light);
});

test("a phone shows one column that fits", async () => {
  const page = await playground.open({ colorScheme: "dark", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const [input, results] = [await page.locator(".input").boundingBox(), await page.locator(".results").boundingBox()];
  assert.ok(input !== null && results !== null && input.y >= results.y + results.height && input.width > 350, "the answer comes first");
  assert.equal(await page.evaluate(() => scrollY), 0, "nothing has scrolled the page");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the screen");
  await picture(page, "phone-dark");
  await page.locator(".results").scrollIntoViewIfNeeded();
  await tab(page, "Routes");
  await page.locator(".grid tr.choosable").nth(1).tap();
  await page.waitForSelector(".details:not([hidden])");
  await page.evaluate(() => document.querySelector(".results")?.scrollIntoView());
  await picture(page, "phone-routes-dark");
});

test("on a phone the tabs scroll, and a finger on the picture moves the page", async () => {
  const page = await playground.open({ colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  await page.waitForSelector(".graph .box");
  assert.equal(await page.locator(".graph").evaluate((element) => getComputedStyle(element).touchAction), "pan-y");
  await tab(page, "Cost");
  const inside = await page.getByRole("tab", { name: "Cost" }).evaluate((element) => {
    const { left, right } = element.getBoundingClientRect();
    return left >= 0 && right <= innerWidth;
  });
  assert.ok(inside, "the chosen tab is seen");
});

test("no text is smaller than 11 pixels", async () => {
  const page = await playground.open({ colorScheme: "light" });
  for (const title of ["Graph", "Clusters", "ztunnel", "Statuses", "Problems", "Cost"]) {
    await tab(page, title);
    const small = await page.evaluate(() => {
      const scale = Number(/scale\(([\d.]+)\)/.exec(document.querySelector(".graph > g")?.getAttribute("transform") ?? "")?.[1] ?? 1);
      const elements = [...document.querySelectorAll<Element>("body *")].filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== ""));
      const size = (element: Element): number => Number.parseFloat(getComputedStyle(element).fontSize) * (element.closest(".graph") === null ? 1 : scale);
      return elements.filter((element) => size(element) < 10.99).map((element) => `${element.tagName} ${element.textContent} ${size(element)}`);
    });
    assert.deepEqual(small, [], title);
  }
});

test("text has enough contrast", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await playground.open({ colorScheme });
    const pairs = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement("i"));
      const value = (name: string): string => {
        probe.style.color = `var(${name})`;
        return getComputedStyle(probe).color;
      };
      const texts = ["--text", "--muted", "--error", "--warning", "--note", "--code-key", "--code-string", "--code-literal", "--code-comment"];
      return texts.map((name) => [name, value(name), value("--panel")] as const);
    });
    for (const [name, colour, background] of pairs) {
      const least = name === "--code-comment" ? 3 : 4.5;
      assert.ok(contrast(colour, background) >= least, `${name} in ${colorScheme}: ${contrast(colour, background).toFixed(2)}`);
    }
  }
});

/** The contrast of two colours, as WCAG 2 defines it. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const channels = [...colour.matchAll(/\d+/g)].map(([digits]) => Number(digits) / 255);
    const [red = 0, green = 0, blue = 0] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}
