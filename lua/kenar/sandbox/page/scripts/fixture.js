// An exchange as a busted spec.

// A long string of Lua's, with as many equals signs as the text needs.
function long_string(text) {
  let level = 0;
  while (text.includes(`]${"=".repeat(level)}]`) || text.endsWith(`]${"=".repeat(level)}`)) level += 1;
  const equals = "=".repeat(level);
  if (text.includes("\r")) return short_string(text); // a long string would change line ends
  return `[${equals}[${text.startsWith("\n") ? "\n" : ""}${text}]${equals}]`;
}

function short_string(text) {
  return `"${text.replace(/["\\]/g, "\\$&").replace(/[\u0000-\u001f\u007f]/g, (letter) => `\\${String(letter.codePointAt(0)).padStart(3, "0")}`)}"`;
}

function delivery(exchange) {
  const status = exchange.response?.status ?? 200;
  const version = Object.keys(exchange.headers).find((name) => /^api[-_]version$/.test(name));
  return `   it(${short_string(`answers ${exchange.event} with ${status}`)}, function()
      local bot = dofile "bot.lua"
      local divar = require("kenar.testing").divar(bot)
      local response = bot:handle {
         method = ${short_string(exchange.method)}, path = ${short_string(exchange.path)},
         headers = {
            ["content-type"] = "application/json", authorization = divar.judge.app.identification_key,${
              version ? `\n            [${short_string(version)}] = ${short_string(exchange.headers[version])},` : ""
            }
         },
         body = ${long_string(exchange.body)},
      }
      divar:advance(0)
      assert.equal(${status}, response.status)${
        exchange.response?.body
          ? `
      assert.same(json.decode ${long_string(exchange.response.body)}, json.decode(response.body))`
          : ""
      }
   end)`;
}

function call(exchange) {
  return `   it(${short_string(`sends ${exchange.endpoint ?? exchange.path}`)}, function()
      local bot = dofile "bot.lua"
      local divar = require("kenar.testing").divar(bot)
      local chat = divar:chatbot {}
      chat:start "MY_POST" -- or whatever makes the bot send it
      local request = divar.requests[#divar.requests]
      assert.equal(${short_string(exchange.endpoint ?? "")}, request.endpoint)
      assert.same(json.decode ${long_string(exchange.body)}, json.decode(request.bytes))
   end)`;
}

/** The spec, for a file beside bot.lua. */
export function as_spec(exchange) {
  return `local json = require "kenar.json"

describe("the bot", function()
${exchange.direction === "to_bot" ? delivery(exchange) : call(exchange)}
end)
`;
}
