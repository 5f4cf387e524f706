--- Divar's consent page in plain HTML: the app, the scopes that it asks for, and two buttons.

local consent_page = {}

local escapes = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape(text)
   return (text:gsub("[&<>\"']", escapes))
end

local PAGE = [[
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%s</title>
<style>body { font: 1rem/1.6 sans-serif; max-width: 32rem; margin: 2rem auto; padding: 0 1rem }</style>
%s
</html>
]]

local FORM = [[
<h1>%s asks</h1>
<ul>
%s
</ul>
<form method="post" action="/oauth2/auth">
<input type="hidden" name="query" value="%s">
<p><label>As the user <input name="user" value="seller" list="users" required maxlength="29"></label>
<datalist id="users">%s</datalist>
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button>
</form>]]

local function items(texts, form)
   local lines = {}
   for index, text in ipairs(texts) do
      lines[index] = form:format(escape(text))
   end
   return table.concat(lines, "\n")
end

--- The consent page.
---@param judge kenar.sandbox.Judge
---@param request kenar.sandbox.ConsentRequest
---@param query string the form sends it back with the decision
---@return string html
function consent_page.ask(judge, request, query)
   local names = {}
   for _, user in pairs(judge.state.users) do
      names[#names + 1] = user.name
   end
   table.sort(names)
   return PAGE:format("Consent", FORM:format(
      escape(judge.app.slug), items(request.asked, "<li><code>%s</code>"), escape(query),
      items(names, "<option value=\"%s\">")))
end

--- The page for an error that cannot be sent to the app's redirect URL.
---@param name string
---@param description string
---@return string html
function consent_page.refusal(name, description)
   return PAGE:format("Refused", ("<h1>%s</h1>\n<p>%s"):format(escape(name), escape(description)))
end

--- The page at Divar's completion URL.
---@return string html
function consent_page.completion()
   return PAGE:format("Done", "<h1>Done</h1>\n<p>The user is back in Divar.")
end

return consent_page
