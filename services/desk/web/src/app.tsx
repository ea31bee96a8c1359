// app.tsx - the desk: one link, one state, and what the keys do.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { Customer } from "./customer";
import { Link } from "./link";
import { Offers } from "./offers";
import type { Action, Offer, Refusal } from "./protocol";
import { Alerts, Promises } from "./promises";
import { closeTalk, hear, nothing, openTalk, type State } from "./state";
import { TalkView } from "./talk";
import { Talks } from "./talks";

function useNow(offsetMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now());

  useEffect(() => {
    const timer = window.setInterval(() => setNowMs(Date.now()), 500);
    return () => window.clearInterval(timer);
  }, []);
  return nowMs + offsetMs;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

interface Keys {
  accept: () => void;
  decline: () => void;
  step: (by: number) => void;
}

// a and d answer the first offer, j and k walk the list, r goes to the reply.
function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;

  useEffect(() => {
    function down(event: KeyboardEvent): void {
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.key === "a") current.current.accept();
      else if (event.key === "d") current.current.decline();
      else if (event.key === "j") current.current.step(1);
      else if (event.key === "k") current.current.step(-1);
      else if (event.key === "r") document.getElementById("reply")?.focus();
      else return;
      event.preventDefault();
    }
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, []);
}

function Refusals({ refused, dismiss }: { refused: Refusal[]; dismiss: (refusal: Refusal) => void }): JSX.Element | null {
  if (refused.length === 0) return null;
  return (
    <section class="refusals" aria-label="Refused" data-testid="refusals">
      {refused.map((refusal) => (
        <div key={refusal.refusal} class="refusal" role="alert" data-testid="refusal">
          <p>
            <strong>Not taken:</strong> {refusal.reason}
          </p>
          {refusal.text !== undefined && <blockquote>{refusal.text}</blockquote>}
          <button onClick={() => dismiss(refusal)} data-testid="dismiss">
            I have seen it
          </button>
        </div>
      ))}
    </section>
  );
}

interface HeaderProps {
  state: State;
  choose: (state: "available" | "away") => void;
  signOut: () => void;
}

function Header({ state, choose, signOut }: HeaderProps): JSX.Element {
  const believed = state.presence.state ?? state.presence.chosen ?? "offline";
  const unsettled = state.presence.chosen !== undefined && state.presence.chosen !== believed;

  return (
    <header class="top">
      <strong class="agent" data-testid="agent">{state.agent?.title ?? ""}</strong>
      <span class="quiet site">{state.agent?.site}</span>
      <div class="presence" role="group" aria-label="Presence">
        {(["available", "away"] as const).map((value) => (
          <button
            key={value}
            aria-pressed={state.presence.chosen === value}
            class={believed === value ? "on" : ""}
            onClick={() => choose(value)}
            data-testid={`presence-${value}`}
          >
            {value === "available" ? "Available" : "Away"}
          </button>
        ))}
      </div>
      <span class={unsettled ? "quiet" : "hidden"} data-testid="presence" data-state={believed} title={state.presence.reason}>
        The hub has you as {believed}
      </span>
      <span class={state.connected ? "link on" : "link"} data-testid="link" data-connected={state.connected}>
        {state.connected ? "connected" : "reconnecting…"}
      </span>
      <button onClick={signOut} data-testid="sign-out">
        Sign out
      </button>
    </header>
  );
}

export function App({ onSignedOut }: { onSignedOut: () => void }): JSX.Element {
  const [state, setState] = useState<State>(nothing);
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const link = useRef<Link | null>(null);
  const nowMs = useNow(state.clockOffsetMs);

  // What was refused outright goes back where it was written, unless something else stands there by now.
  const giveBack = useCallback((action: Action) => {
    if (action.action !== "reply" && action.action !== "note") return;
    setDrafts((all) => ({ ...all, [action.conversation]: all[action.conversation] || action.text }));
  }, []);

  useEffect(() => {
    const made = new Link({
      event: (event) => setState((before) => hear(before, event, Date.now())),
      connected: (connected) => setState((before) => ({ ...before, connected })),
      done: () => undefined,
      refused: (action, message) => {
        giveBack(action);
        setState((before) => ({ ...before, notice: message }));
      },
      signedOut: onSignedOut,
    });
    link.current = made;
    return () => made.close();
  }, [giveBack, onSignedOut]);

  useEffect(() => {
    const waiting = state.offers.length + state.talks.reduce((sum, talk) => sum + talk.unread, 0);
    document.title = waiting > 0 ? `(${waiting}) Filrouge desk` : "Filrouge desk";
  }, [state.offers, state.talks]);

  const act = useCallback((action: Action) => void link.current?.send(action), []);
  const accept = (offer: Offer): void => act({ action: "accept", offer: offer.offer });
  const decline = (offer: Offer): void => act({ action: "decline", offer: offer.offer });
  const show = (id: string | null): void => setState((before) => openTalk(before, id));
  const waiting = state.offers.find((offer) => offer.state === "offered");

  useKeys({
    accept: () => waiting && accept(waiting),
    decline: () => waiting && decline(waiting),
    step: (by) => {
      const at = state.talks.findIndex((talk) => talk.conversation === state.open);
      const next = state.talks[(at + by + state.talks.length) % Math.max(1, state.talks.length)];
      if (next !== undefined) show(next.conversation);
    },
  });

  async function signOut(): Promise<void> {
    await fetch("api/logout", { method: "POST", credentials: "same-origin" }).catch(() => undefined);
    onSignedOut();
  }

  const talk = state.talks.find((t) => t.conversation === state.open);
  return (
    <div class={talk === undefined ? "desk" : "desk has-open"} data-testid="desk">
      <Header state={state} choose={(value) => act({ action: "presence", state: value })} signOut={() => void signOut()} />
      <p class="hidden" role="status" aria-live="assertive" data-testid="notice">
        {state.notice}
      </p>
      <div class="side">
        <Refusals refused={state.refused} dismiss={(refusal) => act({ action: "dismiss", refusal: refusal.refusal })} />
        <Alerts alerts={state.alerts} dismiss={(alert) => act({ action: "dismiss", refusal: alert.alert })} />
        <Promises
          promises={state.promises}
          nowMs={nowMs}
          keep={(promise, kept) => act({ action: "keep", promise: promise.promise, kept })}
        />
        <Offers offers={state.offers} nowMs={nowMs} accept={accept} decline={decline} />
        <Talks talks={state.talks} open={state.open} nowMs={nowMs} choose={show} />
      </div>
      {talk === undefined ? (
        <main class="empty quiet">
          <p>{state.agent === null ? "Connecting…" : "Offers appear on the left. Choose Available to get some."}</p>
        </main>
      ) : (
        <main class="work">
          <TalkView
            key={talk.conversation}
            talk={talk}
            pending={state.pending.filter((p) => p.conversation === talk.conversation)}
            nowMs={nowMs}
            draft={drafts[talk.conversation] ?? ""}
            setDraft={(text) => setDrafts((all) => ({ ...all, [talk.conversation]: text }))}
            say={(note, text) => act({ action: note ? "note" : "reply", conversation: talk.conversation, text })}
            finish={(outcome, note) =>
              act({ action: "finish", conversation: talk.conversation, outcome, ...(note === "" ? {} : { note }) })
            }
            promise={(what, due_ms, tell) => act({ action: "promise", conversation: talk.conversation, what, due_ms, tell })}
            back={() => show(null)}
            close={() => setState((before) => closeTalk(before, talk.conversation))}
          />
          <Customer talk={talk} nowMs={nowMs} />
        </main>
      )}
    </div>
  );
}
