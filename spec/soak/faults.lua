--- What goes wrong with calls, one of these at a time. A 429 holds up the whole app for some seconds, as it should, and
--- has a small share: a handful in 100,000 calls.

local kinds = {}
for _ = 1, 100 do
   for _, kind in ipairs {
      "drop", { kind = "drop", processed = true }, "reset_before", "reset_after", "half", "delay", 412, 500, 502, 503,
      { status = 503, retry_after = 0 },
   } do
      kinds[#kinds + 1] = kind
   end
end
kinds[#kinds + 1] = { status = 429, retry_after = 1 }
kinds[#kinds + 1] = 429

return kinds
