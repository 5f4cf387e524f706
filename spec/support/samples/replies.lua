--- How each `reply.*` sample comes about: what Divar posts, and what the handler of it returns.
return {
   ["reply.session_init_v2"] = {
      posted = "in.session_init_v2.open_server_link", kind = "session_init",
      handler = function(ctx) return "https://your-domain.com/landings/" .. ctx.conversation_id end,
   },
   ["reply.session_init_legacy.status_string"] = {
      posted = "in.legacy_button_click.supplier_lower", kind = "session_init",
      handler = function() return "https://yourdomain.com/some/where/to/start" end,
   },
   ["reply.session_init_legacy.error"] = {
      posted = "in.legacy_button_click.supplier_lower", kind = "session_init",
      handler = function() return { status = 400, message = "bad request" } end,
   },
   ["reply.dynamic_action.direct_link"] = {
      posted = "in.dynamic_action.chat", kind = "dynamic_action",
      handler = function() return { text = "متن اختیاری", direct_link = "https://your-domain.com/direct-link" } end,
   },
   ["reply.dynamic_action.server_link"] = {
      posted = "in.dynamic_action.chat", kind = "dynamic_action",
      handler = function(ctx) return { text = "متن اختیاری", action = { open_server_link = { data = ctx.data } } } end,
   },
   ["reply.dynamic_action.text_only"] = {
      posted = "in.dynamic_action.chat", kind = "dynamic_action", handler = function() return "ثبت شد" end,
   },
   ["reply.dynamic_action.open_post_page"] = {
      posted = "in.dynamic_action.chat", kind = "dynamic_action",
      handler = function() return { post_page = "gZd7omnS" } end,
   },
   ["reply.event_ack"] = {
      posted = "in.new_chatbot_message.text", kind = "chatbot", handler = function() return "not for Divar" end,
   },
}
