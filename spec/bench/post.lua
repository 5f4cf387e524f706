--- The script of wrk: one event from Divar, again and again. At the end a line for the runner.
-- luacheck: globals wrk done

wrk.method = "POST"
wrk.path = "/kenar/events"
wrk.body = io.open(os.getenv "BENCH_EVENT", "rb"):read "*a"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = os.getenv "BENCH_KEY"

function done(summary)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   io.write(("requests=%d failed=%d\n"):format(summary.requests, failed))
end
