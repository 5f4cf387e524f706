// Calls of the sandbox's API. Addresses are relative, so that they go to where the page came from and nowhere else.

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

export const api = {
  state: () => call("GET", "state"),
  exchanges: () => call("GET", "log?brief=1"),
  exchange: (number) => call("GET", `exchange?number=${number}`),
  act: (body) => call("POST", "acts", { ...body, brief: true }),
  chatbot: (user) => call("POST", "chatbots", { user }),
  conversation: (post_token, buyer) => call("POST", "conversations", { post_token, buyer }),
  post: (fields) => call("POST", "posts", fields),
  fault: (fault) => call("POST", "faults", fault),
  clear_fault: (id) => call("DELETE", id === undefined ? "faults" : `faults?id=${id}`),
  replay: (number) => call("POST", "replay", { number }),
  check: () => call("POST", "acts", { act: "check", brief: true }),
  hear: (post_token, is_heard) => call("POST", "hearing", { post_token, is_heard }),
  block: (conversation_id, is_blocked) => call("POST", "blocking", { conversation_id, is_blocked }),
  set_urls: (urls) => call("POST", "urls", urls),
  saved: () => call("GET", "saved"),
  load: (saved) => call("POST", "saved", saved),
};
