// link.ts - the connection: opens, comes back, sends again until the tick, and never shows an entry twice.
//
// What it promises the view: `entries` are in order and without gaps; `unsent` are the customer's own words that are
// not durable yet.  A message leaves `unsent` when its tick or its entry comes, whichever is first.

import { Keep, type Unsent } from "./keep";

export interface Entry {
  seq: number;
  from: "customer" | "agent" | "notice";
  id: string;
  text: string;
  at: number; // ms
  author?: string;
}

export interface Failed {
  id: string;
  text: string;
  why: string;
}

/** How long it takes, from now on; what he may choose instead, and what he has chosen. */
export interface Wait {
  position?: number;
  p50_s?: number;
  p90_s?: number;
  windows: { from: number; to: number }[]; // ms
  self_service?: string;
  choice?: Choice;
  from?: number;
  to?: number;
}
export type Choice = "wait" | "self_service" | "call_back";

export type Phase = "idle" | "connecting" | "open" | "waiting" | "stopped";

interface Heard {
  type?: unknown;
  [key: string]: unknown;
}

const SUBPROTOCOL = "filrouge.chat.1";
const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 30_000;
const TEXT_MAX = 8192; // bytes

export class Link {
  phase: Phase = "idle";
  title = "";
  greeting = "";
  entries: Entry[] = [];
  unsent: Unsent[];
  failed: Failed[] = [];
  read = 0; // the last position that was shown
  wait: Wait | null = null;
  begunAnew = false; // the entries of before are gone

  private socket: WebSocket | null = null;
  private opened = false; // this connection is
  private openedInPage = false; // some connection of this page was: the session is this page's own
  private tries = 0;
  private timer = 0;
  private told = "";
  private shown = false;

  constructor(
    private readonly address: string,
    private readonly keep: Keep,
    private token: string | null,
    private readonly language: string,
    private readonly changed: () => void,
  ) {
    // Somebody was signed in when this browser was here last, and is not any more: the chat was his.
    if (this.token === null && keep.session()?.signedIn === true) this.forget();
    this.unsent = keep.unsent();
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("storage", (event) => this.otherTab(event));
  }

  get last(): number {
    return this.entries[this.entries.length - 1]?.seq ?? 0;
  }

  get known(): boolean {
    return this.keep.session() !== null || this.unsent.length > 0;
  }

  get unread(): number {
    return this.entries.filter((entry) => entry.from !== "customer" && entry.seq > this.read).length;
  }

  /* ---- what the view asks for ---- */

  start(): void {
    if (this.phase === "idle") this.connect();
  }

  say(text: string): void {
    const message: Unsent = { id: newId(), text, at: Date.now() };
    this.begunAnew = false;
    this.unsent.push(message);
    this.keep.addUnsent(message);
    if (this.opened) this.sendMessage(message);
    else this.start();
    this.changed();
  }

  choose(choice: Choice, window?: { from: number; to: number }, number = ""): void {
    this.send({ type: "choose", choice, ...window, ...(number === "" ? {} : { number }) });
  }

  /** The chat is (not) before somebody's eyes. */
  show(shown: boolean): void {
    this.shown = shown;
    this.tellSeen();
  }

  identify(token: string): void {
    this.token = token;
    if (this.opened) this.send({ type: "identify", customer_token: token });
    else this.hurry();
  }

  signOut(): void {
    this.token = null;
    this.forget();
    this.restart();
  }

  private forget(): void {
    this.keep.setSession(null);
    for (const message of this.keep.unsent()) this.keep.dropUnsent(message.id);
    this.unsent = [];
    this.clear();
  }

  private clear(): void {
    this.entries = [];
    this.failed = [];
    this.wait = null;
    this.read = 0;
    this.told = "";
  }

  /* ---- the connection ---- */

