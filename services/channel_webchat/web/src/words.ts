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
  position: (position: number) => string;
  soon: string;
  range: (from: number, to: number) => string; // minutes
  instead: string;
  keepWaiting: string;
  helpYourself: string;
  callBack: string;
  when: string;
  number: string;
  confirm: string;
  stillWaiting: string;
  calledBack: (from: string, to: string) => string;
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
  position: (position) => `You are number ${position} in line.`,
  soon: "Expected wait: less than a minute.",
  range: (from, to) => (from === to ? `Expected wait: about ${to} min.` : `Expected wait: ${from} to ${to} min.`),
  instead: "What would you rather do?",
  keepWaiting: "Keep waiting",
  helpYourself: "Help yourself now",
  callBack: "Call me back",
  when: "When?",
  number: "Your number",
  confirm: "Confirm",
  stillWaiting: "You keep your place in line.",
  calledBack: (from, to) => `We will call you back between ${from} and ${to}. You keep your place in line.`,
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
  position: (position) => `Sie sind Nummer ${position} in der Reihe.`,
  soon: "Voraussichtliche Wartezeit: weniger als eine Minute.",
  range: (from, to) => (from === to ? `Voraussichtliche Wartezeit: etwa ${to} Min.` : `Voraussichtliche Wartezeit: ${from} bis ${to} Min.`),
  instead: "Was ist Ihnen lieber?",
  keepWaiting: "Weiter warten",
  helpYourself: "Gleich selbst nachsehen",
  callBack: "Rückruf",
  when: "Wann?",
  number: "Ihre Nummer",
  confirm: "Bestätigen",
  stillWaiting: "Ihr Platz in der Reihe bleibt Ihnen.",
  calledBack: (from, to) => `Wir rufen Sie zwischen ${from} und ${to} zurück. Ihr Platz in der Reihe bleibt Ihnen.`,
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
  position: (position) => `Vous êtes le numéro ${position} dans la file.`,
  soon: "Attente prévue : moins d’une minute.",
  range: (from, to) => (from === to ? `Attente prévue : environ ${to} min.` : `Attente prévue : ${from} à ${to} min.`),
  instead: "Que préférez-vous ?",
  keepWaiting: "Continuer d’attendre",
  helpYourself: "Chercher moi-même",
  callBack: "Être rappelé",
  when: "Quand ?",
  number: "Votre numéro",
  confirm: "Confirmer",
  stillWaiting: "Vous gardez votre place dans la file.",
  calledBack: (from, to) => `Nous vous rappelons entre ${from} et ${to}. Vous gardez votre place dans la file.`,
};

const all: Record<string, Words> = { en, de, fr };

export function wordsFor(language: string): Words {
  return all[language.slice(0, 2).toLowerCase()] ?? en;
}
