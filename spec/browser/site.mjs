// A sandbox and a bot, each a process of its own on a free port of this machine.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KENAR = `${ROOT}lua/kenar/cli/kenar`;
const PATIENCE = 10000;

// However this ends, nothing that it started goes on.
const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGTERM")));
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => process.exit(1));

/** A port that nobody listens on. */
async function free_port() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Start a program, and wait until it has written something. Gives { child, found, stop }. */
async function start(words, environment, pattern) {
  const child = spawn("lua5.4", [KENAR, ...words], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  let output = "";
  const found = await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`kenar ${words.join(" ")}: ${why}\n${output}`));
    const timer = setTimeout(() => fail("nothing came"), PATIENCE);
    const read = (bytes) => {
      output += bytes;
      const match = pattern.exec(output);
      if (match) {
        clearTimeout(timer);
        resolve(match);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", () => fail("it ended"));
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return { child, found, stop };
}

export class Site {
  /** Start a sandbox; with a bot file, the bot too. `bot_url` is where the bot is that somebody else serves. */
  static async open({ bot_file, bot_url } = {}) {
    const site = new Site();
    site.bot_port = bot_file ? await free_port() : undefined;
    site.bot_file = bot_file;
    const where = bot_url ?? `http://127.0.0.1:${site.bot_port}/kenar`;
    site.sandbox = await start(["sandbox", "--port", "0", "--bot", where], {}, /sandbox on (http:\S+),/);
    [, site.url] = site.sandbox.found;
    if (bot_file) await site.start_bot();
    return site;
  }

  async start_bot(changes = {}) {
    const { app } = await this.get("state");
    const environment = { ...Object.fromEntries(app.environment), KENAR_LOG_LEVEL: "info", ...changes };
    this.bot = await start(
      ["run", "--port", String(this.bot_port), this.bot_file],
      environment,
      /http:\/\/127\.0\.0\.1:\d+/,
    );
  }

  async call(method, path, body) {
    const response = await fetch(`${this.url}/sandbox/${path}`, { method, body: body && JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${answer.error}`);
    return answer;
  }

  get(path) {
    return this.call("GET", path);
  }
  post(path, body) {
    return this.call("POST", path, body);
  }

  async close() {
    await this.bot?.stop();
    await this.sandbox.stop();
  }
}

/** The bot file of an example or of a spec. */
export const bot_file = (name) => `${ROOT}${name}`;
