// keep.ts - what survives a reload: the session, and messages that have no tick yet.
//
// Each message has a key of its own, so that two tabs never write over each other's.  Where the browser keeps
// nothing (private windows of some), memory has to do.

export interface Session {
  token: string;
  signedIn: boolean;
}

export interface Unsent {
  id: string;
  text: string;
  at: number; // ms
}

class Memory {
  private readonly rows = new Map<string, string>();
  get length(): number {
    return this.rows.size;
  }
  key(index: number): string | null {
    return [...this.rows.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.rows.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.rows.set(key, value);
  }
  removeItem(key: string): void {
    this.rows.delete(key);
  }
}

type Rows = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

function usableStorage(): Rows {
  try {
    const probe = "filrouge.probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return new Memory();
  }
}

export class Keep {
  private readonly rows: Rows = usableStorage();
  readonly sessionKey: string;
  private readonly unsentPrefix: string;

  constructor(account: string) {
    this.sessionKey = `filrouge.chat.${account}`;
    this.unsentPrefix = `filrouge.unsent.${account}.`;
  }

  session(): Session | null {
    const row = parse(this.rows.getItem(this.sessionKey));
    if (typeof row?.["token"] !== "string") return null;
    return { token: row["token"], signedIn: row["signedIn"] === true };
  }

  setSession(session: Session | null): void {
    this.write(this.sessionKey, session === null ? null : JSON.stringify(session));
  }

  unsent(): Unsent[] {
    const found: Unsent[] = [];
    for (let i = 0; i < this.rows.length; i++) {
      const key = this.rows.key(i);
      if (key === null || !key.startsWith(this.unsentPrefix)) continue;
      const row = parse(this.rows.getItem(key));
      if (typeof row?.["text"] === "string" && typeof row["at"] === "number")
        found.push({ id: key.slice(this.unsentPrefix.length), text: row["text"], at: row["at"] });
    }
    return found.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }

  addUnsent(message: Unsent): void {
    this.write(this.unsentPrefix + message.id, JSON.stringify({ text: message.text, at: message.at }));
  }

  dropUnsent(id: string): void {
    this.write(this.unsentPrefix + id, null);
  }

  private write(key: string, value: string | null): void {
    try {
      if (value === null) this.rows.removeItem(key);
      else this.rows.setItem(key, value);
    } catch {
      // full: this page still has it in memory
    }
  }
}

function parse(text: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
