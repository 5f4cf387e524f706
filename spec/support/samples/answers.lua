--- What each `resp.*` sample becomes: the call that it answers, and the result or the error.
local edge = require "spec.support.edge"
local fixture = require "spec.support.fixture"

local NOW = edge.host({}).now()

local function send(client) return client:send_message("c", "x") end
local function send_to_bot_chat(client) return client:send_bot_message("c", "x") end
local function exchange(oauth) return oauth:exchange "code-1" end
local function get_user(client) return client:get_user() end

local image = { bytes = "\137PNG\r\n\26\nrest", name = "photo.png" }

local function message(sample, at, more)
   local event = {
      kind = "message", variant = "current", chat = "post", detail = "text", message_type = "TEXT",
      conversation_id = "edbb9499-cccc-4d35-b21f-621fa95f2b3e", order_key = "edbb9499-cccc-4d35-b21f-621fa95f2b3e",
      post_token = "gZd7omnS", payload = fixture.value(sample).messages[at],
   }
   for name, value in pairs(more) do
      event[name] = value
   end
   return event
end

return {
   ["resp.send_message.ok"] = { call = send, result = { status = 200, message = "success" } },
   ["resp.send_message.412"] = { call = send, status = 412, error = {
      kind = "api", status = 412, code = 9, code_name = "FAILED_PRECONDITION", sent = "no", retryable = false,
      message = "message delivery failed due to recipient's restriction", endpoint = "send_message",
   } },
   ["resp.error.grpc_status"] = { call = send, status = 403, error = {
      kind = "auth", status = 403, code = 7, code_name = "PERMISSION_DENIED", message = "permission denied",
      details = { { ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo" } }, sent = "no", retryable = false,
   } },
   ["resp.error.rate_limit"] = { call = send, status = 429, error = {
      kind = "rate_limited", status = 429, code = 8, code_name = "RESOURCE_EXHAUSTED",
      message = "rate limit exceeded", details = {}, sent = "no", retryable = true,
   } },

   ["resp.chatbot_send.ok"] = {
      call = send_to_bot_chat, result = { conversation_id = "1fad7e32-0000-4084-8ec9-000000000001" },
   },
   ["resp.chatbot_send.empty"] = { call = send_to_bot_chat, result = {} },

   ["resp.upload_token"] = {
      call = function(client) return client:create_upload_token() end, result = { token = "your_upload_token" },
   },
   -- The upload begins with a call for a token, whose answer stands before this one.
   ["resp.upload_file.ok"] = {
      call = function(client) return client:upload_media("image", image) end, before = { "resp.upload_token" },
      result = { media_token = "your_media_token", status = "ok" },
   },

   ["resp.get_conversation"] = {
      call = function(client) return client:get_conversation "edbb9499-cccc-4d35-b21f-621fa95f2b3e" end,
      result = {
         conversation = { id = "edbb9499-cccc-4d35-b21f-621fa95f2b3e", type = "POST", post_token = "gZd7omnS" },
         messages = {
            message("resp.get_conversation", 1, {
               id = "e7a08a2c-8ee4-11ef-af85-4e9e9bfa3c12", dedup_key = "e7a08a2c-8ee4-11ef-af85-4e9e9bfa3c12",
               side = "BUYER", sender = { type = "HUMAN" }, sender_type = "HUMAN", text = "سلام",
               sent_at = 1729429926140000,
            }),
            message("resp.get_conversation", 2, {
               id = "f8a08a2c-8ee4-11ef-af85-4e9e9bfa3c13", dedup_key = "f8a08a2c-8ee4-11ef-af85-4e9e9bfa3c13",
               side = "SELLER", sender = { type = "BOT" }, sender_type = "BOT", text = "سلام، بفرمایید",
               sent_at = 1729429986140000,
            }),
         },
      },
   },
   ["resp.legacy_conversation_messages"] = {
      call = function(client)
         return client.legacy:conversation_messages { user_id = "u", peer_id = "p", post_token = "t" }
      end,
      result = { messages = { {
         kind = "message", variant = "legacy", chat = "post", detail = "text", message_type = "TEXT", text = "سلام",
         id = "e7a08a2c-8ee4-11ef-af85-4e9e9bfa3c12", dedup_key = "e7a08a2c-8ee4-11ef-af85-4e9e9bfa3c12",
         side = "BUYER", sender = { id = "1697004f-e902-44c2-bbbe-bf8e20d54bff" },
         user_id = "1697004f-e902-44c2-bbbe-bf8e20d54bff", peer_id = "e9ba8a81-9583-4f7c-af54-b07df089d971",
         order_key = ":e9ba8a81-9583-4f7c-af54-b07df089d971:1697004f-e902-44c2-bbbe-bf8e20d54bff",
         sent_at = 1730120961634000, post = {},
         payload = fixture.value("resp.legacy_conversation_messages").messages[1],
      } } },
   },

   ["resp.event_subscription.ok"] = {
      call = function(client) return client:subscribe { event_type = "POST_UPDATE" } end, result = {},
   },
   ["resp.get_user.current"] = { call = get_user, result = {
      user_id = "awoDdf1ecd2wac", phone_number = "09990000000", phone_numbers = {},
   } },
   ["resp.get_user.legacy_phone_numbers"] = { call = get_user, result = {
      phone_number = "09990000000", phone_numbers = { "09990000000" },
   } },
   ["resp.get_user_id_by_phone"] = {
      call = function(client) return client:get_user_id_by_phone "09990000000" end,
      result = { user_id = "awoDdf1ecd2wac" },
   },
   ["resp.assets_oauth_scope"] = { call = function(client) return client:oauth_scopes() end, result = { {
      slug = "CONVERSATION_SEND_MESSAGE", display = "...", description = "...", lifecycle_state = "ACTIVE",
   } } },
   ["resp.assets_permission"] = { call = function(client) return client:permissions() end, result = { {
      slug = "CHAT_SEND_MESSAGE_OAUTH", display = "...", description = "...", lifecycle_state = "ACTIVE",
   } } },

   ["resp.oauth_token.no_refresh"] = { oauth = true, call = exchange, result = {
      access_token = "ory_at_mAODvjM21UayVFDtP_KxsCDVwwpb5pwHoNks3vCIeJ8.Gx2sCv2jT4VIbbZDHDIRRwhi45AwV-St1W-gDNdxUUw",
      expires_at = NOW + 3600, scopes = { "USER_PHONE" }, token_type = "bearer",
   } },
   ["resp.oauth_token.with_refresh"] = { oauth = true, call = exchange, result = {
      access_token = "ory_at_vV8nGHSkMumIEqojmUrq4Jdc8ZyifoNsdcUuMS2xr8s.P_1q_7d-xxHSAHuXUyB8YtLH4puqQA4hhO-TZGcpCtA",
      refresh_token = "ory_rt_R9MRLXX9vY_AHmzvxTNrw80MdkgQ9xIC9WVbYDBvuyE.LpFjcEWK34WnI5DMj6CTObMFhvQ8N663ji3qj910M14",
      expires_at = NOW + 3600, scopes = { "offline_access", "USER_PHONE" }, token_type = "bearer",
   } },
   ["resp.oauth_token.seven_days"] = { oauth = true, call = exchange, result = {
      access_token = "ory_at_EXAMPLE.EXAMPLE", expires_at = NOW + 604799, scopes = { "USER_PHONE" },
      token_type = "bearer",
   } },
   ["resp.legacy_oauth_access_token"] = { oauth = true, call = exchange, result = {
      access_token = "f2mjqwiYDigBwGYg2...", refresh_token = "uXvX61ZI0wA7CDqk...", expires_at = 1692457372,
      scopes = {},
   } },
   ["resp.oauth_error"] = { oauth = true, call = exchange, status = 400, error = {
      kind = "auth", status = 400, code_name = "INVALID_GRANT", sent = "no", retryable = false,
      message = "invalid_grant: The provided authorization grant is invalid or expired.",
   } },
}
