-- wrk's script: GET of the given address, or one POST a line of a file, each sent once.
-- GETS: token and path, over and over. SIGNED: proof, path and body, between tabs.
-- TRANSFERS: access token, payee and Idempotency-Key.
-- BOOKINGS: access token, companion id and Idempotency-Key. POSTS: token and path, all with the body POST_BODY.

local path, slot = os.getenv("BOOKINGS"), os.getenv("SLOT")
local posts, post_body = os.getenv("POSTS"), os.getenv("POST_BODY")
local gets, signed = os.getenv("GETS"), os.getenv("SIGNED")
local transfers = os.getenv("TRANSFERS")
local threads = tonumber(os.getenv("THREADS"))
local made = 0

function setup(thread)
  thread:set("number", made)
  made = made + 1
end

if path then
  local requests, sent = {}, 0

  function init()
    local line_number = 0
    for line in io.lines(path) do
      if line_number % threads == number then
        local token, companion, key = line:match("(%S+) (%S+) (%S+)")
        local headers = {
          ["Authorization"] = "Bearer " .. token,
          ["Content-Type"] = "application/json",
          ["Idempotency-Key"] = key,
        }
        local visitor = '{"companion_id":"' .. companion .. '","ticket_type":"adult"}'
        local body = '{"slot_id":"' .. slot .. '","visitors":[' .. visitor .. "]}"
        requests[#requests + 1] = wrk.format("POST", "/mini/v1/orders", headers, body)
      end
      line_number = line_number + 1
    end
  end

  function request()
    sent = sent + 1
    return requests[sent] or wrk.format("GET", "/no-visitors-left")
  end
end

if posts then
  local requests, sent = {}, 0

  function init()
    local line_number = 0
    for line in io.lines(posts) do
      if line_number % threads == number then
        local token, target = line:match("(%S+) (%S+)")
        local headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
        requests[#requests + 1] = wrk.format("POST", target, headers, post_body)
      end
      line_number = line_number + 1
    end
  end

  function request()
    sent = sent + 1
    return requests[sent] or wrk.format("GET", "/no-lines-left")
  end
end

if signed then
  local requests, sent = {}, 0

  function init()
    local line_number = 0
    for line in io.lines(signed) do
      if line_number % threads == number then
        local proof, target, body = line:match("([^\t]+)\t([^\t]+)\t(.+)")
        local headers = { ["Authorization"] = proof, ["Content-Type"] = "application/json" }
        requests[#requests + 1] = wrk.format("POST", target, headers, body)
      end
      line_number = line_number + 1
    end
  end

  function request()
    sent = sent + 1
    return requests[sent] or wrk.format("GET", "/no-lines-left")
  end
end

if transfers then
  local requests, sent = {}, 0

  function init()
    local line_number = 0
    for line in io.lines(transfers) do
      if line_number % threads == number then
        local token, payee, key = line:match("(%S+) (%S+) (%S+)")
        local headers = {
          ["Authorization"] = "Bearer " .. token,
          ["Content-Type"] = "application/json",
          ["Idempotency-Key"] = key,
        }
        local body = '{"payee":"' .. payee .. '","amount_fen":1}'
        requests[#requests + 1] = wrk.format("POST", "/mini/v1/wallet/payments", headers, body)
      end
      line_number = line_number + 1
    end
  end

  function request()
    sent = sent + 1
    return requests[sent] or wrk.format("GET", "/no-lines-left")
  end
end

if gets then
  local requests, sent = {}, 0

  function init()
    for line in io.lines(gets) do
      local token, target = line:match("(%S+) (%S+)")
      requests[#requests + 1] = wrk.format("GET", target, { ["Authorization"] = "Bearer " .. token })
    end
    sent = number * math.floor(#requests / threads)
  end

  function request()
    sent = sent % #requests + 1
    return requests[sent]
  end
end

function done(summary, latency)
  local bad = summary.errors
  io.write(string.format(
    '\nresult {"requests":%d,"seconds":%f,"refused":%d,"broken":%d,"p50_ms":%f,"p95_ms":%f,"p99_ms":%f,"max_ms":%f}\n',
    summary.requests, summary.duration / 1e6, bad.status, bad.connect + bad.read + bad.write + bad.timeout,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
