--- What is measured, against what, and what is to be reached: data for the runner.
--
-- A bench of kind "servers" loads every contestant with wrk; one of kind "clients" lets every contestant send to
-- the same nginx. Both are held against the first contestant. One of kind "reports" takes the figures that its
-- commands print. In a command stand {port}, {divar} (the nginx that plays Divar), {build} (compiled baselines),
-- {key}, {path}, {message} and {reply} (files), {count}, {slice}, {rounds}, {first} and {total}.

-- The contestant "kenar", once for each VM; {lua} in its command is the VM.
local function on_both_vms(command)
   local list = {}
   for i, vm in ipairs { { "Lua 5.4", "lua5.4" }, { "LuaJIT", "luajit" } } do
      list[i] = {
         name = "kenar, " .. vm[1],
         command = command:gsub("{lua}", vm[2]),
         present = "command -v " .. vm[2],
      }
   end
   return list
end

local function contestants(baseline, command, peers)
   local list = { baseline }
   for _, contestant in ipairs(on_both_vms(command)) do
      list[#list + 1] = contestant
   end
   for _, peer in ipairs(peers) do
      peer.peer = true
      list[#list + 1] = peer
   end
   return list
end

local has_go, has_node = "test -x {build}/go_send", "command -v node"
local has_lua_http = [[luajit -e 'require "http.client"']]
local has_nginx_lua = "nginx -V 2>&1 | grep -o -- '--modules-path=[^ ]*' | cut -d= -f2 | "
   .. "xargs -I FOLDER test -e FOLDER/ngx_http_lua_module.so"

local function sending_peers(in_flight)
   local arguments = " {divar}{path} {message} {count} " .. in_flight
   return {
      { name = "Go net/http", command = "{build}/go_send" .. arguments, present = has_go },
      { name = "Node http", command = "node spec/bench/peers/send.mjs" .. arguments, present = has_node },
      {
         name = "lua-http, LuaJIT",
         command = "luajit spec/bench/peers/send_lua_http.lua" .. arguments,
         present = has_lua_http,
      },
   }
end

-- At least half as many events as without: at most twice the CPU time of each.
local function with_inbox(name, vm, interpreter)
   local command = interpreter .. " spec/bench/kenar/webhook.lua {port} {key}"
   return {
      name = name,
      title = "an event stored, answered, taken and done, against one that is not stored; under wrk",
      unit = "CPU us a request",
      kind = "servers",
      needs = { "nginx", "wrk" },
      target = 2.0,
      contestants = {
         { name = "without inbox, " .. vm, command = command },
         { name = "with inbox, " .. vm, command = command .. " inbox" },
      },
   }
end

return {
   {
      name = "codec",
      title = "the fullest message, 18 buttons, and an event, against lua-cjson",
      unit = "CPU us",
      kind = "reports",
      targets = { ["encode, plain"] = 0.50, ["encode, divar"] = 0.50, ["decode, event"] = 0.55 },
      contestants = on_both_vms "{lua} spec/bench/kenar/codec.lua {slice} {rounds}",
   },
   {
      name = "webhook",
      title = "check the key, decode, route, answer; under wrk",
      unit = "CPU us a request",
      kind = "servers",
      needs = { "nginx", "wrk" },
      target = 1.40,
      contestants = contestants(
         { name = "nginx return 200", command = "spec/bench/nginx/start return.conf {port}", keyless = true },
         "{lua} spec/bench/kenar/webhook.lua {port} {key}",
         {
            {
               name = "nginx, Lua, lua-cjson",
               command = "spec/bench/nginx/start webhook.conf {port}",
               present = has_nginx_lua,
            },
            { name = "Go net/http", command = "{build}/go_webhook {port} {key}", present = has_go },
            { name = "Node http", command = "node spec/bench/peers/webhook.mjs {port} {key}", present = has_node },
         }
      ),
   },
   {
      name = "resty",
      title = "the same inside nginx, against nginx doing it by hand",
      unit = "CPU us a request",
      kind = "servers",
      needs = { "nginx", "wrk" },
      target = 1.00,
      contestants = {
         {
            name = "by hand, lua-cjson",
            command = "spec/bench/nginx/start webhook.conf {port}",
            present = has_nginx_lua,
         },
         {
            name = "kenar in nginx",
            command = "spec/bench/nginx/start webhook_kenar.conf {port}",
            present = has_nginx_lua,
         },
      },
   },
   {
      name = "resty_send",
      title = "ten messages a request inside nginx, against a cosocket by hand",
      unit = "CPU us a request",
      kind = "servers",
      needs = { "nginx", "wrk" },
      sends = true,
      target = 1.20,
      contestants = {
         {
            name = "by hand, cosocket",
            command = "env BENCH_DIVAR={divar} spec/bench/nginx/start send_by_hand.conf {port}",
            present = has_nginx_lua, keyless = true,
         },
         {
            name = "kenar in nginx",
            command = "env BENCH_DIVAR={divar} spec/bench/nginx/start send_kenar.conf {port}",
            present = has_nginx_lua, keyless = true,
         },
      },
   },
   {
      name = "send",
      title = "a message of four buttons, from its table to the result, one after the other",
      unit = "CPU us a message",
      kind = "clients",
      needs = { "nginx" },
      target = 1.30,
      contestants = contestants(
         { name = "C, curl_easy", command = "{build}/send_loop {divar}{path} {message} {count}" },
         "{lua} spec/bench/kenar/send.lua {divar} {count} 1",
         sending_peers(1)
      ),
   },
   {
      name = "send_many",
      title = "the same, 64 in flight",
      unit = "CPU us a message",
      kind = "clients",
      needs = { "nginx" },
      target = 1.60,
      contestants = contestants(
         { name = "C, curl_multi", command = "{build}/send_multi {divar}{path} {message} {count} 64" },
         "{lua} spec/bench/kenar/send.lua {divar} {count} 64",
         sending_peers(64)
      ),
   },
   {
      name = "relay",
      title = "a webhook that sends a message before it answers; under wrk",
      unit = "CPU us a request",
      kind = "servers",
      needs = { "nginx", "wrk" },
      sends = true,
      target = 1.50,
      contestants = contestants(
         { name = "C, microhttpd, curl", command = "{build}/relay {port} {divar} {reply} {key}" },
         "env KENAR_BASE_URL={divar} {lua} spec/bench/kenar/webhook.lua {port} {key}",
         {
            { name = "Go net/http", command = "{build}/go_webhook {port} {key} {divar} {reply}", present = has_go },
            {
               name = "Node http",
               command = "node spec/bench/peers/webhook.mjs {port} {key} {divar} {reply}",
               present = has_node,
            },
         }
      ),
   },
   with_inbox("inbox", "Lua 5.4", "lua5.4"),
   with_inbox("inbox_luajit", "LuaJIT", "luajit"),
   {
      name = "redis",
      title = "an event through nginx with its store or its inbox in Redis, to its handler's end; under wrk",
      unit = "",
      kind = "reports",
      needs = { "nginx", "wrk", "redis-server" },
      contestants = { { name = "kenar in nginx", command = "lua5.4 spec/bench/kenar/redis.lua {seconds} {key}" } },
   },
   {
      name = "waiting",
      title = "1,000 calls wait at once, 64 of them on the wire: peak of the resident memory",
      unit = "MiB",
      kind = "reports",
      needs = { "nginx" },
      limit = 64,
      contestants = on_both_vms "{lua} spec/bench/kenar/memory.lua waiting {divar}/slow 1000",
   },
   {
      name = "steady",
      title = "resident memory after {total} messages, against that after {first}",
      unit = "MiB",
      kind = "reports",
      needs = { "nginx" },
      target = 1.05,
      contestants = on_both_vms "{lua} spec/bench/kenar/memory.lua steady {divar} {first} {total}",
   },
}
