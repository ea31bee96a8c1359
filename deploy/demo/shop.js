// shop.js - what a shop's own pages would do: know who is signed in, and hand his token to the chat and to the form.
//
// In a real shop the server signs the token when it renders the page for a customer who is logged in.  The demo has no
// such server: it fetches tokens that were signed beforehand for its two customers.

const SIGNED_IN = "demo-shop.customer";

async function begin() {
  const demo = await (await fetch("/demo/tokens.json")).json();
  const name = localStorage.getItem(SIGNED_IN);
  const customer = demo.customers[name] ?? null;

  showWho(demo, customer);
  fillForm(demo, customer);
  loadChat(demo, customer);
}

// Signing in and out leads to a fresh page, as in most shops.
function signIn(name) {
  if (name === null) localStorage.removeItem(SIGNED_IN);
  else localStorage.setItem(SIGNED_IN, name);
  location.reload();
}

function showWho(demo, customer) {
  const signOut = document.getElementById("sign-out");

  if (customer !== null) {
    document.getElementById("who").textContent = `Signed in as ${customer.name}`;
    signOut.hidden = false;
    signOut.onclick = () => signIn(null);
    return;
  }
  for (const [name, other] of Object.entries(demo.customers)) {
    const button = document.createElement("button");

    button.type = "button";
    button.textContent = `Sign in as ${other.name}`;
    button.onclick = () => signIn(name);
    document.getElementById("sign-in").append(button, " ");
  }
}

// A plain form: it would work without a script too, but for the token and the id that makes sending it twice harmless.
function fillForm(demo, customer) {
  const form = document.getElementById("contact");

  if (form === null) return;
  form.action = `${demo.form}/form/contact`;
  form.elements.id.value = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  form.elements.page.value = location.href;
  if (customer !== null) {
    form.elements.customer_token.value = customer.token;
    form.elements.name.value = customer.name;
  }
}

function loadChat(demo, customer) {
  const script = document.createElement("script");

  script.src = `${demo.chat}/widget.js`;
  script.dataset.account = "shop-chat";
  if (customer !== null) script.dataset.token = customer.token;
  document.body.append(script);
}

begin().catch((error) => {
  document.getElementById("who").textContent = "The demo is not complete: tokens.json is missing.";
  console.error(error);
});
