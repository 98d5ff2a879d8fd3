import { createHash } from "node:crypto"

/** A Lua script for KEYS[1], the stream, and KEYS[2], its books. Redis runs nothing else meanwhile. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

export const script = (lua: string): Script => ({ lua, sha: createHash("sha1").update(lua).digest("hex") })

/**
 * What the books say, how long the stream is, and a page of it.
 * ARGV: "segments" or "", XRANGE or XREVRANGE, its two bounds, how many entries.
 */
export const look = script(`
local held = redis.call('HMGET', KEYS[2], 'revision', 'state')
local segments = ARGV[1] ~= '' and redis.call('HGET', KEYS[2], ARGV[1]) or false
local length = redis.call('XLEN', KEYS[1])
local entries = {}
if ARGV[5] ~= '0' then entries = redis.call(ARGV[2], KEYS[1], ARGV[3], ARGV[4], 'COUNT', ARGV[5]) end
return {held[1], held[2], segments, length, entries}
`)

/**
 * A write: entries and books together, and only if both are as the writer knows them; else 0.
 * ARGV: revision and length as they should be, the new revision, the state, "clear" or "", the least id to keep or "",
 * segments or "", twice the number of relations, field and value of each, then id, tx and changes of each entry.
 * An id that does not rise means that the stream is not what it seems: it is dropped.
 */
export const write = script(`
local revision = redis.call('HGET', KEYS[2], 'revision') or ''
if revision ~= ARGV[1] or redis.call('XLEN', KEYS[1]) ~= tonumber(ARGV[2]) then return 0 end
if ARGV[5] == 'clear' then
  redis.call('UNLINK', KEYS[1], KEYS[2])
elseif ARGV[6] ~= '' then
  redis.call('XTRIM', KEYS[1], 'MINID', ARGV[6])
end
local first = 9 + tonumber(ARGV[8])
for i = first, #ARGV, 3 do
  local added = redis.pcall('XADD', KEYS[1], ARGV[i], 'tx', ARGV[i + 1], 'changes', ARGV[i + 2])
  if type(added) == 'table' and added.err then
    if string.sub(added.err, 1, 3) ~= 'ERR' then return added end
    redis.call('UNLINK', KEYS[1], KEYS[2])
    return 0
  end
end
redis.call('HSET', KEYS[2], 'revision', ARGV[3], 'state', ARGV[4])
if ARGV[7] ~= '' then redis.call('HSET', KEYS[2], 'segments', ARGV[7]) end
for i = 9, first - 1, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
`)

/** An entry cannot be read: as long as it is there, nothing is held. ARGV: its id. */
export const condemn = script(`
if redis.call('HEXISTS', KEYS[2], 'state') == 0 then return 0 end
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[2], 'state')
redis.call('HSET', KEYS[2], 'revision', 'condemned ' .. ARGV[1])
return 1
`)
