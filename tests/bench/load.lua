-- HTTP load for wrk, told by the environment: BENCH_MODE get, list, deadlines or create; BENCH_TOKEN;
-- BENCH_INCIDENTS, how many there are; BENCH_BODY, a file; BENCH_DELAY, milliseconds before each
-- request. Prints one line of JSON at the end.
local mode = os.getenv("BENCH_MODE")
local incidents = tonumber(os.getenv("BENCH_INCIDENTS"))
local pause = tonumber(os.getenv("BENCH_DELAY") or "0")
local authorization = "Bearer " .. os.getenv("BENCH_TOKEN")
local count = 0
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init()
  math.randomseed(number * 7919)
  headers = {["Authorization"] = authorization}
  if mode == "create" then
    headers["Content-Type"] = "application/json"
    local file = assert(io.open(os.getenv("BENCH_BODY")))
    body = file:read("*a")
    file:close()
    key = string.format("%s-%d-", os.getenv("BENCH_KEY"), number)
  end
end

if pause > 0 then
  -- Spread around the pause, so that the connections do not march in step.
  function delay()
    return math.random(0, 2 * pause)
  end
end

function request()
  if mode == "get" then
    return wrk.format("GET", string.format("/v1/incidents/00000000-0000-7000-8000-%012d",
      math.random(1, incidents)), headers)
  elseif mode == "list" then
    return wrk.format("GET", "/v1/incidents?limit=50", headers)
  elseif mode == "deadlines" then
    return wrk.format("GET", "/v1/deadlines?limit=50", headers)
  end
  count = count + 1
  headers["Idempotency-Key"] = key .. count
  return wrk.format("POST", "/v1/incidents", headers, body)
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"rate": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}',
    summary.requests * 1e6 / summary.duration, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
