// offers.tsx - offers with their countdown.

import type { JSX } from "preact";
import type { Offer } from "./protocol";
import { channelName, length } from "./words";

interface Props {
  offers: Offer[];
  nowMs: number;
  accept: (offer: Offer) => void;
  decline: (offer: Offer) => void;
}

function OfferCard({ offer, nowMs, accept, decline, first }: Omit<Props, "offers"> & { offer: Offer; first: boolean }): JSX.Element {
  const leftMs = Math.max(0, offer.expires_ms - nowMs);
  const wholeMs = Math.max(1, offer.expires_ms - offer.arrived_ms - offer.waited_ms);

  return (
    <li class={offer.complaint ? "offer complaint" : "offer"} data-testid="offer" data-offer={offer.offer}>
      <div class="offer-head">
        <strong data-testid="offer-name">{offer.name ?? "Unknown customer"}</strong>
        <span class="tag">{offer.brand}</span>
        <span class="tag">{channelName(offer.channel)}</span>
        {offer.complaint && <span class="tag bad">Complaint</span>}
      </div>
      <p class="preview" data-testid="offer-preview">{offer.preview}</p>
      <p class="quiet">
        Waiting {length(nowMs - offer.arrived_ms)} · <span title={offer.reason}>{offer.queue}</span>
      </p>
      {offer.state === "accepted" ? (
        <p data-testid="offer-accepted">Accepted, waiting for the hub…</p>
      ) : (
        <>
          <progress max={wholeMs} value={Math.min(leftMs, wholeMs)} aria-label="Time left to answer" />
          <div class="offer-actions">
            <button class="primary" onClick={() => accept(offer)} data-testid="accept" aria-keyshortcuts={first ? "a" : undefined}>
              Accept{first && <kbd>a</kbd>}
            </button>
            <button onClick={() => decline(offer)} data-testid="decline" aria-keyshortcuts={first ? "d" : undefined}>
              Decline{first && <kbd>d</kbd>}
            </button>
            <span class="quiet" data-testid="offer-left">{Math.ceil(leftMs / 1000)} s</span>
          </div>
        </>
      )}
    </li>
  );
}

export function Offers(props: Props): JSX.Element {
  return (
    <section aria-label="Offers" class="offers">
      <ul data-testid="offers">
        {props.offers.map((offer, index) => (
          <OfferCard key={offer.offer} {...props} offer={offer} first={index === 0} />
        ))}
      </ul>
    </section>
  );
}
