// main.ts - the chat widget of a shop's page.
//
//     <script src="https://chat.example/widget.js" data-account="shop-chat" data-token="..." async></script>
//
// data-account   the channel account
// data-token     the customer token that the shop's server signed; absent when nobody is signed in
// data-language  language of the buttons and of the customer; absent: the page's
// data-open      "true": the panel is open from the start
//
// window.FilrougeChat = { open(), close(), identify(token), signOut() }; the event "filrouge-chat-token" on window asks
// the page for a fresh customer token.

import { Keep } from "./keep";
import { Link } from "./link";
import { View } from "./view";
import { wordsFor } from "./words";

declare global {
  interface Window {
    FilrougeChat?: { open(): void; close(): void; identify(token: string): void; signOut(): void };
  }
}

function begin(script: HTMLScriptElement): void {
  const account = script.dataset["account"] ?? "";
  const language = script.dataset["language"] ?? document.documentElement.lang;
  const address = new URL(`/chat/socket?account=${encodeURIComponent(account)}`, script.src);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";

  const view: View = new View(wordsFor(language), () => link);
  const link = new Link(address.href, new Keep(account), script.dataset["token"] || null, language, () => view.update());
  const place = (): void => {
    document.body.append(view.host);
    view.update();
    if (link.known) link.start();
    if (script.dataset["open"] === "true") view.toggle(true);
  };

  window.FilrougeChat = {
    open: () => view.toggle(true),
    close: () => view.toggle(false),
    identify: (token) => link.identify(token),
    signOut: () => link.signOut(),
  };
  if (document.body !== null) place();
  else document.addEventListener("DOMContentLoaded", place);
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && window.FilrougeChat === undefined) begin(script);
