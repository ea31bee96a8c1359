// login.tsx - signing in.

import { useState } from "preact/hooks";
import type { JSX } from "preact";

export function Login({ onSignedIn }: { onSignedIn: () => void }): JSX.Element {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event: JSX.TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem("");
    try {
      const response = await fetch("api/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        credentials: "same-origin",
        body: JSON.stringify({ name: form.get("name"), password: form.get("password") }),
      });
      if (response.ok) {
        onSignedIn();
        return;
      }
      const answer = (await response.json()) as { message?: string };
      setProblem(answer.message ?? "That did not work.");
    } catch {
      setProblem("The desk cannot be reached.");
    } finally {
      setBusy(false);
    }
  }

  return (
    <main class="login">
      <form onSubmit={(event) => void submit(event)} aria-labelledby="login-title" data-testid="login">
        <h1 id="login-title">Filrouge desk</h1>
        <label>
          Name
          <input name="name" autocomplete="username" autocapitalize="none" required autofocus data-testid="login-name" />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required data-testid="login-password" />
        </label>
        <button class="primary" disabled={busy} data-testid="login-submit">
          {busy ? "Signing in…" : "Sign in"}
        </button>
        <p role="alert" class="problem" data-testid="login-problem">
          {problem}
        </p>
      </form>
    </main>
  );
}
