// demo.mjs - the whole demo, as deploy/quickstart runs it, in a directory of its own.

import { spawn, execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const READY_MS = 120_000; // quickstart looks whether anything must be built, first

export async function startDemo(top, build) {
  const home = mkdtempSync(join(tmpdir(), "fr."));
  const env = { ...process.env, FR_BUILD: build, FILROUGE_HOME: home, FILROUGE_CONFIG: join(home, "demo.yaml") };
  const quickstart = spawn(join(top, "deploy/quickstart"), { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => quickstart.once("exit", resolve));
  const fil = async (...words) => (await run(join(build, "bin/fil"), words, { env, maxBuffer: 64 << 20 })).stdout;
  let said = "";

  await new Promise((resolve, reject) => {
    const hear = (text) => {
      said += text;
      if (said.includes("Ctrl-C ends it")) resolve();
    };
    quickstart.stdout.on("data", hear);
    quickstart.stderr.on("data", hear);
    quickstart.once("exit", (status) => reject(new Error(`quickstart ended with ${status}: ${said}`)));
    setTimeout(() => reject(new Error(`quickstart is not ready: ${said}`)), READY_MS).unref();
  });
  return {
    shop: /http:\/\/\S+\/shop\.html/.exec(said)[0],
    desk: /http:\/\/127\.0\.0\.1:\d+\/\n/.exec(said)[0].trim(),
    fil,
    /** kill -9; fil up starts it again. */
    async kill(journal) {
      const { items } = JSON.parse(await fil("status", "--json"));
      process.kill(items.find((item) => item.journal === journal).pid, "SIGKILL");
    },
    async stop() {
      quickstart.kill("SIGINT");
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
