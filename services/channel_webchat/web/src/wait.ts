// wait.ts - how long it takes: position and expected wait, and what the customer may choose instead.
//
// The line that changes is a status of its own, so that a screen reader reads it out and nothing else; the controls
// beside it stay as they are, with whatever is typed into them, until they are others.

import { element } from "./element";
import type { Choice, Wait } from "./link";
import type { Words } from "./words";

type Choose = (choice: Choice, window?: { from: number; to: number }, number?: string) => void;

export class WaitBox {
  readonly box = element("section", { class: "wait", hidden: "" });
  private readonly line = element("p", { role: "status" });
  private readonly more = element("div");
  private drawn = "";

  constructor(
    private readonly words: Words,
    private readonly choose: Choose,
  ) {
    this.box.append(this.line, this.more);
  }

  update(wait: Wait | null): void {
    this.box.hidden = wait === null;
    const text = wait === null ? "" : this.textOf(wait);
    if (this.line.textContent !== text) this.line.textContent = text;
    const controls = wait === null ? "" : JSON.stringify([wait.choice, wait.windows, wait.self_service]);
    if (controls === this.drawn) return;
    this.drawn = controls;
    this.more.replaceChildren(...(wait === null ? [] : this.controlsOf(wait)));
  }

  private textOf(wait: Wait): string {
    if (wait.choice === "call_back") return this.words.calledBack(timeOf(wait.from), timeOf(wait.to));
    const position = wait.position === undefined ? "" : `${this.words.position(wait.position)} `;
    if (wait.p50_s === undefined || wait.p90_s === undefined) return position;
    const from = Math.max(1, Math.floor(wait.p50_s / 60));
    const to = Math.ceil(wait.p90_s / 60);
    return position + (to <= 1 ? this.words.soon : this.words.range(from, Math.max(from, to)));
  }

  private controlsOf(wait: Wait): Node[] {
    if (wait.choice === "call_back" || wait.windows.length === 0) return [];
    if (wait.choice === "wait") return [element("p", {}, this.words.stillWaiting)];
    if (wait.choice === "self_service") return [element("p", {}, wait.self_service ?? "")];
    const call = this.button(this.words.callBack, () => {
      form.hidden = !form.hidden;
      call.setAttribute("aria-expanded", String(!form.hidden));
      if (!form.hidden) form.querySelector("select")?.focus();
    });
    const form = this.formOf(wait);
    call.setAttribute("aria-expanded", "false");
    call.setAttribute("aria-controls", form.id);
    const group = element("div", { class: "choices", role: "group", "aria-label": this.words.instead });
    group.append(this.button(this.words.keepWaiting, () => this.choose("wait")));
    if (wait.self_service !== undefined) group.append(this.button(this.words.helpYourself, () => this.choose("self_service")));
    group.append(call);
    return [element("p", {}, this.words.instead), group, form];
  }

  private formOf(wait: Wait): HTMLFormElement {
    const select = element("select", { name: "window" });
    wait.windows.forEach((window, index) => select.append(element("option", { value: String(index) }, `${timeOf(window.from)} – ${timeOf(window.to)}`)));
    const number = element("input", { type: "tel", name: "number", maxlength: "40", autocomplete: "tel", pattern: "[0-9+\\-\\/\\(\\). ]*" });
    const form = element("form", { id: "call-back", hidden: "" },
      element("label", {}, this.words.when, select),
      element("label", {}, this.words.number, number),
      element("button", { type: "submit" }, this.words.confirm));
    form.onsubmit = (event) => {
      event.preventDefault();
      const window = wait.windows[Number(select.value)];
      if (window !== undefined) this.choose("call_back", window, number.value.trim());
    };
    return form;
  }

  private button(text: string, pressed: () => void): HTMLButtonElement {
    const made = element("button", { type: "button" }, text);
    made.onclick = pressed;
    return made;
  }
}

/** The time of day, with the day when it is not today. */
function timeOf(ms: number | undefined): string {
  if (ms === undefined) return "";
  const at = new Date(ms);
  const day: Intl.DateTimeFormatOptions = at.toDateString() === new Date().toDateString() ? {} : { weekday: "short" };
  return at.toLocaleTimeString([], { ...day, hour: "2-digit", minute: "2-digit" });
}
