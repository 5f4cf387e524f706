local timestamp = require "kenar.base.timestamp"

describe("kenar.base.timestamp", function()
   it("reads every form of sent_at that Divar has used as microseconds", function()
      assert.equal(1729429926140000, timestamp.microseconds(1729429926140000))
      assert.equal(1730120961634000, timestamp.microseconds "1730120961634000")
      assert.equal(1752662502648410, timestamp.microseconds "2025-07-16T10:41:42.648410Z")
   end)

   it("tells seconds, milliseconds and microseconds apart by their size", function()
      assert.equal(1730120961000000, timestamp.microseconds "1730120961")
      assert.equal(1730120961634000, timestamp.microseconds(1730120961634))
   end)

   it("takes RFC 3339 with 0 to 9 fraction digits and with an offset", function()
      assert.equal(1729429926000000, timestamp.microseconds "2024-10-20T13:12:06Z")
      assert.equal(1729429926100000, timestamp.microseconds "2024-10-20T13:12:06.1Z")
      assert.equal(1729429926123456, timestamp.microseconds "2024-10-20T13:12:06.123456789Z")
      assert.equal(1729429926000000, timestamp.microseconds "2024-10-20T16:42:06+03:30")
      assert.equal(951782400000000, timestamp.microseconds "2000-02-29T00:00:00Z")
   end)

   it("yields nil, and no error, for what is no time", function()
      for _, value in ipairs { "", "yesterday", "2024-10-20", "2024-10-20T13:12:06", {}, true, 0 / 0, 1 / 0 } do
         assert.is_nil(timestamp.microseconds(value))
      end
      assert.is_nil(timestamp.microseconds(nil))
   end)

   it("reads the date of an HTTP header", function()
      assert.equal(784111777, timestamp.http_date "Sun, 06 Nov 1994 08:49:37 GMT")
      assert.is_nil(timestamp.http_date "Sunday, 06-Nov-94 08:49:37 GMT")
      assert.is_nil(timestamp.http_date "Sun, 06 Foo 1994 08:49:37 GMT")
      assert.is_nil(timestamp.http_date(nil))
   end)

   it("reads Retry-After in both forms", function()
      assert.equal(120, timestamp.retry_after("120", 0))
      assert.equal(7, timestamp.retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111770))
      assert.equal(0, timestamp.retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111800))
      assert.is_nil(timestamp.retry_after("soon", 0))
      assert.is_nil(timestamp.retry_after(nil, 0))
   end)
end)
