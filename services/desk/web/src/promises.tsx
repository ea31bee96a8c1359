// promises.tsx - what this agent has promised, what supervisors are told of, and making a promise.

import type { JSX } from "preact";
import type { Alert, Promised } from "./protocol";
import { clock, length } from "./words";

interface PromisesProps {
  promises: Promised[];
  nowMs: number;
  keep: (promise: Promised, kept: boolean) => void;
}

export function Promises({ promises, nowMs, keep }: PromisesProps): JSX.Element | null {
  if (promises.length === 0) return null;
  return (
    <section class="promises" aria-label="Promised" data-testid="promises">
      <h2>Promised by you</h2>
      {[...promises].sort((a, b) => a.due_ms - b.due_ms).map((promise) => (
        <div key={promise.promise} class="refusal" data-testid="promised">
          <p>
            <strong>{promise.what}</strong>
            {promise.address !== undefined && ` · ${promise.address}`}
          </p>
          <p class={promise.due_ms < nowMs ? "promise bad" : "quiet"}>
            {promise.kind === "call_back" && promise.from_ms !== undefined && `call from ${clock(promise.from_ms, nowMs)} `}
            by {promise.due ?? clock(promise.due_ms, nowMs)}
            {promise.due_ms < nowMs ? ", broken" : ` (${length(promise.due_ms - nowMs)})`}
          </p>
          <button onClick={() => keep(promise, true)} data-testid="keep">
            Kept
          </button>
          <button onClick={() => keep(promise, false)} data-testid="not-needed">
            Not needed
          </button>
        </div>
      ))}
    </section>
  );
}

export function Alerts({ alerts, dismiss }: { alerts: Alert[]; dismiss: (alert: Alert) => void }): JSX.Element | null {
  if (alerts.length === 0) return null;
  return (
    <section class="refusals" aria-label="Alerts" data-testid="alerts">
      {alerts.map((alert) => (
        <div key={alert.alert} class="refusal" role="alert" data-testid="alert">
          <p>
            <strong>{alert.breached ? "Promise broken:" : "Promise at risk:"}</strong> {alert.reason}
          </p>
          <p class="quiet">Conversation {alert.conversation}</p>
          <button onClick={() => dismiss(alert)} data-testid="alert-seen">
            I have seen it
          </button>
        </div>
      ))}
    </section>
  );
}

// The browser's own wall is the agent's wall: what he types there is meant there.
function localValue(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60000);
  return at.toISOString().slice(0, 16);
}

interface MakeProps {
  nowMs: number;
  make: (what: string, dueMs: number, tell: boolean) => void;
  cancel: () => void;
}

export function MakePromise({ nowMs, make, cancel }: MakeProps): JSX.Element {
  function submit(event: JSX.TargetedSubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const dueMs = new Date(String(form.get("due"))).getTime();
    const what = String(form.get("what") ?? "").trim();
    if (what === "" || Number.isNaN(dueMs)) return;
    make(what, dueMs, form.get("tell") !== null);
    cancel();
  }

  return (
    <form class="finish" onSubmit={submit} data-testid="promise-form">
      <label>
        What do you promise?
        <input name="what" required maxLength={300} data-testid="promise-what" />
      </label>
      <label>
        By when?
        <input
          name="due"
          type="datetime-local"
          required
          min={localValue(nowMs)}
          defaultValue={localValue(nowMs + 86400000)}
          data-testid="promise-due"
        />
      </label>
      <label>
        <input type="checkbox" name="tell" defaultChecked data-testid="promise-tell" />
        Tell the customer
      </label>
      <div class="write-actions">
        <button class="primary" data-testid="promise-confirm">
          Promise
        </button>
        <button type="button" onClick={cancel}>
          Back
        </button>
      </div>
    </form>
  );
}
