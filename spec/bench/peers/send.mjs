// Sends the same message COUNT times with Node's fetch (undici), IN_FLIGHT at a time.
// Usage: node send.mjs URL BODY_FILE COUNT IN_FLIGHT. Prints the CPU microseconds of one message.
import { readFileSync } from "node:fs";

const [url, bodyFile, count, inFlight] = process.argv.slice(2);
const message = JSON.parse(readFileSync(bodyFile, "utf8"));
const headers = {
  "Content-Type": "application/json",
  "x-api-key": "bench-api-key",
  Authorization: "Bearer bench-access-token",
};

async function send() {
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(message) });
  if (answer.status !== 200) throw new Error(`status ${answer.status}`);
  return answer.json();
}

async function sendMessages(total) {
  let left = total;
  const worker = async () => {
    while (left-- > 0) await send();
  };
  await Promise.all(Array.from({ length: Number(inFlight) }, worker));
}

await sendMessages(Math.ceil(Number(count) / 10));
const before = process.cpuUsage();
await sendMessages(Number(count));
const { user, system } = process.cpuUsage(before);
console.log(((user + system) / Number(count)).toFixed(3));
process.exit(0);
