#!lua name=protocol_sandbox_1

-- The functions of a store of worlds, format 1. Each acts on the keys of one world, which share a slot of a cluster. Those
-- whose names end in "_if_valid" also read the server-wide rules, so a cluster has no use for them.
--
-- A world is a hash "meta", a checkpoint, and a list "log" of its changes since then, and of those since the checkpoint
-- before it, for workers that have not got them yet. Beside these it has the last calls of its journal, a list, and their
-- counters, a hash. Fields of "meta":
--
--   f   the format of the world's keys
--   i   the incarnation: another one if the world was dropped and has begun anew
--   n t the number of the last change, and its nonce, a text that no other change has
--   c k the number of the last change in the checkpoint, and its nonce
--   o p the number of the last change before those in the log, and its nonce
--   g s the generation, and the one in which the journal began
--   z   the number of conversations
--   l   the label of the world
--   a   a text that the alias of a declared world repeats, so that an alias of an earlier world of the same name is not followed
--   e   when a declared world ends, in milliseconds
--   u b the number of the last call, and the size of all calls in the list
--
-- A change is the text nonce, newline, change.

local OTHER, ABSENT, SAME, RULES = 'other', 'absent', 'same', 'rules'
local MOST, MOST_OWN = 1000, 100
local DAMAGED = 'DAMAGED changes of a world are missing: were keys evicted, or deleted by hand?'

local function now_in_milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Keys that are made later than the others of a world expire with them.
local function expire_with(meta, key)
  local at = redis.call('PEXPIRETIME', meta)
  if at > 0 then
    redis.call('PEXPIREAT', key, at)
  end
end

local function nonce_of(entry)
  return string.sub(entry, 1, string.find(entry, '\n', 1, true) - 1)
end

-- Compare what a worker knows of a world with what it is: SAME, the changes in between, or OTHER if these are not known
-- any more, or if the worker knows a world that has ended or has lost changes. The error DAMAGED if the log is incomplete.
-- The changes are the first ones, not more than "most".
local function see(meta, log, incarnation, number, nonce, most)
  local m = redis.call('HMGET', meta, 'i', 'n', 't', 'o', 'p')
  if not m[1] then
    return ABSENT
  end
  if m[1] ~= incarnation then
    return OTHER
  end
  if m[2] == number and m[3] == nonce then
    return SAME
  end
  local known, last, first = tonumber(number), tonumber(m[2]), tonumber(m[4])
  if known > last or known < first then
    return OTHER
  end
  if redis.call('LLEN', log) ~= last - first then
    return redis.error_reply(DAMAGED)
  end
  local at = m[5]
  if known > first then
    at = nonce_of(redis.call('LINDEX', log, known - first - 1))
  end
  if at ~= nonce then
    return OTHER
  end
  return redis.call('LRANGE', log, known - first, known - first + most - 1)
end

-- Return true if the nonce of the server-wide rules is this one, '' if there are none.
local function has_rules(rules, nonce)
  return (redis.call('HGET', rules, 't') or '') == nonce
end

-- This function and sandbox1_load only read. They have no flag that says so: with it, a primary that has become a replica
-- would go on answering, with what it had then. The flag that they have lets them read while the memory is full.
-- KEYS meta, log; ARGV incarnation, number, nonce.
redis.register_function{function_name = 'sandbox1_see', flags = {'allow-oom'}, callback = function(keys, args)
  return see(keys[1], keys[2], args[1], args[2], args[3], MOST)
end}

-- Append a change. KEYS and ARGV as those of sandbox1_append.
local function append(keys, args)
  local meta, log = keys[1], keys[2]
  if redis.call('RPUSH', log, args[4] .. '\n' .. args[5]) == 1 then
    expire_with(meta, log)
  end
  redis.call('HSET', meta, 'n', string.format('%.0f', tonumber(args[2]) + 1), 't', args[4], 'z', args[6], 'g', args[7])
  if args[8] ~= '' then
    redis.call('HSET', meta, 's', args[7], 'b', 0)
    redis.call('UNLINK', keys[3], keys[4])
    redis.call('PUBLISH', args[8], redis.call('HGET', meta, 'l') .. '\n')
  end
  if args[9] ~= '' then
    redis.call('PUBLISH', args[9], args[10])
  end
  return 1
