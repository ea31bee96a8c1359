// main.tsx - signed in or not: asked once, then known.

import { render, type JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { App } from "./app";
import { Login } from "./login";

function Door(): JSX.Element | null {
  const [signedIn, setSignedIn] = useState<boolean | null>(null);
  const signedOut = useCallback(() => setSignedIn(false), []);

  useEffect(() => {
    fetch("api/me", { credentials: "same-origin" })
      .then((response) => setSignedIn(response.ok))
      .catch(() => setSignedIn(false));
  }, []);
  if (signedIn === null) return null;
  return signedIn ? <App onSignedOut={signedOut} /> : <Login onSignedIn={() => setSignedIn(true)} />;
}

const root = document.getElementById("desk");
if (root !== null) render(<Door />, root);
