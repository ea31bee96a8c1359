// looks.test.mjs - the pages in light and dark, wide and on a small phone: nothing sticks out, everything is readable.
// With FR_SCREENSHOTS=DIR each is also kept as DIR/NAME.png, for people to look at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { openBrowser } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { Agent, Customer } from "./people.mjs";

const SCREENS = {
  "wide-light": { colorScheme: "light", viewport: { width: 1280, height: 800 } },
  "wide-dark": { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  "phone-light": { colorScheme: "light", viewport: { width: 360, height: 640 } },
  "phone-dark": { colorScheme: "dark", viewport: { width: 360, height: 640 } },
};
const LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(2);

let demo, browser;

before(async () => {
  demo = await startDemo(process.env.FR_TOP, process.env.FR_BUILD_DIR);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Ratio of contrast as WCAG 2.2 defines it, of every text that can be seen against what is painted behind it. */
async function faintTexts(page) {
  return page.evaluate(() => {
    const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const parse = (color) => {
      const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, bottom) => top.slice(0, 3).map((c, i) => (c * top[3] + bottom[i] * (255 - top[3])) / 255).concat(255);
    const light = (rgb) => {
      const [r, g, b] = rgb.map((c) => channel(c / 255));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const parent = (element) => element.parentElement ?? element.getRootNode().host ?? null;
    const behind = (element) => {
      const layers = [];
      for (let e = element; e !== null; e = parent(e)) layers.unshift(parse(getComputedStyle(e).backgroundColor));
      const dark = matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(document.documentElement).colorScheme.includes("dark");
      return layers.reduce((below, layer) => over(layer, below), dark ? [18, 18, 18, 255] : [255, 255, 255, 255]);
    };
    const faint = [];
    const look = (root) => {
      for (const element of root.querySelectorAll("*")) {
        if (element.shadowRoot) look(element.shadowRoot);
        const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();
        if (text === "" || !element.checkVisibility() || element.closest(":disabled, .hidden, title, style, script")) continue;
        if (element.getBoundingClientRect().width < 2) continue;
        const style = getComputedStyle(element);
        const background = behind(element);
        let alpha = 1;
        for (let e = element; e !== null; e = parent(e)) alpha *= Number(getComputedStyle(e).opacity);
        const color = parse(style.color);
        color[3] *= alpha;
        const [a, b] = [light(over(color, background)), light(background)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) faint.push(`${ratio.toFixed(1)} "${text.slice(0, 40)}" in ${element.tagName.toLowerCase()}.${element.className}`);
      }
    };
    look(document);
    return faint;
  });
}

async function looksWell(page, name) {
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  if (process.env.FR_SCREENSHOTS) await page.screenshot({ path: join(process.env.FR_SCREENSHOTS, `${name}.png`) });
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wider <= 0, `${name} is ${wider} px wider than its window`);
  assert.deepEqual(await faintTexts(page), [], `${name}: texts that are hard to read`);
}

// First of all, while nobody is at a desk: who writes now has to wait.
for (const [name, options] of Object.entries(SCREENS))
  test(`${name}, waiting`, async () => {
    const max = await Customer.arrive(browser, demo.shop, options);
    const wait = max.waiting();

    await max.says(`Anybody there? (${name})`);
    await wait.getByText(/You are number \d+ in line\. Expected wait: \d+ to \d+ min\./).waitFor();
    await looksWell(max.page, `${name}-wait`);
    const call = wait.getByRole("button", { name: "Call me back" });
    assert.equal(await call.getAttribute("aria-expanded"), "false");
    await call.focus();
    await max.page.keyboard.press("Enter"); // by keyboard: into the list of windows
    assert.equal(await call.getAttribute("aria-expanded"), "true");
    await wait.getByLabel("Your number").fill("+49 30 1234");
    await looksWell(max.page, `${name}-call-back`);
    assert.equal(await wait.getByLabel("When?").locator("option").count(), 3);
    await wait.getByLabel("When?").selectOption("1");
    const window = await wait.getByLabel("When?").locator("option").nth(1).textContent();
    await wait.getByRole("button", { name: "Confirm" }).click();
    await wait.getByText("You keep your place in line.").waitFor();
    const [from, to] = window.split(" – ");
    assert.equal(await wait.getByRole("status").textContent(), `We will call you back between ${from} and ${to}. You keep your place in line.`);
    assert.equal(await wait.getByRole("button").count(), 0);
    await looksWell(max.page, `${name}-called-back`);

    await max.page.reload(); // it stands there still
    await max.openChat();
    await wait.getByText("We will call you back between").waitFor();
    await max.leave();
  });

for (const [name, options] of Object.entries(SCREENS))
  test(name, async () => {
    const eve = await Customer.arrive(browser, demo.shop, options);
    const text = `Is it waterproof? (${name})`;

    await looksWell(eve.page, `${name}-shop`);
    await eve.signIn("Eve Adams");
    await eve.says(text);
    await eve.says(LONG);

    const login = await browser.newContext(options);
    const door = await login.newPage();
    await door.goto(demo.desk);
    await door.getByTestId("login-name").waitFor();
    await looksWell(door, `${name}-login`);
    await login.close();

    const ann = await Agent.signIn(browser, demo.desk, "ann", options);
    await ann.is("available");
    await ann.offer("").first().waitFor();
    await looksWell(ann.page, `${name}-offer`);
    await ann.accepts(text);
    await ann.sees(LONG);
    await ann.answers(`It keeps out three days of rain. (${name})`);
    await looksWell(ann.page, `${name}-desk`);
    await ann.page.getByTestId("finish").click();
    await looksWell(ann.page, `${name}-finish`);
    await ann.page.getByTestId("finish-confirm").click();

    await eve.reads(`It keeps out three days of rain. (${name})`);
    await looksWell(eve.page, `${name}-chat`);
    await eve.fillIn("And windproof?");
    await looksWell(eve.page, `${name}-ticket`);
    await eve.page.goto(new URL("contact.html", demo.shop).href);
    await eve.page.getByText("Signed in as").waitFor();
    await looksWell(eve.page, `${name}-contact`);
    await ann.accepts("And windproof?");
    await ann.finishes();
    await ann.leave();
    await eve.leave();
  });