end

-- Append a change if the last one is still the one that the worker knows. Otherwise answer like sandbox1_see: a worker
-- that did not get the answer to an earlier attempt finds its own nonce in the first change.
-- KEYS meta, log, calls, counts;
-- ARGV incarnation, number, nonce of the last change; nonce, change, number of conversations, generation, the channel of
-- calls if the change empties the journal, or '', the channel of wakes if calls have to be woken, or '', id of the world.
redis.register_function('sandbox1_append', function(keys, args)
  local seen = see(keys[1], keys[2], args[1], args[2], args[3], MOST)
  return seen == SAME and append(keys, args) or seen
end)

-- The same for a call that has not asked for changes before: append only if the server-wide rules are those that the call
-- knows, too, and otherwise answer RULES. KEYS then have rules, ARGV then the nonce of the rules, '' if there are none.
redis.register_function('sandbox1_append_if_valid', function(keys, args)
  local seen = see(keys[1], keys[2], args[1], args[2], args[3], MOST)
  if seen ~= SAME then
    return seen
  end
  return has_rules(keys[5], args[11]) and append(keys, args) or RULES
end)

-- Write a checkpoint that has the changes up to a known one, and forget those that are older than the one before it.
-- KEYS meta, log, checkpoint; ARGV incarnation, number, nonce; checkpoint.
redis.register_function('sandbox1_checkpoint', function(keys, args)
  local meta, log = keys[1], keys[2]
  local m = redis.call('HMGET', meta, 'c', 'k', 'o')
  local before = tonumber(m[1] or -1)
  local known = tonumber(args[2])
  local seen = see(meta, log, args[1], args[2], args[3], 1)
  if seen == ABSENT or seen == OTHER or (type(seen) == 'table' and seen.err) or known <= before then
    return 0
  end
  redis.call('LTRIM', log, before - tonumber(m[3]), -1)
  redis.call('SET', keys[3], args[4])
  redis.call('HSET', meta, 'c', args[2], 'k', args[3], 'o', m[1], 'p', m[2])
  expire_with(meta, keys[3])
  return 1
end)

-- Begin a world, unless there is one.
-- KEYS meta, checkpoint; ARGV format, incarnation, nonce, checkpoint, number of conversations, label, time to live (0: no
-- end) and time until the end ('' if it has none) in milliseconds, and the text of the alias ('' if there is none).
redis.register_function('sandbox1_begin', function(keys, args)
  if redis.call('EXISTS', keys[1]) == 1 then
    return 0
  end
  redis.call('HSET', keys[1], 'f', args[1], 'i', args[2], 'n', 0, 't', args[3], 'c', 0, 'k', args[3], 'o', 0, 'p', args[3],
    'g', 1, 's', 1, 'z', args[5], 'l', args[6], 'u', 0, 'b', 0)
  redis.call('SET', keys[2], args[4])
  local life = tonumber(args[7])
  if args[9] ~= '' then
    redis.call('HSET', keys[1], 'a', args[9])
  end
  if args[8] ~= '' then
    redis.call('HSET', keys[1], 'e', string.format('%.0f', now_in_milliseconds() + args[8]))
    life = life == 0 and tonumber(args[8]) or math.min(life, tonumber(args[8]))
  end
  if life > 0 then
    redis.call('PEXPIRE', keys[1], life)
    redis.call('PEXPIRE', keys[2], life)
  end
  return 1
end)

-- Return a world: format, incarnation, number and nonce of its checkpoint, label, the milliseconds until its end ('' if it
-- has none), the text of its alias (''), checkpoint, and the first changes. Without one, return the alias of the token of
-- these keys, or ABSENT.
-- KEYS meta, log, checkpoint, alias.
redis.register_function{function_name = 'sandbox1_load', flags = {'allow-oom'}, callback = function(keys, _args)
  local m = redis.call('HMGET', keys[1], 'f', 'i', 'c', 'k', 'l', 'e', 'a', 'o')
  if not m[1] then
    local alias = redis.call('GET', keys[4])
    return alias and {alias} or ABSENT
  end
  m[6] = m[6] and string.format('%.0f', m[6] - now_in_milliseconds()) or ''
  m[7] = m[7] or ''
  local at = m[3] - m[8]
  m[8] = redis.call('GET', keys[3])
  m[9] = redis.call('LRANGE', keys[2], at, at + 999)
  return m
end}

