// state.ts - what the page knows, and how each event of the server changes it.  Pure: no socket, no clock.

import type { Alert, Conversation, Entry, Offer, Pending, Presence, Promised, Refusal, ServerEvent, Snapshot } from "./protocol";

export interface Talk extends Conversation {
  entries: Entry[];
  unread: number;
  ended?: string; // why it is no longer ours
}

export interface State {
  connected: boolean;
  agent: { name: string; title: string; site: string } | null;
  presence: Presence;
  offers: Offer[];
  talks: Talk[];
  pending: Pending[];
  refused: Refusal[];
  promises: Promised[];
  alerts: Alert[];
  open: string | null; // the conversation on the screen
  notice: string; // the last thing that happened, for the status line
  clockOffsetMs: number; // server's clock less ours
}

export const nothing: State = {
  connected: false,
  agent: null,
  presence: {},
  offers: [],
  talks: [],
  pending: [],
  refused: [],
  promises: [],
  alerts: [],
  open: null,
  notice: "",
  clockOffsetMs: 0,
};

function talkOf(conversation: Conversation, before: Talk | undefined, open: string | null): Talk {
  const entries = conversation.entries ?? before?.entries ?? [];
  const fresh = before === undefined ? 0 : entries.filter((e) => isNew(e, before.entries)).length;

  return {
    ...before,
    ...conversation,
    entries,
    unread: conversation.conversation === open ? 0 : (before?.unread ?? 0) + fresh,
  };
}

function isNew(entry: Entry, known: Entry[]): boolean {
  return entry.direction === "from_customer" && !known.some((other) => other.id === entry.id);
}

function upsert<T>(list: T[], item: T, same: (other: T) => boolean): T[] {
  return list.some(same) ? list.map((other) => (same(other) ? item : other)) : [...list, item];
}

function changeTalk(state: State, id: string, change: (talk: Talk) => Talk): State {
  return { ...state, talks: state.talks.map((talk) => (talk.conversation === id ? change(talk) : talk)) };
}

function onSnapshot(state: State, snapshot: Snapshot, nowMs: number): State {
  const talks = snapshot.conversations.map((conversation) =>
    talkOf(conversation, state.talks.find((t) => t.conversation === conversation.conversation), state.open),
  );
  // A conversation that ended while we were away stays readable until it is closed.
  for (const talk of state.talks)
    if (!talks.some((t) => t.conversation === talk.conversation))
      talks.push({ ...talk, ended: talk.ended ?? "ended while the desk was not connected" });
  const { name, title, site, presence } = snapshot.agent;
  return {
    ...state,
    agent: { name, title, site },
    presence,
    offers: snapshot.offers,
    talks,
    pending: snapshot.pending,
    refused: snapshot.refused,
    promises: snapshot.promises ?? [],
    alerts: snapshot.alerts ?? [],
    open: state.open ?? talks[0]?.conversation ?? null,
    clockOffsetMs: snapshot.now_ms - nowMs,
  };
}

function onConfirmed(state: State, id: string, offerId: string, runsOutMs: number): State {
  const offer = state.offers.find((o) => o.offer === offerId);
  const known = state.talks.find((talk) => talk.conversation === id);

  if (offer === undefined && known !== undefined && known.ended === undefined)
    return changeTalk(state, id, (talk) => ({ ...talk, runs_out_ms: runsOutMs }));
  const talk: Talk = {
    conversation: id,
    brand: offer?.brand ?? known?.brand ?? "",
    channel: offer?.channel ?? known?.channel,
    name: offer?.name ?? known?.name,
    arrived_ms: offer?.arrived_ms ?? known?.arrived_ms,
    runs_out_ms: runsOutMs,
    entries: known?.entries ?? [],
    history: known?.history,
    identifiers: known?.identifiers,
    unread: 0,
    loading: true,
  };
  return {
    ...state,
    offers: state.offers.filter((o) => o.offer !== offerId),
    talks: upsert(state.talks, talk, (t) => t.conversation === id),
    open: id,
  };
}

function onEnded(state: State, offerId: string, id: string, reason: string): State {
  const wasOffer = state.offers.some((o) => o.offer === offerId);

  if (wasOffer)
    return {
      ...state,
      offers: state.offers.filter((o) => o.offer !== offerId),
      notice: reason === "declined" ? "Offer declined" : `Offer ended: ${reason}`,
    };
  const ended = changeTalk(state, id, (talk) => ({ ...talk, ended: reason }));
  if (reason !== "finished") return ended;
  const talks = ended.talks.filter((talk) => talk.conversation !== id);
  return {
    ...ended,
    talks,
    open: state.open === id ? (talks[0]?.conversation ?? null) : state.open,
    notice: "Conversation finished",
  };
}

