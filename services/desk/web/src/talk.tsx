// talk.tsx - one conversation: entries, reply, note, finish.

import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Entry, Outcome, Pending } from "./protocol";
import type { Talk } from "./state";
import { MakePromise } from "./promises";
import { waitingSince } from "./talks";
import { channelName, clock, length, OUTCOMES, tickOf, tickOfPending, type Tick } from "./words";

function TickMark({ tick }: { tick: Tick }): JSX.Element {
  return (
    <span class={`tick ${tick.kind}`} role="img" aria-label={tick.label} title={tick.label} data-testid="tick">
      {tick.sign}
    </span>
  );
}

const WHO: Record<string, string> = {
  note: "Note",
  notice: "Automatic notice",
  automatic: "Written by a machine, nobody waits for an answer",
};

function EntryLine({ entry, nowMs }: { entry: Entry; nowMs: number }): JSX.Element {
  const tick = tickOf(entry);

  return (
    <li class={`entry ${entry.direction}`} data-testid="entry" data-direction={entry.direction}>
      <p class="quiet">
        {WHO[entry.direction] !== undefined && `${WHO[entry.direction]} · `}
        {entry.author !== undefined && `${entry.author} · `}
        {channelName(entry.channel)} · {clock(entry.at_ms, nowMs)}
        {entry.unverified && <span class="mark">unverified</span>}
        {tick !== null && <TickMark tick={tick} />}
      </p>
      {entry.subject !== undefined && <p class="subject">{entry.subject}</p>}
      <p class="text">{entry.text}</p>
      {entry.full_text !== undefined && (
        <details>
          <summary class="quiet">With quotes and signature</summary>
          <p class="text">{entry.full_text}</p>
        </details>
      )}
      {entry.attachments?.map((file) => (
        <p class="quiet" key={file.name}>
          Attached: {file.name} ({Math.ceil(file.size / 1024)} KiB)
        </p>
      ))}
    </li>
  );
}

function PendingLine({ pending, nowMs }: { pending: Pending; nowMs: number }): JSX.Element {
  return (
    <li class={`entry pending ${pending.note ? "note" : "to_customer"}`} data-testid="pending">
      <p class="quiet">
        {pending.note && "Note · "}
        {clock(pending.at_ms, nowMs)}
        <TickMark tick={tickOfPending(pending)} />
      </p>
      <p class="text">{pending.text}</p>
    </li>
  );
}

// How long the customer has waited, against what was promised where the hub says so.
function PromiseClock({ talk, nowMs }: { talk: Talk; nowMs: number }): JSX.Element | null {
  const since = waitingSince(talk);

  if (talk.due_ms !== undefined) {
    const leftMs = talk.due_ms - nowMs;
    return (
      <span class={leftMs < 0 ? "promise bad" : "promise"} data-testid="promise">
        {leftMs < 0 ? `Promise broken ${length(-leftMs)} ago` : `Promised within ${length(leftMs)}`}
      </span>
    );
  }
  return since === null ? null : (
    <span class="promise" data-testid="promise">
      Customer waits {length(nowMs - since)}
    </span>
  );
}

interface WriteProps {
  id: string;
  draft: string;
  setDraft: (text: string) => void;
  say: (note: boolean, text: string) => void;
  finish: (outcome: Outcome, note: string) => void;
  promise: (what: string, dueMs: number, tell: boolean) => void;
  nowMs: number;
}

