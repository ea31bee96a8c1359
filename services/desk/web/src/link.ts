// link.ts - the WebSocket to the desk: comes back by itself, and sends again what was not answered.
//
// Sending again is harmless: every action has an id of our own making, and the desk takes each id once.

import type { Action, Answer, ServerEvent } from "./protocol";

export interface LinkEvents {
  event(event: ServerEvent): void;
  connected(connected: boolean): void;
  refused(action: Action, message: string): void;
  done(action: Action): void;
  signedOut(): void;
}

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;
const SIGNED_OUT = 4001;

export class Link {
  private socket: WebSocket | null = null;
  private retryMs = RETRY_FIRST_MS;
  private timer: number | undefined;
  private readonly unanswered = new Map<string, Action>();
  private ended = false;

  constructor(private readonly events: LinkEvents) {
    this.connect();
  }

  send(action: Action): string {
    const id = newId();
    this.unanswered.set(id, action);
    this.transmit(id, action);
    return id;
  }

  close(): void {
    this.ended = true;
    window.clearTimeout(this.timer);
    this.socket?.close();
  }

  private transmit(id: string, action: Action): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ id, ...action }));
  }

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/api/socket`, "filrouge.desk.1");

    this.socket = socket;
    socket.onmessage = (message) => this.hear(JSON.parse(message.data as string));
    socket.onclose = (closing) => this.lost(socket, closing.code);
  }

  private hear(message: ServerEvent | Answer): void {
    if ("event" in message) {
      if (message.event === "snapshot") this.joined();
      this.events.event(message);
      return;
    }
    const id = "done" in message ? message.done : message.id;
    const action = id === undefined ? undefined : this.unanswered.get(id);
    if ("error" in message && message.error === "signed_out") this.events.signedOut();
    if (id === undefined || action === undefined) return;
    if ("error" in message && message.error === "busy") {
      window.setTimeout(() => this.unanswered.has(id) && this.transmit(id, action), 1000);
      return;
    }
    this.unanswered.delete(id);
    if ("done" in message) this.events.done(action);
    else this.events.refused(action, message.message);
  }

  private joined(): void {
    this.retryMs = RETRY_FIRST_MS;
    this.events.connected(true);
    for (const [id, action] of this.unanswered) this.transmit(id, action);
  }

  private lost(socket: WebSocket, code: number): void {
    if (this.socket !== socket || this.ended) return;
    this.socket = null;
    this.events.connected(false);
    if (code === SIGNED_OUT) {
      this.events.signedOut();
      return;
    }
    // A little chance, so that not every window comes back in the same moment.
    this.timer = window.setTimeout(() => void this.comeBack(), this.retryMs * (0.7 + 0.6 * Math.random()));
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MAX_MS);
  }

  // A refused upgrade looks like any other failure to a page: ask over HTTP whether we are still signed in.
  private async comeBack(): Promise<void> {
    try {
      const response = await fetch("api/me", { credentials: "same-origin" });
      if (this.ended) return;
      if (response.status === 401) {
        this.events.signedOut();
        return;
      }
    } catch {
      // not reachable: the connection below fails as well and tries again later
    }
    if (!this.ended) this.connect();
  }
}

// getRandomValues and not randomUUID, which exists only where the page came over https or from localhost.
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