-- Forget a world, which is possible when the memory is full. KEYS all but the alias, which is that of a token of the same
-- id; ARGV the channel of wakes, and the id of the world.
redis.register_function{function_name = 'sandbox1_drop', flags = {'allow-oom'}, callback = function(keys, args)
  local was_there = redis.call('EXISTS', keys[1])
  redis.call('UNLINK', unpack(keys))
  redis.call('PUBLISH', args[1], args[2])
  return was_there
end}

-- Prolong the life of the keys of a world. KEYS all but the alias; ARGV time to live in milliseconds.
redis.register_function('sandbox1_keep', function(keys, args)
  for _, key in ipairs(keys) do
    redis.call('PEXPIRE', key, args[1])
  end
  return #keys
end)

-- Return true if the journal has the call of a nonce. Only the last calls are looked at.
local function has_recorded(calls, nonce)
  for _, entry in ipairs(redis.call('LRANGE', calls, -1000, -1)) do
    if string.match(entry, '^%d+ ([^\n]+)') == nonce then
      return true
    end
  end
  return false
end

-- Add a call to a journal. ARGV as those of sandbox1_record; m are the fields that it has read.
local function record(keys, args, m)
  local meta, calls, counts = keys[1], keys[2], keys[3]
  local time = redis.call('TIME')
  local number = math.max(tonumber(m[3]), time[1] * 1000000 + time[2]) + 1
  local bytes, most_calls, most_bytes = tonumber(m[4]), tonumber(args[3]), tonumber(args[4])
  local entry = string.format('%.0f %s\n%s', number, args[8], args[7])
  local length = redis.call('RPUSH', calls, entry)
  bytes = bytes + #entry
  if redis.call('HINCRBY', counts, args[6], 1) == 1 then
    expire_with(meta, counts)
  end
  redis.call('PUBLISH', args[5], m[5] .. '\n' .. entry)
  if length == 1 then
    expire_with(meta, calls)
  end
  while length > 0 and (length > most_calls or bytes > most_bytes) do
    bytes = bytes - #redis.call('LPOP', calls)
    length = length - 1
  end
  redis.call('HSET', meta, 'u', string.format('%.0f', number), 'b', string.format('%.0f', bytes))
  return 1
end

local function read_journal(meta)
  return redis.call('HMGET', meta, 'i', 's', 'u', 'b', 'l')
end

-- Add a call to the journal of a world, if the call began in the generation of the journal or later.
-- KEYS meta, calls, counts; ARGV incarnation, generation, most calls, most bytes, channel, then the counter, the text and
-- the nonce of the call, and '' or, if it may have been added already, 'again'.
redis.register_function('sandbox1_record', function(keys, args)
  local m = read_journal(keys[1])
  if m[1] ~= args[1] or tonumber(args[2]) < tonumber(m[2]) then
    return 0
  end
  if args[9] ~= '' and has_recorded(keys[2], args[8]) then
    return 0
  end
  return record(keys, args, m)
end)

