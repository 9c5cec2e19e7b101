-- UTF-8 as guests see it: every byte that is not part of a valid sequence is
-- one U+FFFD.

local core = ...
local byte, char, concat, find, sub = string.byte, string.char, table.concat, string.find, string.sub

local REPLACEMENT = "\239\191\189"

-- Length of the valid sequence that starts at *at*, or nil.
local function sequence_length(text, at, first)
  if first < 0xC2 or first > 0xF4 then return nil end
  local second = byte(text, at + 1)
  if not second or second < 0x80 or second > 0xBF then return nil end
  if first < 0xE0 then return 2 end
  local third = byte(text, at + 2)
  if not third or third < 0x80 or third > 0xBF then return nil end
  if first < 0xF0 then
    if first == 0xE0 and second < 0xA0 or first == 0xED and second > 0x9F then return nil end
    return 3
  end
  local fourth = byte(text, at + 3)
  if not fourth or fourth < 0x80 or fourth > 0xBF then return nil end
  if first == 0xF0 and second < 0x90 or first == 0xF4 and second > 0x8F then return nil end
  return 4
end

-- Length of the character at *at*; a byte that is not part of a valid sequence is one.
function core.character_length(text, at)
  local first = byte(text, at)
  return first >= 0x80 and sequence_length(text, at, first) or 1
end

-- *text* with every invalid byte replaced; the same string if there is none.
function core.valid_utf8(text)
  local at = find(text, "[\128-\255]")
  if not at then return text end
  local parts, count, from, size = nil, 0, 1, #text
  while at <= size do
    local first = byte(text, at)
    local length = first < 0x80 and 1 or sequence_length(text, at, first)
    if length then
      at = at + length
    else
      parts = parts or {}
      parts[count + 1] = sub(text, from, at - 1)
      parts[count + 2] = REPLACEMENT
      count = count + 2
      at = at + 1
      from = at
    end
  end
  if not parts then return text end
  parts[count + 1] = sub(text, from)
  return concat(parts)
end

-- The UTF-8 form of a code point; surrogates have none and become U+FFFD.
function core.utf8_char(point)
  if point < 0x80 then return char(point) end
  if point < 0x800 then
    local low = point % 64
    return char(0xC0 + (point - low) / 64, 0x80 + low)
  end
  local low = point % 64
  local rest = (point - low) / 64
  local middle = rest % 64
  local high = (rest - middle) / 64
  if point < 0x10000 then
    if point >= 0xD800 and point <= 0xDFFF then return REPLACEMENT end
    return char(0xE0 + high, 0x80 + middle, 0x80 + low)
  end
  local third = high % 64
  return char(0xF0 + (high - third) / 64, 0x80 + third, 0x80 + middle, 0x80 + low)
end

-- At most *limit* bytes of *text*, cut between characters and with *mark* at
-- the end; the whole text if it fits.
function core.shorten(text, limit, mark)
  if #text <= limit then return text end
  local keep = limit - #mark
  if keep < 0 then return sub(mark, 1, limit) end
  -- Step back over the continuation bytes of a character that would be split.
  for _ = 1, 3 do
    local next_byte = byte(text, keep + 1)
    if not next_byte or next_byte < 0x80 or next_byte > 0xBF or keep == 0 then break end
    keep = keep - 1
  end
  return sub(text, 1, keep) .. mark
end
