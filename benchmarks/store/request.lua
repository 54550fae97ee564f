-- For wrk: makes one call with each of several tokens in turn, and ends with its figures as one line of JSON
-- (microseconds). Arguments after "--": method, path, body or "", beginning of the tokens, number of tokens.

local requests, at = {}, 0

function init(args)
  local method, path, body, token, tokens = args[1], args[2], args[3], args[4], tonumber(args[5])
  local headers = body ~= '' and {['Content-Type'] = 'application/json'} or {}
  for number = 0, tokens - 1 do
    headers['Authorization'] = 'Bearer ' .. token .. '-' .. number
    requests[number + 1] = wrk.format(method, path, headers, body ~= '' and body or nil)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local failed = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "median": %d, "slow": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
