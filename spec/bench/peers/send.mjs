// Sends the same message COUNT times with node:http, IN_FLIGHT at a time.
// Usage: node send.mjs URL BODY_FILE COUNT IN_FLIGHT. Prints the CPU microseconds of one message.
import { readFileSync } from "node:fs";
import { post } from "./post.mjs";

const [url, bodyFile, count, inFlight] = process.argv.slice(2);
const message = JSON.parse(readFileSync(bodyFile, "utf8"));

async function sendMessages(total) {
  let left = total;
  const worker = async () => {
    while (left-- > 0) await post(url, JSON.stringify(message));
  };
  await Promise.all(Array.from({ length: Number(inFlight) }, worker));
}

await sendMessages(Math.ceil(Number(count) / 10));
const before = process.cpuUsage();
await sendMessages(Number(count));
const { user, system } = process.cpuUsage(before);
console.log(((user + system) / Number(count)).toFixed(3));
process.exit(0);
