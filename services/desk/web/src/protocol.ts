// protocol.ts - what the desk's server says and what it understands (README.md, "The protocol").

export type Delivery = "accepted" | "sent" | "delivered" | "read" | "undelivered" | "uncertain" | "unknown";
export type Direction = "from_customer" | "to_customer" | "note" | "notice" | "automatic" | "unknown";
export type PresenceState = "offline" | "available" | "away" | "unknown";
export type Outcome = "solved" | "answered" | "no_answer_needed" | "spam" | "customer_left" | "not_deliverable";

export interface Entry {
  id: string;
  direction: Direction;
  channel: string;
  text: string;
  at_ms: number;
  author?: string;
  subject?: string;
  full_text?: string; // with quotes and signature, where text is only what is new
  client_id?: string; // of the reply that it was
  unverified?: boolean;
  delivery?: Delivery;
  attachments?: { name: string; type: string; size: number }[];
}

export interface Offer {
  offer: string;
  conversation: string;
  state: "offered" | "accepted" | "declined";
  brand: string;
  channel: string;
  queue: string;
  name?: string;
  preview: string;
  reason: string;
  arrived_ms: number;
  waited_ms: number;
  expires_ms: number;
  complaint: boolean;
}

export interface PastConversation {
  conversation: string;
  channel: string;
  opened_ms: number;
  subject?: string;
  outcome?: Outcome;
  last_agent?: string;
  entries: Entry[];
  entries_left_out?: number;
}

export interface Conversation {
  conversation: string;
  brand: string;
  channel?: string;
  customer?: string;
  name?: string;
  subject?: string;
  identifiers?: string[];
  history?: PastConversation[];
  entries?: Entry[];
  entries_left_out?: number;
  arrived_ms?: number;
  runs_out_ms?: number;
  due_ms?: number; // when an answer was promised, where the hub says so
  loading?: boolean;
  finished?: boolean;
}

export interface Pending {
  id: string;
  conversation: string;
  text: string;
  note: boolean;
  at_ms: number;
  taken: boolean; // the hub has it
}

export interface Refusal {
  refusal: string;
  conversation?: string;
  id?: string;
  reason: string;
  text?: string;
}

export interface Promised {
  promise: string;
  conversation: string;
  kind: "promise" | "call_back";
  what: string;
  due?: string; // as the wall shows it
  due_ms: number;
  from_ms?: number;
  address?: string;
}

export interface Alert {
  alert: string; // the target that it is about
  conversation: string;
  reason: string;
  policy?: string;
  agent?: string;
  due_ms: number;
  breached: boolean;
}

export interface Presence {
  chosen?: PresenceState;
  state?: PresenceState;
  reason?: string;
}

export interface Snapshot {
  seq: number;
  now_ms: number;
  agent: { name: string; title: string; site: string; presence: Presence };
  offers: Offer[];
  conversations: Conversation[];
  pending: Pending[];
  refused: Refusal[];
  promises?: Promised[];
  alerts?: Alert[];
}

export type ServerEvent =
  | ({ event: "snapshot" } & Snapshot)
  | ({ event: "offer" } & Offer)
  | { event: "offer_answered"; offer: string; state: "accepted" | "declined" }
  | { event: "offer_ended"; offer: string; conversation: string; reason: string; held: boolean }
  | { event: "confirmed"; offer: string; conversation: string; runs_out_ms: number }
  | ({ event: "conversation" } & Conversation)
  | { event: "entry"; conversation: string; entry: Entry }
  | ({ event: "pending" } & Pending)
  | { event: "taken"; id: string; conversation: string }
  | { event: "finished"; conversation: string; outcome: Outcome }
  | ({ event: "refused" } & Refusal)
  | { event: "refusal_seen"; refusal: string }
  | ({ event: "promise" } & Promised)
  | { event: "promise_ended"; promise: string; kept: boolean; late: boolean }
  | ({ event: "alert" } & Alert)
  | ({ event: "presence" } & Presence);

export type Answer = { done: string } | { error: string; message: string; id?: string };

export type Action =
  | { action: "presence"; state: "available" | "away" }
  | { action: "accept"; offer: string }
  | { action: "decline"; offer: string; reason?: string }
  | { action: "reply"; conversation: string; text: string }
  | { action: "note"; conversation: string; text: string }
  | { action: "finish"; conversation: string; outcome: Outcome; note?: string }
  | { action: "dismiss"; refusal: string }
  | { action: "promise"; conversation: string; what: string; due_ms: number; tell: boolean }
  | { action: "keep"; promise: string; kept: boolean; note?: string };

export interface Me {
  name: string;
  title: string;
  site: string;
  expires_ms: number;
}
