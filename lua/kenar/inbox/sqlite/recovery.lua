--- Reads the events that an earlier process has left in the file of an inbox.

---@param parts { file: kenar.SqliteInboxFile, admission: kenar.SqliteInboxAdmission, backlog: kenar.SqliteInboxBacklog,
---   leases: kenar.SqliteInboxLeases }
---@param now number wall seconds
---@return integer highest the highest number in the file, dead letters included; raises a kenar.Error
return function(parts, now)
   local backlog = parts.backlog
   for number, id, order_key, due in parts.file:rows "living" do
      backlog.living = backlog.living + 1
      if id then
         parts.admission:know(id)
      end
      if due and due > now and not backlog.lanes:has(order_key) then
         backlog.lanes:hold(order_key)
         parts.leases:inherit({ number = number, order_key = order_key, has_no_body = true }, due)
      else
         backlog.lanes:add(number, order_key)
      end
   end
   local highest, err = parts.file:value "highest"
   if not highest then
      error(err, 0)
   end
   parts.admission:begin_after(highest)
   return highest
end
