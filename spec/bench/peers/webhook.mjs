// A webhook on node:http: compares the key, decodes the event, finds the handler of its type, answers.
// With BASE_URL the handler sends a message before it answers.
// Usage: node webhook.mjs PORT KEY [BASE_URL BODY_FILE]. Runs until it is killed.
import { timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { post } from "./post.mjs";

const [port, key, baseUrl, bodyFile] = process.argv.slice(2);
const expected = Buffer.from(key);
const reply = bodyFile && readFileSync(bodyFile, "utf8");

function send(event) {
  const id = encodeURIComponent(event.new_chatbot_message.conversation.id);
  return post(`${baseUrl}/v1/open-platform/chat/bot/conversations/${id}/messages`, reply);
}

const handlers = { NEW_CHATBOT_MESSAGE: baseUrl ? send : async () => {} };

async function answer(request, body) {
  const given = Buffer.from(request.headers.authorization ?? "");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 401;
  let event;
  try {
    event = JSON.parse(body);
  } catch {
    return 400;
  }
  await handlers[event.type]?.(event);
  return 200;
}

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    const status = await answer(request, Buffer.concat(chunks).toString("utf8")).catch(() => 502);
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end("{}");
  });
}).listen(Number(port), "127.0.0.1");
