// story.mjs - a customer in the shop's pages and an agent at the desk, in windows of a real Chromium.
//
//   node story.mjs SHOP_URL DESK_URL PICTURES
//
// Ends with status 1 at the first thing that a person would miss.  PICTURES is a folder for screenshots.
import { chromium } from "playwright-core";

const [shopUrl, deskUrl, pictures] = process.argv.slice(2);
const patience = 30_000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"],
});

const step = (text) => console.log(`browser: ${text}`);

async function visitor(width = 1100) {
  const context = await browser.newContext({ viewport: { width, height: 760 } });
  const page = await context.newPage();

  context.setDefaultTimeout(patience);
  page.on("pageerror", (error) => fail(`the page failed: ${error}`));
  return page;
}

function fail(what) {
  console.error(`browser: FAILED: ${what}`);
  process.exit(1);
}

async function sees(locator, text) {
  await locator.filter({ hasText: text }).first().waitFor({ timeout: patience }).catch(() => fail(`'${text}' did not appear`));
}

async function equal(what, actual, expected) {
  if (actual !== expected) fail(`${what}: expected '${expected}', got '${actual}'`);
}

const picture = (page, name) => page.screenshot({ path: `${pictures}/${name}.png` });

// ---- what people do ----

async function openChat(page) {
  const launcher = page.locator("button.launcher");

  await launcher.waitFor();
  if ((await launcher.getAttribute("aria-expanded")) !== "true") await launcher.click();
  await page.locator("textarea").waitFor();
}

async function says(page, text) {
  await page.locator("textarea").fill(text);
  await page.keyboard.press("Enter");
}

const log = (page) => page.locator("ol.log li");

async function signInAtShop(page, name) {
  await page.getByRole("button", { name: `Sign in as ${name}` }).click();
  await sees(page.locator("#who"), `Signed in as ${name}`);
}

async function logIn(name) {
  const desk = await visitor();

  await desk.goto(deskUrl);
  await desk.getByTestId("login-name").fill(name);
  await desk.getByTestId("login-password").fill(`demo-${name}`);
  await desk.getByTestId("login-submit").click();
  await desk.getByTestId("presence-available").click();
  await desk.locator('[data-testid="presence"][data-state="available"]').waitFor({ state: "attached" });
  return desk;
}

async function accept(desk, preview) {
  const offer = desk.getByTestId("offer").filter({ hasText: preview });

  await offer.waitFor().catch(() => fail(`no offer of '${preview}'`));
  await offer.getByTestId("accept").click();
  await sees(desk.getByTestId("entry"), preview);
}

async function answer(desk, text) {
  await desk.getByTestId("reply").fill(text);
  await desk.keyboard.press("Control+Enter");
  await sees(desk.getByTestId("entry"), text);
}

async function finish(desk) {
  await desk.getByTestId("finish").click();
  await desk.getByTestId("finish-confirm").click();
}

// ---- the story ----

step("an agent logs in; a wrong password is refused");
const wrong = await visitor();
await wrong.goto(deskUrl);
await wrong.getByTestId("login-name").fill("ann");
await wrong.getByTestId("login-password").fill("guessed");
await wrong.getByTestId("login-submit").click();
await wrong.waitForFunction(() => document.querySelector('[data-testid="login-problem"]')?.textContent !== "");
await wrong.context().close();
const ann = await logIn("ann");

step("Eve, signed in at the shop, writes in the chat; ann accepts, sees her, answers");
const eve = await visitor();
await eve.goto(`${shopUrl}/shop.html`);
await signInAtShop(eve, "Eve Adams");
await openChat(eve);
await says(eve, "Is the jacket warm?");
await accept(ann, "Is the jacket warm?");
await equal("the customer's name", await ann.getByTestId("customer-name").textContent(), "Eve Adams");
await sees(ann.getByTestId("identifiers"), "eve");
await picture(ann, "desk-offer-accepted");
await answer(ann, "Warm down to five degrees.");
await sees(log(eve), "Warm down to five degrees.");
await picture(eve, "chat-answered");

step("a reload and a new page keep the session");
await eve.reload();
await openChat(eve);
await sees(log(eve), "Is the jacket warm?");
await sees(log(eve), "Warm down to five degrees.");
await equal("how often her message stands there", await log(eve).filter({ hasText: "Is the jacket warm?" }).count(), 1);
await finish(ann);

step("a second agent comes; Eve fills in the contact form: same history, and ann is asked again");
const ben = await logIn("ben");
await eve.goto(`${shopUrl}/contact.html`);
await sees(eve.locator("#who"), "Signed in as Eve Adams");
await eve.locator("[name=message]").fill("And how heavy is it?");
await eve.getByRole("button", { name: "Send" }).click();
await accept(ann, "And how heavy is it?");
await sees(ann.getByTestId("entry").or(ann.getByTestId("history")), "Is the jacket warm?");
await equal("offers at ben's desk", await ben.getByTestId("offer").count(), 0);
await answer(ann, "400 grams.");
await eve.reload();
await sees(eve.locator("body"), "400 grams.");
await picture(eve, "form-answered");
await finish(ann);

step("somebody who is not signed in stays apart, whatever name he types");
const stranger = await visitor(360);
await stranger.goto(`${shopUrl}/contact.html`);
await stranger.locator("[name=name]").fill("Eve Adams");
await stranger.locator("[name=message]").fill("What did I ask before?");
await stranger.getByRole("button", { name: "Send" }).click();
const either = await Promise.race([ann, ben].map((desk) =>
  desk.getByTestId("offer").filter({ hasText: "What did I ask before?" }).waitFor().then(() => desk)));
await accept(either, "What did I ask before?");
const shown = (await either.getByTestId("entries").textContent()) + (await either.getByTestId("customer").textContent());
if (shown.includes("jacket") || shown.includes("400 grams")) fail("a stranger was shown Eve's history");
await picture(either, "desk-stranger");
await answer(either, "That I may tell only Eve, once she has signed in.");

step("an anonymous chat stays apart too, and Tom sees nothing of Eve's on the same machine");
await eve.goto(`${shopUrl}/shop.html`);
await eve.getByRole("button", { name: "Sign out" }).click();
await signInAtShop(eve, "Tom Baker");
await openChat(eve);
await eve.locator("textarea").waitFor();
await eve.waitForTimeout(1000);
if ((await eve.locator("ol.log").textContent()).includes("jacket")) fail("Tom was shown what Eve wrote");

await browser.close();
step("the story holds");