function onEntry(state: State, id: string, entry: Entry): State {
  const changed = changeTalk(state, id, (talk) => ({
    ...talk,
    unread: talk.unread + (isNew(entry, talk.entries) && state.open !== id ? 1 : 0),
    entries: upsert(talk.entries, entry, (other) => other.id === entry.id),
  }));
  return { ...changed, pending: state.pending.filter((p) => p.id !== entry.client_id) };
}

function onRefused(state: State, refusal: Refusal): State {
  const wasReply = state.pending.some((p) => p.id === refusal.id);
  const changed = { ...state, pending: state.pending.filter((p) => p.id !== refusal.id) };

  return {
    // What was refused and is no reply may have been the finish: the conversation is open again.
    ...(wasReply || refusal.conversation === undefined
      ? changed
      : changeTalk(changed, refusal.conversation, (talk) => ({ ...talk, finished: false }))),
    refused: upsert(state.refused, refusal, (other) => other.refusal === refusal.refusal),
    notice: `Refused: ${refusal.reason}`,
  };
}

export function hear(state: State, event: ServerEvent, nowMs: number): State {
  switch (event.event) {
    case "snapshot":
      return onSnapshot(state, event, nowMs);
    case "offer":
      return {
        ...state,
        offers: upsert(state.offers, event, (o) => o.offer === event.offer),
        notice: `New offer: ${event.name ?? "a customer"}, ${event.preview}`,
      };
    case "offer_answered":
      return {
        ...state,
        offers: state.offers
          .map((o) => (o.offer === event.offer ? { ...o, state: event.state } : o))
          .filter((o) => o.state !== "declined"),
      };
    case "confirmed":
      return onConfirmed(state, event.conversation, event.offer, event.runs_out_ms);
    case "offer_ended":
      return onEnded(state, event.offer, event.conversation, event.reason);
    case "conversation": {
      const before = state.talks.find((talk) => talk.conversation === event.conversation);
      const talk = { ...talkOf(event, before, state.open), loading: false, ended: undefined };
      const known = new Set(talk.entries.map((entry) => entry.client_id));
      return {
        ...state,
        talks: upsert(state.talks, talk, (t) => t.conversation === event.conversation),
        pending: state.pending.filter((p) => !known.has(p.id)),
        open: state.open ?? event.conversation,
      };
    }
    case "entry":
      return onEntry(state, event.conversation, event.entry);
    case "pending":
      return { ...state, pending: upsert(state.pending, event, (p) => p.id === event.id) };
    case "taken":
      return { ...state, pending: state.pending.map((p) => (p.id === event.id ? { ...p, taken: true } : p)) };
    case "finished":
      return changeTalk(state, event.conversation, (talk) => ({ ...talk, finished: true }));
    case "refused":
      return onRefused(state, event);
    case "refusal_seen":
      return {
        ...state,
        refused: state.refused.filter((r) => r.refusal !== event.refusal),
        alerts: state.alerts.filter((a) => a.alert !== event.refusal),
      };
    case "promise":
      return { ...state, promises: upsert(state.promises, event, (p) => p.promise === event.promise) };
    case "promise_ended":
      return { ...state, promises: state.promises.filter((p) => p.promise !== event.promise) };
    case "alert":
      return {
        ...state,
        alerts: upsert(state.alerts, event, (a) => a.alert === event.alert),
        notice: `Alert: ${event.reason}`,
      };
    case "presence":
      return {
        ...state,
        presence: {
          chosen: event.chosen ?? state.presence.chosen,
          state: event.state ?? state.presence.state,
          reason: event.reason ?? state.presence.reason,
        },
      };
    default:
      return state; // a newer server says more than we know
  }
}

export function openTalk(state: State, id: string | null): State {
  const opened = id === null ? state : changeTalk(state, id, (talk) => ({ ...talk, unread: 0 }));
  return { ...opened, open: id };
}

export function closeTalk(state: State, id: string): State {
  const talks = state.talks.filter((talk) => talk.conversation !== id);
  return { ...state, talks, open: state.open === id ? (talks[0]?.conversation ?? null) : state.open };
}
