-- Frames that Python holds back, to send them with later ones: outcomes of the
-- invocations before, and log lines.  They must leave before guest code goes on
-- for long: it may never end, and they would be lost with the process.
--
-- So guest code is interrupted after some instructions.  Compiled code is not,
-- but no loop of guest code gets compiled before that.  What takes long in a
-- single instruction are searches for patterns: code that names them does not
-- have frames held back, and where it finds them in other ways they send these.

local core = ...
local pairs, sethook = pairs, debug.sethook

-- Fewer than what makes a loop hot, see `HOT_LOOP`.
local INSTRUCTIONS = 900
local PATTERNS = { "find", "gfind", "gmatch", "gsub", "match" }

local function flush()
  sethook()
  core.native.flush()
end

-- Send them when so many instructions from now have been carried out.
function core.watch_held_frames()
  sethook(flush, "", INSTRUCTIONS)
end

function core.stop_watching()
  sethook()
end

-- The string *library* for code that frames may be held back for.
function core.brief_strings(library)
  local members = {}
  for name, member in pairs(library) do members[name] = member end
  for index = 1, #PATTERNS do
    local search = library[PATTERNS[index]]
    members[PATTERNS[index]] = function(...)
      flush()
      return search(...)
    end
  end
  return members
end

-- Whether frames may be held back for code with *names* for all its globals; nil: it has any.
function core.may_hold_frames(names)
  if not names then return false end
  for index = 1, #PATTERNS do
    if names[PATTERNS[index]] then return false end
  end
  return true
end