function Write({ id, draft, setDraft, say, finish, promise, nowMs }: WriteProps): JSX.Element {
  const [finishing, setFinishing] = useState(false);
  const [promising, setPromising] = useState(false);
  const empty = draft.trim() === "";

  function send(note: boolean): void {
    if (empty) return;
    say(note, draft);
    setDraft("");
  }

  function keyDown(event: JSX.TargetedKeyboardEvent<HTMLTextAreaElement>): void {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send(false);
    }
  }

  return (
    <div class="write">
      <label class="hidden" for="reply">
        Your reply
      </label>
      <textarea
        id="reply"
        rows={3}
        maxLength={8000}
        value={draft}
        placeholder="Write a reply… (Ctrl+Enter sends)"
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={keyDown}
        data-testid="reply"
      />
      <div class="write-actions">
        <button class="primary" disabled={empty} onClick={() => send(false)} data-testid="send">
          Send
        </button>
        <button disabled={empty} onClick={() => send(true)} data-testid="note">
          Keep as note
        </button>
        <button aria-expanded={promising} onClick={() => setPromising(!promising)} data-testid="promise-open">
          Promise…
        </button>
        <button aria-expanded={finishing} onClick={() => setFinishing(!finishing)} data-testid="finish">
          Finish…
        </button>
      </div>
      {promising && <MakePromise nowMs={nowMs} make={promise} cancel={() => setPromising(false)} />}
      {finishing && <Finish key={id} finish={finish} cancel={() => setFinishing(false)} />}
    </div>
  );
}

function Finish({ finish, cancel }: { finish: WriteProps["finish"]; cancel: () => void }): JSX.Element {
  function submit(event: JSX.TargetedSubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    finish(form.get("outcome") as Outcome, String(form.get("note") ?? "").trim());
    cancel();
  }

  return (
    <form class="finish" onSubmit={submit} data-testid="finish-form">
      <fieldset>
        <legend>How did it end?</legend>
        {OUTCOMES.map(({ value, label }, index) => (
          <label key={value}>
            <input type="radio" name="outcome" value={value} defaultChecked={index === 0} data-testid={`outcome-${value}`} />
            {label}
          </label>
        ))}
      </fieldset>
      <label>
        Note for colleagues (not sent)
        <input name="note" maxLength={2000} data-testid="finish-note" />
      </label>
      <div class="write-actions">
        <button class="primary" data-testid="finish-confirm">
          Finish
        </button>
        <button type="button" onClick={cancel}>
          Back
        </button>
      </div>
    </form>
  );
}

interface Props extends Omit<WriteProps, "id"> {
  talk: Talk;
  pending: Pending[];
  back: () => void;
  close: () => void;
}

export function TalkView({ talk, pending, nowMs, back, close, ...write }: Props): JSX.Element {
  const end = useRef<HTMLLIElement>(null);
  const lines = talk.entries.length + pending.length;

  useEffect(() => end.current?.scrollIntoView({ block: "end" }), [talk.conversation, lines]);

  return (
    <section class="talk-view" aria-label={`Conversation with ${talk.name ?? "unknown customer"}`} data-testid="talk">
      <header>
        <button class="back" onClick={back} aria-label="Back to the list" data-testid="back">
          ‹
        </button>
        <div>
          <h2>{talk.name ?? "Unknown customer"}</h2>
          <p class="quiet">
            {talk.brand} · {channelName(talk.channel)}
            {talk.subject !== undefined && ` · ${talk.subject}`}
          </p>
        </div>
        {talk.ended === undefined && <PromiseClock talk={talk} nowMs={nowMs} />}
      </header>
      <ol class="entries" data-testid="entries" aria-live="polite">
        {(talk.entries_left_out ?? 0) > 0 && <li class="quiet">{talk.entries_left_out} earlier entries are not shown.</li>}
        {talk.loading && <li class="quiet">Loading the conversation…</li>}
        {talk.entries.map((entry) => (
          <EntryLine key={entry.id} entry={entry} nowMs={nowMs} />
        ))}
        {pending.map((item) => (
          <PendingLine key={item.id} pending={item} nowMs={nowMs} />
        ))}
        <li ref={end} aria-hidden="true" />
      </ol>
      {talk.ended !== undefined ? (
        <div class="over" data-testid="ended">
          <p>This conversation is no longer yours: {talk.ended}.</p>
          <button onClick={close} data-testid="close-ended">
            Close
          </button>
        </div>
      ) : talk.finished ? (
        <p class="over" data-testid="finished">
          Finished; waiting for the hub…
        </p>
      ) : (
        <Write id={talk.conversation} nowMs={nowMs} {...write} />
      )}
    </section>
  );
}