  private connect(): void {
    this.phase = "connecting";
    const socket = new WebSocket(this.address, SUBPROTOCOL);
    this.socket = socket;
    socket.onopen = () => this.sayOpen();
    socket.onmessage = (event) => {
      if (socket === this.socket && typeof event.data === "string") this.hear(event.data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
    this.changed();
  }

  private lost(): void {
    this.socket = null;
    this.opened = false;
    if (this.phase === "stopped") return;
    this.phase = "waiting";
    const wait = Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** this.tries++);
    this.timer = window.setTimeout(() => this.connect(), wait * (0.5 + Math.random() / 2));
    this.changed();
  }

  private hurry(): void {
    if (this.phase !== "waiting") return;
    window.clearTimeout(this.timer);
    this.tries = 0;
    this.connect();
  }

  private restart(): void {
    const before = this.socket;
    window.clearTimeout(this.timer);
    this.socket = null;
    this.opened = false;
    this.openedInPage = false;
    before?.close();
    if (this.phase !== "idle") this.connect();
    else this.changed();
  }

  /** Another tab began another session (somebody else signed in there): this one must not go on with the old. */
  private otherTab(event: StorageEvent): void {
    if (event.key !== this.keep.sessionKey || this.phase === "idle") return;
    if (sessionOf(this.keep.session()?.token) === sessionOf(parseToken(event.oldValue))) return;
    this.clear();
    this.unsent = this.keep.unsent();
    this.restart();
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private sayOpen(): void {
    const session = this.keep.session();
    const message: Record<string, unknown> = { type: "open", last: this.last };
    if (session !== null) message["session"] = session.token;
    if (this.token !== null) message["customer_token"] = this.token;
    this.send(message);
  }

  private sendMessage(message: Unsent): void {
    if (new TextEncoder().encode(message.text).length > TEXT_MAX) {
      this.fail(message.id, `> ${TEXT_MAX} bytes`);
      return;
    }
    this.send({
      type: "message",
      id: message.id,
      text: message.text,
      ...(location.protocol.startsWith("http") ? { page: location.href.split("#")[0]?.slice(0, 2000) } : {}),
      ...(this.language === "" ? {} : { language: this.language }),
    });
  }

  /* ---- what we hear ---- */

  private hear(text: string): void {
    const heard = JSON.parse(text) as Heard;
    switch (heard.type) {
      case "opened":
        this.takeOpened(heard);
        break;
      case "entries":
        this.takeEntries(heard["entries"] as Entry[]);
        break;
      case "tick":
        this.settle(String(heard["id"]));
        break;
      case "wait":
        this.wait = heard["wait"] as Wait | null;
        break;
      case "error":
        this.takeError(heard);
        break;
    }
    this.changed();
  }

  private takeOpened(heard: Heard): void {
    if (heard["parted"] === true) {
      for (const message of this.unsent) this.keep.dropUnsent(message.id); // another person's words
      this.unsent = [];
    }
    if (heard["reset"] === true) {
      this.begunAnew = this.entries.length > 0;
      this.clear();
    }
    this.keep.setSession({ token: String(heard["session"]), signedIn: heard["signed_in"] === true });
    this.wait = null; // what there is to say of it follows
    this.title = String(heard["title"]);
    this.greeting = String(heard["greeting"]);
    this.read = Math.max(this.read, Number(heard["read"]));
    const fresh = !this.opened;
    this.phase = "open";
    this.opened = true;
    this.openedInPage = true;
    this.tries = 0;
    this.told = "";
    if (fresh) for (const message of [...this.unsent]) this.sendMessage(message);
    this.tellSeen();
  }

  private takeEntries(entries: Entry[]): void {
    for (const entry of entries) {
      if (entry.seq !== this.last + 1) continue;
      this.entries.push(entry);
      if (entry.from === "customer") this.settle(entry.id);
    }
    this.tellSeen();
  }

  private settle(id: string): void {
    this.keep.dropUnsent(id);
    this.unsent = this.unsent.filter((message) => message.id !== id);
  }

  private fail(id: string, why: string): void {
    const message = this.unsent.find((other) => other.id === id);
    if (message !== undefined) this.failed.push({ id, text: message.text, why });
    this.settle(id);
  }

  private takeError(heard: Heard): void {
    const code = String(heard["code"]);
    const id = typeof heard["id"] === "string" ? heard["id"] : "";
    const retry = typeof heard["retry_ms"] === "number" ? heard["retry_ms"] : 0;

    if (retry > 0) window.setTimeout(() => this.again(id), retry);
    else if (code === "session") this.newSession();
    else if (code === "session_full") this.newSession();
    else if (code === "customer_token") this.tokenRefused();
    else if (code === "too_many_windows") this.stop();
    else if (id !== "") this.fail(id, String(heard["message"]));
  }

  private again(id: string): void {
    if (!this.opened) {
      this.sayOpen();
      return;
    }
    const message = this.unsent.find((other) => other.id === id);
    if (message !== undefined) this.sendMessage(message);
  }

  /** The old one cannot go on; what is not sent yet is said in the next. */
  private newSession(): void {
    this.keep.setSession(null);
    this.begunAnew = this.entries.length > 0;
    this.clear();
    this.restart();
  }

  /** The page may have a fresh one (it can ask its shop when it hears this); until then we go on without.  A
   *  session of somebody who signed in on another page is not ours to open without a proof. */
  private tokenRefused(): void {
    this.token = null;
    if (!this.openedInPage && this.keep.session()?.signedIn === true) this.forget();
    window.dispatchEvent(new CustomEvent("filrouge-chat-token"));
    if (!this.opened) this.sayOpen();
  }

  private stop(): void {
    this.phase = "stopped";
    this.socket?.close();
  }

  /* ---- what we tell of it ---- */

  private tellSeen(): void {
    if (!this.opened || this.last === 0) return;
    if (this.shown && this.read < this.last) {
      this.read = this.last;
      this.changed();
    }
    const seen = { type: "seen", delivered: this.last, read: Math.min(this.read, this.last) };
    const text = JSON.stringify(seen);
    if (text === this.told) return;
    this.told = text;
    this.send(seen);
  }
}

/** The part of a session token that names the session; the rest changes each time that it is written. */
function sessionOf(token: string | undefined): string {
  return token?.slice(0, 21) ?? "";
}

function parseToken(row: string | null): string | undefined {
  try {
    return (JSON.parse(row ?? "null") as { token?: string } | null)?.token;
  } catch {
    return undefined;
  }
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
