// talks.tsx - the list of conversations in hand.

import type { JSX } from "preact";
import type { Talk } from "./state";
import { channelName, length } from "./words";

// Since when the customer waits for us: his first word after our last.
export function waitingSince(talk: Talk): number | null {
  let since: number | null = null;

  for (const entry of talk.entries) {
    if (entry.direction === "to_customer") since = null;
    else if (entry.direction === "from_customer" && since === null) since = entry.at_ms;
  }
  return since;
}

interface Props {
  talks: Talk[];
  open: string | null;
  nowMs: number;
  choose: (id: string) => void;
}

export function Talks({ talks, open, nowMs, choose }: Props): JSX.Element {
  return (
    <nav aria-label="My conversations" class="talks">
      <h2>My conversations</h2>
      {talks.length === 0 && <p class="quiet">None at the moment.</p>}
      <ul data-testid="conversations">
        {talks.map((talk) => {
          const last = talk.entries[talk.entries.length - 1];
          const since = waitingSince(talk);
          return (
            <li key={talk.conversation}>
              <button
                class="talk"
                aria-current={talk.conversation === open ? "true" : undefined}
                onClick={() => choose(talk.conversation)}
                data-testid="conversation"
                data-conversation={talk.conversation}
              >
                <span class="talk-name">{talk.name ?? "Unknown customer"}</span>
                {talk.unread > 0 && (
                  <span class="unread" data-testid="unread" aria-label={`${talk.unread} unread`}>
                    {talk.unread}
                  </span>
                )}
                <span class="talk-last">{last?.text ?? (talk.loading ? "Loading…" : "")}</span>
                <span class="quiet">
                  {talk.brand} · {channelName(talk.channel)}
                  {talk.ended !== undefined ? " · ended" : since !== null ? ` · waits ${length(nowMs - since)}` : ""}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