-- Return true if the changes after those that a copy knows are its own, under way while it asks.
local function are_own(changes, prefix)
  if #changes == MOST_OWN then
    return false
  end
  for _, change in ipairs(changes) do
    if string.sub(change, 1, #prefix) ~= prefix then
      return false
    end
  end
  return true
end

-- The same for a call that has not asked for changes before, and has changed nothing: add it only if it knows all changes
-- by other copies, and the server-wide rules. Otherwise answer OTHER, and the call has to be answered anew.
-- KEYS then have log and rules; ARGV then number and nonce of the last change that the copy knows, the prefix of the nonces
-- of its own changes, and the nonce of the rules, '' if there are none.
redis.register_function('sandbox1_record_if_valid', function(keys, args)
  local seen = see(keys[1], keys[4], args[1], args[10], args[11], MOST_OWN)
  local m = read_journal(keys[1])
  if args[9] ~= '' and m[1] == args[1] and has_recorded(keys[2], args[8]) then
    return 1
  end
  if type(seen) == 'table' then
    if seen.err then
      return seen
    end
    if not are_own(seen, args[12]) then
      return OTHER
    end
  elseif seen ~= SAME then
    return OTHER
  end
  if not has_rules(keys[5], args[13]) then
    return OTHER
  end
  if tonumber(args[2]) < tonumber(m[2]) then
    return 0
  end
  return record(keys, args, m)
end)

-- Empty the journal of a world. KEYS meta, calls, counts; ARGV incarnation, generation, channel.
redis.register_function('sandbox1_clear', function(keys, args)
  local m = redis.call('HMGET', keys[1], 'i', 'g', 'l')
  if m[1] ~= args[1] or m[2] ~= args[2] then
    return 0
  end
  redis.call('UNLINK', keys[2], keys[3])
  redis.call('HSET', keys[1], 'b', 0)
  redis.call('PUBLISH', args[3], m[3] .. '\n')
  return 1
end)

-- Make room for a sandbox among those of the fleet, which are sorted by their last use in milliseconds.
-- Return the id of the sandbox that is to be dropped for it, '' if none is, or FULL.
-- KEYS used, ending; ARGV id, most sandboxes, time to live (0: no end), the shortest idle time of a dropped one, and the
-- time until the end of this one ('' if it has none), in milliseconds.
redis.register_function('sandbox1_admit', function(keys, args)
  local now = now_in_milliseconds()
  local life = tonumber(args[3])
  local gone = redis.call('ZRANGE', keys[2], '-inf', now, 'BYSCORE', 'LIMIT', 0, 1000)
  if life > 0 then
    for _, id in ipairs(redis.call('ZRANGE', keys[1], '-inf', now - life, 'BYSCORE', 'LIMIT', 0, 1000)) do
      table.insert(gone, id)
    end
  end
  for _, id in ipairs(gone) do
    redis.call('ZREM', keys[1], id)
    redis.call('ZREM', keys[2], id)
  end
  local dropped = ''
  if not redis.call('ZSCORE', keys[1], args[1]) and redis.call('ZCARD', keys[1]) >= tonumber(args[2]) then
    local oldest = redis.call('ZRANGE', keys[1], 0, 0, 'WITHSCORES')
    if not oldest[2] or tonumber(oldest[2]) > now - tonumber(args[4]) then
      return 'full'
    end
    dropped = oldest[1]
    redis.call('ZREM', keys[1], dropped)
    redis.call('ZREM', keys[2], dropped)
  end
  redis.call('ZADD', keys[1], now, args[1])
  if args[5] == '' then
    redis.call('ZREM', keys[2], args[1])
  else
    redis.call('ZADD', keys[2], now + args[5], args[1])
  end
  return dropped
end)

-- Return the number of sandboxes of the fleet that have not ended. KEYS used, ending; ARGV time to live in milliseconds.
redis.register_function{function_name = 'sandbox1_size', flags = {'no-writes'}, callback = function(keys, args)
  local now = now_in_milliseconds()
  local life = tonumber(args[1])
  local size = redis.call('ZCOUNT', keys[1], life > 0 and '(' .. string.format('%.0f', now - life) or '-inf', '+inf')
  for _, id in ipairs(redis.call('ZRANGE', keys[2], '-inf', now, 'BYSCORE', 'LIMIT', 0, 1000)) do
    local used = tonumber(redis.call('ZSCORE', keys[1], id) or 0)
    if used > 0 and (life == 0 or used > now - life) then
      size = size - 1
    end
  end
  return size
end}

-- Note that sandboxes of the fleet are in use. KEYS used; ARGV ids.
redis.register_function('sandbox1_use', function(keys, args)
  local now = now_in_milliseconds()
  for _, id in ipairs(args) do
    redis.call('ZADD', keys[1], 'XX', now, id)
  end
  return #args
end)

-- Replace the server-wide rules if they are those that the worker knows. Otherwise return those that are there: their
-- version, nonce and text.
-- KEYS rules; ARGV nonce of the current ones; version, nonce and text of the new ones; the channel of wakes, and the id.
redis.register_function('sandbox1_set_rules', function(keys, args)
  local m = redis.call('HMGET', keys[1], 'n', 't', 'd')
  if (m[2] or '') ~= args[1] then
    return m
  end
  redis.call('HSET', keys[1], 'n', args[2], 't', args[3], 'd', args[4])
  redis.call('PUBLISH', args[5], args[6])
  return 1
end)
