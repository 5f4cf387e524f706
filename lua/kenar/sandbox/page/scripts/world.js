// What the page knows of the sandbox, kept as it is there: loaded whole, then changed by what the feed tells.
//
// Everything is merged by its id or number, so that being told twice changes nothing.

import { api } from "./api.js";

const MAX_EXCHANGES = 1000;

export const world = {
  boot: null,
  app: {},
  users: {},
  posts: {},
  conversations: new Map(),
  exchanges: new Map(),
  faults: [],
  is_live: false,
};

const listeners = new Map();

/** Call `listener(detail)` on a change: "all", "message", "conversation", "exchange", "faults", "app", "live". */
export function on(change, listener) {
  if (!listeners.has(change)) listeners.set(change, []);
  listeners.get(change).push(listener);
}

export function tell(change, detail) {
  for (const listener of listeners.get(change) ?? []) listener(detail);
}

function put_conversation(given) {
  const known = world.conversations.get(given.id);
  const conversation = Object.assign(known ?? { messages: [] }, given, {
    messages: given.messages ?? known?.messages ?? [],
  });
  world.conversations.set(given.id, conversation);
  return conversation;
}

const merges = {
  message({ conversation_id, message }) {
    const conversation = world.conversations.get(conversation_id);
    if (!conversation || conversation.messages.some((each) => each.id === message.id)) return;
    conversation.messages.push(message);
    tell("message", { conversation, message });
  },
  conversation({ conversation, users, posts }) {
    Object.assign(world.users, users);
    Object.assign(world.posts, posts);
    tell("conversation", put_conversation(conversation));
  },
  exchange(exchange) {
    if (world.exchanges.has(exchange.number)) return;
    world.exchanges.set(exchange.number, exchange);
    if (world.exchanges.size > MAX_EXCHANGES) world.exchanges.delete(world.exchanges.keys().next().value);
    tell("exchange", exchange);
  },
  faults({ faults }) {
    world.faults = faults;
    tell("faults");
  },
  app({ app }) {
    world.app = app;
    tell("app");
  },
};

/** What the feed tells: the name of a change, and what came with it. */
export function merge(change, detail) {
  merges[change]?.(detail);
}

/** Load everything. */
export async function load() {
  const [state, log] = await Promise.all([api.state(), api.exchanges()]);
  if (world.boot !== state.boot) world.exchanges.clear();
  Object.assign(world, {
    boot: state.boot,
    app: state.app,
    users: state.users,
    posts: state.posts,
    faults: state.faults,
  });
  world.conversations = new Map();
  state.conversations.forEach(put_conversation);
  for (const exchange of log.exchanges) world.exchanges.set(exchange.number, exchange);
  tell("all");
}

export const name_of = (user_id) => world.users[user_id]?.name ?? "?";
export const title_of = (conversation) => world.posts[conversation.post_token]?.title ?? conversation.post_token;
