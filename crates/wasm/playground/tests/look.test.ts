// How it looks: dark, light, on a phone. The pictures are for eyes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { picture, Playground, smallTexts, tab } from "./harness.ts";

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

/** What each tab shows first, and what opens details in it. */
const TABS: readonly (readonly [title: string, ready: string, opens?: string])[] = [
  ["Graph", ".graph .box", '.graph [data-id="listener:connect_terminate"]'],
  ["Listeners", ".grid tr[data-row]", ".grid tr.choosable"],
  ["Clusters", ".grid tr[data-row]", ".grid tr.choosable"],
  ["Routes", ".grid tr[data-row]", ".grid tr.choosable"],
  ["Endpoints", ".grid tr[data-row]", ".grid tr.choosable"],
  ["ztunnel", ".grid tr[data-row]", ".grid tr.choosable"],
  ["Statuses", ".condition"],
  ["Problems", ".problem"],
  ["Compare", ".panel button"],
  ["Cost", ".cost-picture circle"],
];

for (const [device, options] of [
  ["a screen", {}],
  ["a phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
] as const) {
  test(`no text on ${device} is smaller than 11 pixels, whatever is open`, async () => {
    const page = await playground.open({ colorScheme: "light", ...options });
    await page.locator("header select").selectOption("authz-target-gateway");
    await page.waitForFunction(() => document.querySelector(".file.current")?.textContent === "authz-target-gateway.yaml");
    const name = device.replace("a ", "");
    for (const [title, ready, opens] of TABS) {
      await tab(page, title);
      await page.waitForSelector(ready);
      assert.deepEqual(await smallTexts(page), [], title);
      await picture(page, `${name}-${title.toLowerCase()}-light`);
      if (opens === undefined) continue;
      await page.locator(opens).first().click();
      await page.waitForSelector(".details:not([hidden])");
      assert.deepEqual(await smallTexts(page), [], `details in ${title}`);
      await picture(page, `${name}-${title.toLowerCase()}-details-light`);
    }
    await page.getByRole("button", { name: "Options" }).click();
    assert.deepEqual(await smallTexts(page), [], "options");
    await page.getByRole("button", { name: "Share" }).click();
    await page.waitForSelector("dialog[open]");
    assert.deepEqual(await smallTexts(page), [], "share");
    await picture(page, `${name}-share-light`);
  });
}

// docs/playground.png, which the README shows, is this picture.
test("a request's way and the lines behind a route are on one screen", async () => {
  const page = await playground.open({ colorScheme: "light", viewport: { width: 1440, height: 860 } });
  const form = page.locator(".ask");
  await form.getByLabel("From", { exact: true }).fill("default/bookinfo-productpage");
  await form.getByLabel("To", { exact: true }).fill("reviews.default:9080");
  await page.waitForSelector(".graph.asked .box.route.way");
  await page.locator(".graph .box.route.way").last().click();
  await page.waitForSelector(".details:not([hidden])");
  await page.mouse.move(5, 5);
  assert.match(await page.locator(".verdict-line").first().innerText(), /^ALLOWED/);
  assert.match(await page.locator(".details .chip").first().innerText(), /VirtualService/);
  assert.equal(await page.getByRole("tab").count(), TABS.length);
  await picture(page, "readme");
});

test("the lower quarter of the screen is used", async () => {
  const page = await playground.open({ colorScheme: "light" });
  await page.waitForSelector(".graph .box");
  const bottom = (selector: string): Promise<number> => page.locator(selector).first().evaluate((element) => element.getBoundingClientRect().bottom / innerHeight);
  for (const selector of [".input .code", ".graph"]) assert.ok((await bottom(selector)) > 0.92, `${selector} ends at ${await bottom(selector)}`);
  const boxes = await page.locator(".graph .box").evaluateAll((all) => all.map((box) => box.getBoundingClientRect().bottom / innerHeight));
  assert.ok(boxes.some((end) => end > 0.75), `the picture ends at ${Math.max(...boxes)}`);
  for (const [title, selector] of [["Clusters", ".grid-scroll"], ["Statuses", ".panel-slot > .panel"], ["Cost", ".cost-panel"]] as const) {
    await tab(page, title);
    await page.waitForSelector(selector);
    assert.ok((await bottom(selector)) > 0.92, `${title} ends at ${await bottom(selector)}`);
  }
});

test("the wheel over the picture scrolls a small page, and moves the picture on a large one", async () => {
  for (const [width, isMoved] of [[700, false], [1440, true]] as const) {
    const page = await playground.open({ colorScheme: "light", viewport: { width, height: 700 } });
    await page.waitForSelector(".graph .box");
    const transform = (): Promise<string | null> => page.locator(".graph > g").getAttribute("transform");
    const before = await transform();
    await page.locator(".graph").hover();
    await page.mouse.wheel(0, 200);
    await page.waitForFunction(({ before, isMoved }) => (isMoved ? document.querySelector(".graph > g")?.getAttribute("transform") !== before : scrollY > 0), { before, isMoved });
    assert.equal((await transform()) !== before, isMoved);
    assert.equal(await page.evaluate(() => scrollY > 0), !isMoved);
    // A pinch of a touchpad scales it in any case.
    const moved = await transform();
    await page.locator(".graph").hover();
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -100);
    await page.keyboard.up("Control");
    await page.waitForFunction((moved) => document.querySelector(".graph > g")?.getAttribute("transform") !== moved, moved);
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
