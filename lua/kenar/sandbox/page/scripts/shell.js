// An exchange as a curl command. Secrets are the variables that a bot has them in.

const variables = { "x-api-key": "$KENAR_API_KEY", "x-access-token": "$KENAR_ACCESS_TOKEN" };
const left_out = new Set(["host", "content-length", "connection", "accept-encoding", "user-agent"]);

// Control characters would act on the terminal that the command is put into: they are written as escapes.
function quote(text) {
  if (!/[\u0000-\u001f\u007f]/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")
    .replace(/[\u0000-\u001f\u007f]/g, (letter) => `\\x${letter.codePointAt(0).toString(16).padStart(2, "0")}`);
  return `$'${escaped}'`;
}

function secret_of(name, direction) {
  if (name === "authorization")
    return direction === "to_bot" ? "$KENAR_IDENTIFICATION_KEY" : "Bearer $KENAR_ACCESS_TOKEN";
  return variables[name] ?? "***";
}

/** The command, for a shell of the bot's environment. */
export function as_curl(exchange) {
  const parts = [`curl -i -X ${quote(exchange.method)} ${quote(exchange.url)}`];
  for (const [name, value] of Object.entries(exchange.headers).sort()) {
    if (left_out.has(name)) continue;
    parts.push(
      value === "***" ? `-H "${name}: ${secret_of(name, exchange.direction)}"` : `-H ${quote(`${name}: ${value}`)}`,
    );
  }
  if (exchange.body !== "") parts.push(`--data-raw ${quote(exchange.body)}`);
  return parts.join(" \\\n  ");
}
