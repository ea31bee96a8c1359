// words.ts - what the widget says itself.

export interface Words {
  open: string;
  close: string;
  unread: (count: number) => string;
  placeholder: string;
  send: string;
  you: string;
  agent: string;
  notice: string;
  sending: string;
  received: string;
  notSent: string;
  connecting: string;
  offline: string;
  newSession: string;
  tooManyWindows: string;
}

const en: Words = {
  open: "Open chat",
  close: "Close chat",
  unread: (count) => (count === 1 ? "1 new message" : `${count} new messages`),
  placeholder: "Write a message",
  send: "Send",
  you: "You",
  agent: "Support",
  notice: "Notice",
  sending: "Sending",
  received: "Received",
  notSent: "Not sent",
  connecting: "Connecting…",
  offline: "No connection. What you write is kept and sent later.",
  newSession: "A new chat has begun.",
  tooManyWindows: "This chat is open in too many windows.",
};

const de: Words = {
  open: "Chat öffnen",
  close: "Chat schließen",
  unread: (count) => (count === 1 ? "1 neue Nachricht" : `${count} neue Nachrichten`),
  placeholder: "Nachricht schreiben",
  send: "Senden",
  you: "Sie",
  agent: "Kundendienst",
  notice: "Hinweis",
  sending: "Wird gesendet",
  received: "Angekommen",
  notSent: "Nicht gesendet",
  connecting: "Verbindung wird aufgebaut…",
  offline: "Keine Verbindung. Was Sie schreiben, wird aufgehoben und später gesendet.",
  newSession: "Ein neuer Chat hat begonnen.",
  tooManyWindows: "Dieser Chat ist in zu vielen Fenstern offen.",
};

const fr: Words = {
  open: "Ouvrir le chat",
  close: "Fermer le chat",
  unread: (count) => (count === 1 ? "1 nouveau message" : `${count} nouveaux messages`),
  placeholder: "Écrivez un message",
  send: "Envoyer",
  you: "Vous",
  agent: "Service client",
  notice: "Avis",
  sending: "Envoi en cours",
  received: "Reçu",
  notSent: "Non envoyé",
  connecting: "Connexion…",
  offline: "Pas de connexion. Votre message est conservé et sera envoyé plus tard.",
  newSession: "Un nouveau chat a commencé.",
  tooManyWindows: "Ce chat est ouvert dans trop de fenêtres.",
};

const all: Record<string, Words> = { en, de, fr };

export function wordsFor(language: string): Words {
  return all[language.slice(0, 2).toLowerCase()] ?? en;
}
