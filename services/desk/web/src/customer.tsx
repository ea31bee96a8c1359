// customer.tsx - who it is, how we know, and what was before.

import type { JSX } from "preact";
import type { PastConversation } from "./protocol";
import type { Talk } from "./state";
import { channelName, clock, identifier, outcomeName } from "./words";

function Identifier({ text }: { text: string }): JSX.Element {
  const known = identifier(text);

  return (
    <li>
      {known.text}{" "}
      {known.mark !== null && <span class={known.mark === "verified" ? "mark good" : "mark"}>{known.mark}</span>}
    </li>
  );
}

function Past({ past, nowMs }: { past: PastConversation; nowMs: number }): JSX.Element {
  return (
    <li>
      <details>
        <summary>
          {past.subject ?? channelName(past.channel)} · {clock(past.opened_ms, nowMs)} ·{" "}
          <em>{outcomeName(past.outcome)}</em>
          {past.last_agent !== undefined && ` · ${past.last_agent}`}
        </summary>
        {(past.entries_left_out ?? 0) > 0 && <p class="quiet">{past.entries_left_out} earlier entries are not shown.</p>}
        <ol class="past-entries">
          {past.entries.map((entry) => (
            <li key={entry.id} class={entry.direction}>
              <span class="quiet">{clock(entry.at_ms, nowMs)}</span> {entry.text}
            </li>
          ))}
        </ol>
      </details>
    </li>
  );
}

export function Customer({ talk, nowMs }: { talk: Talk; nowMs: number }): JSX.Element {
  const history = talk.history ?? [];

  return (
    <aside class="customer" aria-label="Customer" data-testid="customer">
      <h2 data-testid="customer-name">{talk.name ?? "Unknown customer"}</h2>
      <ul class="identifiers" data-testid="identifiers">
        {(talk.identifiers ?? []).map((text) => (
          <Identifier key={text} text={text} />
        ))}
      </ul>
      <h3>Earlier conversations</h3>
      {history.length === 0 ? (
        <p class="quiet">None that we know of.</p>
      ) : (
        <ul class="history" data-testid="history">
          {history.map((past) => (
            <Past key={past.conversation} past={past} nowMs={nowMs} />
          ))}
        </ul>
      )}
    </aside>
  );
}
