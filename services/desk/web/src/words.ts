// words.ts - how things are called on the screen.

import type { Delivery, Entry, Outcome, Pending } from "./protocol";

const CHANNELS: Record<string, string> = {
  channel_webchat: "Chat",
  channel_webform: "Form",
  channel_email: "E-mail",
};

export function channelName(channel: string | undefined): string {
  if (channel === undefined) return "";
  return CHANNELS[channel] ?? channel.replace(/^channel_/, "");
}

export const OUTCOMES: readonly { value: Outcome; label: string }[] = [
  { value: "solved", label: "Solved" },
  { value: "no_answer_needed", label: "No answer needed" },
  { value: "customer_left", label: "Customer left" },
  { value: "spam", label: "Spam" },
  { value: "not_deliverable", label: "Not deliverable" },
];

export function outcomeName(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "open";
  return OUTCOMES.find((o) => o.value === outcome)?.label ?? (outcome === "answered" ? "Answered" : outcome);
}

export interface Tick {
  sign: string;
  label: string;
  kind: "waiting" | "good" | "read" | "bad";
}

const DELIVERIES: Record<Delivery, Tick> = {
  accepted: { sign: "•", label: "with the channel", kind: "waiting" },
  sent: { sign: "✓", label: "sent", kind: "good" },
  delivered: { sign: "✓✓", label: "delivered", kind: "good" },
  read: { sign: "✓✓", label: "read", kind: "read" },
  undelivered: { sign: "✕", label: "not delivered", kind: "bad" },
  uncertain: { sign: "?", label: "uncertain whether it was sent", kind: "bad" },
  unknown: { sign: "?", label: "unknown", kind: "waiting" },
};

export function tickOf(entry: Entry): Tick | null {
  if (entry.direction !== "to_customer" && entry.direction !== "notice") return null;
  return entry.delivery === undefined ? { sign: "•", label: "with the hub", kind: "waiting" } : DELIVERIES[entry.delivery];
}

export function tickOfPending(pending: Pending): Tick {
  if (pending.taken) return { sign: "•", label: "with the hub", kind: "waiting" };
  return { sign: "◦", label: "kept at the desk, on its way", kind: "waiting" };
}

export function length(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d`;
}

export function clock(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const sameDay = at.toDateString() === new Date(nowMs).toDateString();
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return sameDay ? time : `${at.toLocaleDateString()} ${time}`;
}

// "login ann (verified)" as the hub writes it.
export function identifier(text: string): { text: string; mark: "verified" | "unverified" | null } {
  const match = /^(.*) \((verified|unverified|claimed|network|failed)\)$/.exec(text);
  if (match === null) return { text, mark: null };
  return { text: match[1] ?? text, mark: match[2] === "verified" ? "verified" : "unverified" };
}
