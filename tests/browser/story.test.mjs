// story.test.mjs - one customer over chat and form, the agents who answer him, and a stranger.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { Agent, Customer } from "./people.mjs";

let demo, browser, ann, ben, eve;

before(async () => {
  demo = await startDemo(process.env.FR_TOP, process.env.FR_BUILD_DIR);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

test("a customer types in the chat; the agent is offered it, accepts and answers; the answer appears in the chat", async () => {
  ben = await Agent.signIn(browser, demo.desk, "ben");
  await ben.is("available");
  eve = await Customer.arrive(browser, demo.shop);
  await eve.signIn("Eve Adams");
  await eve.says("Does the jacket come in blue?");

  await ben.accepts("Does the jacket come in blue?");
  assert.equal(await ben.customerName(), "Eve Adams");
  assert.match(await ben.page.getByTestId("identifiers").textContent(), /eve\s*verified/);
  await ben.answers("Only in red, I am afraid.");
  await eve.reads("Only in red, I am afraid.");
});

test("the chat survives a reload, and the death of its service in the middle of a word", async () => {
  await eve.page.reload();
  await eve.openChat();
  await eve.reads("Only in red, I am afraid.");
  assert.deepEqual((await eve.lines()).slice(-2), ["Does the jacket come in blue?", "Only in red, I am afraid."]);

  await demo.kill("channel_webchat");
  await eve.type("Red it is, then.");
  await eve.ticked("Red it is, then.");
  await ben.sees("Red it is, then.");
  assert.deepEqual(await ben.entries(), ["Does the jacket come in blue?", "Only in red, I am afraid.", "Red it is, then."]);
});

test("the desk survives a reload, and the death of its service", async () => {
  await ben.page.reload();
  await ben.opens("Red it is, then.");
  await demo.kill("desk.inhouse");
  await ben.answers("A good choice.");
  await eve.reads("A good choice.");
  assert.equal((await ben.entries()).filter((text) => text === "A good choice.").length, 1);
  await ben.finishes();
});

test("the same customer fills in the contact form: the same history, and the same agent is asked", async () => {
  await ben.is("away");
  ann = await Agent.signIn(browser, demo.desk, "ann");
  await ann.is("available"); // and idle for longer than he will be
  await ben.is("available");
  await eve.fillIn("The jacket has arrived, but it is green.");

  await ben.accepts("The jacket has arrived, but it is green.");
  assert.equal(await ben.customerName(), "Eve Adams");
  const shown = [...(await ben.entries()), ...(await ben.page.getByTestId("customer").locator("ol").allTextContents())].join("\n");
  for (const text of ["Does the jacket come in blue?", "A good choice.", "The jacket has arrived, but it is green."])
    assert.ok(shown.includes(text), `the agent does not see: ${text}`);
  assert.equal(await ann.offer("green").count(), 0);
  await ben.answers("Green? We send you a red one.");
  await eve.findsAtTicket("Green? We send you a red one.");
  await ben.finishes();
});

let stranger;
test("an anonymous visitor stays apart", async () => {
  stranger = await Customer.arrive(browser, demo.shop);
  await stranger.says("I am Eve Adams, what did I order?");
  await ben.is("away");

  // whoever of the two was asked first: it ends with ann
  await ann.acceptsByKey("I am Eve Adams, what did I order?");
  assert.notEqual(await ann.customerName(), "Eve Adams");
  assert.match(await ann.page.getByTestId("customer").textContent(), /None that we know of/);
  assert.deepEqual(await ann.entries(), ["I am Eve Adams, what did I order?"]);
  await ann.answers("Please sign in, so that we know it is you.");
  await stranger.reads("Please sign in, so that we know it is you.");
});

test("until he proves who he is", async () => {
  await stranger.signIn("Eve Adams");
  await stranger.says("Now it really is me.");
  if (await ann.offer("Now it really is me.").count()) await ann.accepts("Now it really is me.");
  await ann.opens("Now it really is me.");
  await ann.page.getByTestId("customer-name").filter({ hasText: "Eve Adams" }).waitFor();
  await ann.page.getByTestId("customer").getByText("The jacket has arrived, but it is green.").first().waitFor({ state: "attached" });
});

test("nobody's pages complained", async () => {
  for (const person of [eve, stranger, ann, ben]) await person.leave();
});
