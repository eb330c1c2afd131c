-- What wrk sends and what it tells: the file that follows "--" on its command line holds one request a line, a path
-- and then headers, each after a tab. They are sent in this order, again and again.

local prepared, turn = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local path, rest = line:match("^([^\t]*)(.*)$")
    local headers = {}
    for name, value in rest:gmatch("\t([^:\t]+): ([^\t]*)") do
      headers[name] = value
    end
    prepared[#prepared + 1] = wrk.format("GET", path, headers)
  end
end

function request()
  turn = turn % #prepared + 1
  return prepared[turn]
end

-- No response(): it would take more of the processor than sending does. wrk counts replies above 399 by itself.

function done(summary, latency)
  local errors = summary.errors
  local told = '\n{"requests": %d, "refused": %d, "broken": %d, "seconds": %.6f, "p10": %.4f, "p50": %.4f, "p90": %.4f'
    .. ', "p99": %.4f, "worst": %.4f}\n'
  io.write(told:format(
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(10) / 1e3, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3
  ))
end
