// people.mjs - what customers and agents do in their browsers.  Each waits for what it expects to see.

import assert from "node:assert/strict";

const PATIENCE_MS = 20_000;

/** What a page complained about; a story that expects none asks for it at its end. */
function complaintsOf(page) {
  const complaints = [];

  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A socket or request that finds nobody while a service starts again is what the page is there to survive.
    if (message.type() === "error" && !/WebSocket connection|ERR_CONNECTION|ERR_EMPTY|401/.test(message.text()))
      complaints.push(message.text());
  });
  return complaints;
}

export class Customer {
  static async arrive(browser, shop, options = {}) {
    const context = await browser.newContext(options);
    const page = await context.newPage();

    page.setDefaultTimeout(PATIENCE_MS);
    const customer = new Customer(context, page, shop);
    await page.goto(shop);
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    return customer;
  }

  constructor(context, page, shop) {
    Object.assign(this, { context, page, shop, complaints: complaintsOf(page) });
  }

  async signIn(name) {
    await this.page.getByRole("button", { name: `Sign in as ${name}` }).click();
    await this.page.getByText(`Signed in as ${name}`).waitFor();
  }

  chat() {
    return this.page.getByRole("dialog");
  }

  async openChat() {
    const button = this.page.locator("button.launcher");

    await button.waitFor();
    if ((await button.getAttribute("aria-expanded")) !== "true") await button.click();
    await this.chat().getByRole("textbox").waitFor();
  }

  async type(text) {
    await this.chat().getByRole("textbox").fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** The tick means durable. */
  async ticked(text) {
    await this.chat().locator("li", { hasText: text }).getByText("Received ✓").waitFor();
  }

  async says(text) {
    await this.openChat();
    await this.type(text);
    await this.ticked(text);
  }

  async reads(text) {
    await this.chat().locator("li", { hasText: text }).waitFor();
  }

  /** What stands above the field while nobody is free. */
  waiting() {
    return this.chat().locator("section.wait");
  }

  async lines() {
    return this.chat().locator("li[class] p").allTextContents();
  }

  /** Fills in the contact form; the page is then the ticket. */
  async fillIn(message) {
    await this.page.goto(new URL("contact.html", this.shop).href);
    await this.page.getByText(/Signed in as|Not signed in/).waitFor();
    await this.page.waitForFunction(() => document.getElementById("contact").action.includes("/form/"));
    await this.page.locator("#contact textarea").fill(message);
    await this.page.locator("#contact button[type=submit]").click();
    await this.page.waitForURL(/\/form\/answer\?ticket=/);
  }

  async findsAtTicket(text) {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await this.page.waitForTimeout(200)) {
      if (await this.page.getByText(text).isVisible()) return;
      await this.page.reload();
    }
    assert.fail(`the ticket does not show: ${text}`);
  }

  async leave() {
    assert.deepEqual(this.complaints, [], "the shop's pages complained");
    await this.context.close();
  }
}

export class Agent {
  static async signIn(browser, desk, name, options = {}) {
    const context = await browser.newContext(options);
    const page = await context.newPage();

    page.setDefaultTimeout(PATIENCE_MS);
    const agent = new Agent(context, page, name);
    await page.goto(desk);
    await page.getByTestId("login-name").fill(name);
    await page.getByTestId("login-password").fill(`demo-${name}`);
    await page.getByTestId("login-submit").click();
    await page.getByTestId("desk").waitFor();
    return agent;
  }

  constructor(context, page, name) {
    Object.assign(this, { context, page, name, complaints: complaintsOf(page) });
  }

  async is(state) {
    await this.page.getByTestId(`presence-${state}`).click();
    await this.page.locator(`[data-testid=presence][data-state=${state}]`).waitFor({ state: "attached" });
  }

  offer(text) {
    return this.page.getByTestId("offer").filter({ hasText: text });
  }

  async accepts(text) {
    await this.offer(text).getByTestId("accept").click();
    await this.opens(text);
  }

  async acceptsByKey(text) {
    await this.offer(text).waitFor();
    await this.page.keyboard.press("a");
    await this.opens(text);
  }

  /** A small screen shows the list or one conversation; an accepted one comes to the front by itself. */
  async opens(text) {
    const inList = this.page.getByTestId("conversation").filter({ hasText: text, visible: true });
    const onScreen = this.page.getByTestId("entry").filter({ hasText: text });

    await inList.or(onScreen).first().waitFor();
    if (!(await onScreen.first().isVisible())) await inList.click();
    await this.sees(text);
  }

  async sees(text) {
    await this.page.getByTestId("entry").filter({ hasText: text }).first().waitFor();
  }

  async entries() {
    return this.page.getByTestId("entry").locator(".text").allTextContents();
  }

  async answers(text) {
    await this.page.getByTestId("reply").fill(text);
    await this.page.getByTestId("send").click();
    await this.sees(text);
  }

  async customerName() {
    return this.page.getByTestId("customer-name").textContent();
  }

  async finishes() {
    await this.page.getByTestId("finish").click();
    await this.page.getByTestId("finish-confirm").click();
    await this.page.getByTestId("finish-form").waitFor({ state: "detached" });
  }

  async leave() {
    assert.deepEqual(this.complaints, [], "the desk complained");
    await this.context.close();
  }
}
