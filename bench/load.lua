-- wrk's script: GET of the given address, or one POST a line of a file, each sent once.
-- GETS: token and path, over and over. SIGNED: proof, path and body, between tabs.
-- TRANSFERS: access token, payee and Idempotency-Key.
-- BOOKINGS: access token, companion id, Idempotency-Key and slot. POSTS: token and path, all with the body POST_BODY.

local threads = tonumber(os.getenv("THREADS"))
local post_body = os.getenv("POST_BODY")
local made = 0

function setup(thread)
  thread:set("number", made)
  made = made + 1
end

local function headers(token, key)
  return {
    ["Authorization"] = token,
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = key,
  }
end

local kinds = {
  BOOKINGS = function(line)
    local token, companion, key, slot = line:match("(%S+) (%S+) (%S+) (%S+)")
    local visitor = '{"companion_id":"' .. companion .. '","ticket_type":"adult"}'
    local body = '{"slot_id":"' .. slot .. '","visitors":[' .. visitor .. "]}"
    return wrk.format("POST", "/mini/v1/orders", headers("Bearer " .. token, key), body)
  end,
  POSTS = function(line)
    local token, target = line:match("(%S+) (%S+)")
    return wrk.format("POST", target, headers("Bearer " .. token), post_body)
  end,
  SIGNED = function(line)
    local proof, target, body = line:match("([^\t]+)\t([^\t]+)\t(.+)")
    return wrk.format("POST", target, headers(proof), body)
  end,
  TRANSFERS = function(line)
    local token, payee, key = line:match("(%S+) (%S+) (%S+)")
    local body = '{"payee":"' .. payee .. '","amount_fen":1}'
    return wrk.format("POST", "/mini/v1/wallet/payments", headers("Bearer " .. token, key), body)
  end,
}

for kind, format in pairs(kinds) do
  local path = os.getenv(kind)
  if path then
    local requests, sent = {}, 0

    function init()
      local line_number = 0
      for line in io.lines(path) do
        if line_number % threads == number then
          requests[#requests + 1] = format(line)
        end
        line_number = line_number + 1
      end
    end

    function request()
      sent = sent + 1
      return requests[sent] or wrk.format("GET", "/no-lines-left")
    end
  end
end

local gets = os.getenv("GETS")
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
