// view.ts - what the customer sees: a button, a panel, what was said.
//
// Everything lives in a shadow root, so that the shop's styles and ours do not meet.  Texts go in as text, never as
// HTML.  The log is only added to: screen readers read out what is new, and nothing jumps.

import type { Entry, Link } from "./link";
import css from "./style.css?inline";
import { element } from "./element";
import { WaitBox } from "./wait";
import type { Words } from "./words";

const ICON =
  '<svg width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" ' +
  'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5z"/></svg>';
const CROSS =
  '<svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" ' +
  'stroke-linecap="round" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg>';

function icon(svg: string): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = svg; // our own constant
  return template.content;
}

export class View {
  readonly host = element("div");
  private readonly launcher = element("button", { class: "launcher", type: "button", "aria-expanded": "false", "aria-controls": "panel" });
  private readonly launcherName = element("span", { class: "hidden" });
  private readonly badge = element("span", { class: "badge", "aria-hidden": "true" });
  private readonly panel = element("section", { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", hidden: "" });
  private readonly title = element("h2", { id: "title" });
  private readonly log = element("ol", { class: "log", role: "log", "aria-live": "polite", tabindex: "0", "aria-labelledby": "title" });
  private readonly status = element("p", { class: "status", role: "status" });
  private readonly input = element("textarea", { rows: "1", maxlength: "8000", enterkeyhint: "send" });
  private readonly wait: WaitBox;
  private readonly rows = new Map<string, HTMLLIElement>(); // by message id
  private greeting: HTMLLIElement | null = null;
  private isOpen = false;

  constructor(
    private readonly words: Words,
    private readonly link: () => Link,
  ) {
    const root = this.host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // not an element: the page's policy may forbid those
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];

    const close = element("button", { type: "button", "aria-label": words.close }, icon(CROSS));
    const form = element("form", {}, this.input, element("button", { type: "submit" }, words.send));
    this.launcher.append(icon(ICON), this.launcherName, this.badge);
    this.input.setAttribute("aria-label", words.placeholder);
    this.input.placeholder = words.placeholder;
    this.wait = new WaitBox(words, (choice, window, number) => this.link().choose(choice, window, number));
    this.panel.append(element("header", {}, this.title, close), this.log, this.wait.box, this.status, form);
    root.append(this.panel, this.launcher);

    this.launcher.onclick = () => this.toggle(!this.isOpen);
    close.onclick = () => this.toggle(false);
    this.panel.onkeydown = (event) => {
      if (event.key === "Escape") this.toggle(false);
    };
    this.input.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
    document.addEventListener("visibilitychange", () => this.tellShown());
  }

  toggle(open: boolean): void {
    this.isOpen = open;
    this.panel.hidden = !open;
    this.launcher.setAttribute("aria-expanded", String(open));
    if (open) {
      this.link().start();
      this.input.focus();
    } else {
      this.launcher.focus();
    }
    this.tellShown();
    this.update();
    this.toEnd();
  }

  private tellShown(): void {
    this.link().show(this.isOpen && document.visibilityState === "visible");
  }

  private submit(): void {
    const text = this.input.value.trim();
    if (text === "") return;
    this.input.value = "";
    this.link().say(text);
    this.toEnd();
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
  }

  /* ---- drawing ---- */

  update(): void {
    const link = this.link();
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;

    this.title.textContent = link.title === "" ? this.words.agent : link.title;
    this.drawLauncher(link.unread);
    if (link.entries.length === 0 && link.unsent.length === 0 && link.failed.length === 0) this.empty();
    this.drawGreeting(link.greeting);
    for (const entry of link.entries) this.drawEntry(entry);
    for (const message of link.unsent) this.drawOwn(message.id, message.text, this.words.sending, "");
    for (const message of link.failed) this.drawOwn(message.id, message.text, `${this.words.notSent}: ${message.why}`, "failed");
    this.dropStrangers(link);
    this.drawStatus(link);
    this.wait.update(link.wait);
    if (atEnd) this.toEnd();
  }

  private drawLauncher(unread: number): void {
    const name = this.isOpen ? this.words.close : this.words.open;
    const count = this.isOpen ? 0 : unread;
    this.launcherName.textContent = count === 0 ? name : `${name}, ${this.words.unread(count)}`;
    this.badge.textContent = count === 0 ? "" : String(count);
  }

  private drawStatus(link: Link): void {
    const text =
      link.phase === "stopped"
        ? this.words.tooManyWindows
        : link.phase === "connecting" && link.title === ""
          ? this.words.connecting
          : link.phase === "waiting"
            ? this.words.offline
            : link.begunAnew
              ? this.words.newSession
              : "";
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  private empty(): void {
    this.rows.clear();
    this.greeting = null;
    this.log.replaceChildren();
  }

  private drawGreeting(text: string): void {
    if (this.greeting !== null || text === "") return;
    this.greeting = element("li", { class: "agent" }, element("p", {}, text));
    this.log.prepend(this.greeting);
  }

  private row(id: string, from: string, text: string): HTMLLIElement {
    let row = this.rows.get(id);
    if (row === undefined) {
      row = element("li", { class: from }, element("p", {}, text), element("small"));
      this.rows.set(id, row);
    }
    return row;
  }

  /** An entry stands where its position says, before everything that is still unsent. */
  private drawEntry(entry: Entry): void {
    const row = this.row(entry.id, entry.from, entry.text);
    if (row.dataset["seq"] === String(entry.seq)) return;
    row.dataset["seq"] = String(entry.seq);
    row.className = entry.from;
    const after = [...this.log.children].find((other) => other !== row && other !== this.greeting && !("seq" in (other as HTMLElement).dataset));
    this.log.insertBefore(row, after ?? null);
    const time = new Date(entry.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const who =
      entry.from === "customer"
        ? `${this.words.received} ✓`
        : entry.from === "notice"
          ? this.words.notice
          : (entry.author ?? this.words.agent);
    this.note(row, `${who} · ${time}`);
  }

  private drawOwn(id: string, text: string, state: string, more: string): void {
    const row = this.row(id, `customer ${more}`, text);
    if ("seq" in row.dataset) return;
    row.className = `customer ${more}`;
    if (row.parentNode === null) this.log.append(row);
    this.note(row, state);
  }

  private note(row: HTMLLIElement, text: string): void {
    const small = row.lastElementChild;
    if (small !== null && small.textContent !== text) small.textContent = text;
  }

  /** Rows of a chat that was left: another person's, or one that was full. */
  private dropStrangers(link: Link): void {
    const present = new Set([...link.entries, ...link.unsent, ...link.failed].map((each) => each.id));
    for (const [id, row] of this.rows)
      if (!present.has(id)) {
        row.remove();
        this.rows.delete(id);
      }
  }
}
