import { type Script, script } from "../../log/redis/Scripts.ts"

/*
 * KEYS[1] begins the name of every key; times are milliseconds of the caller. What is not touched goes by itself.
 */

/** ARGV: now, then of each bucket its name, tokens and milliseconds of a refill. Answers what is in each, in thousandths, and whether it was let through. */
export const takeScript: Script = script(`
local now = tonumber(ARGV[1])
local found, short = {}, 0
for i = 2, #ARGV, 3 do
  local size, refill = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local held = redis.call('HMGET', KEYS[1] .. ':b:' .. ARGV[i], 't', 'a')
  local tokens = size
  if held[1] then tokens = math.min(size, tonumber(held[1]) + math.max(0, now - tonumber(held[2])) * size / refill) end
  if tokens < 1 then short = 1 end
  found[#found + 1] = tokens
end
local answer = {short}
for n, tokens in ipairs(found) do
  local i = 3 * n - 1
  local size, refill = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  if short == 0 then
    tokens = tokens - 1
    local key = KEYS[1] .. ':b:' .. ARGV[i]
    redis.call('HSET', key, 't', string.format('%.6f', tokens), 'a', ARGV[1])
    redis.call('PEXPIRE', key, math.ceil((size - tokens) * refill / size) + 1000)
  end
  answer[n + 1] = math.floor(tokens * 1000)
end
return answer
`)

/** ARGV: now, address, account, the milliseconds of forgiveness, then the delay after one failure, two and so on. */
export const admitScript: Script = script(`
local now = tonumber(ARGV[1])
local function delay(count) return tonumber(ARGV[4 + math.min(count, #ARGV - 4)]) end
local function struck(name)
  local held = redis.call('HMGET', KEYS[1] .. ':f:' .. name, 'n', 'a')
  if not held[1] or now - tonumber(held[2]) >= tonumber(ARGV[4]) then return 0, 0 end
  return tonumber(held[1]), tonumber(held[2])
end
local count, at = struck(ARGV[2])
if count == 0 then return 0 end
local wait = math.max(0, at + delay(count) - now)
local others, last = struck(ARGV[3])
if others > 0 then wait = math.max(wait, last + delay(others) - now) end
if wait == 0 and delay(count) > 0 then redis.call('HSET', KEYS[1] .. ':f:' .. ARGV[2], 'a', ARGV[1]) end
return math.ceil(wait)
`)

/** ARGV: now, the milliseconds of forgiveness, then whose count goes up. */
export const failScript: Script = script(`
local now = tonumber(ARGV[1])
for i = 3, #ARGV do
  local key = KEYS[1] .. ':f:' .. ARGV[i]
  local at = redis.call('HGET', key, 'a')
  if at and now - tonumber(at) >= tonumber(ARGV[2]) then redis.call('DEL', key) end
  redis.call('HINCRBY', key, 'n', 1)
  redis.call('HSET', key, 'a', ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2])
end
return 1
`)
