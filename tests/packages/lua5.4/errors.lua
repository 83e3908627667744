-- SPDX-License-Identifier: Apache-2.0
-- Errors thrown through Lua and C frames, caught at every depth.

local function descend(n)
	if n == 0 then
		error({ code = 42 })
	end
	return 1 + descend(n - 1)
end

local caught = 0
for depth = 0, 150 do
	local ok, e = pcall(descend, depth)
	assert(not ok and e.code == 42)
	caught = caught + 1
end
print("caught", caught)

-- Errors nested in handlers, in sort's comparison, in gsub's callback.
print(xpcall(function() error("outer", 0) end, function(m)
	local _, inner = pcall(error, "inner", 0)
	return m .. "+" .. inner
end))
print(pcall(table.sort, { 3, 1, 2, 5, 4 }, function(a, b)
	if a == 5 or b == 5 then
		error("five", 0)
	end
	return a < b
end))
print(pcall(string.gsub, "a b c", "%w", function(c)
	if c == "b" then
		error("found " .. c, 0)
	end
end))
print(select(2, pcall(function() local x; return x.y.z end)))
print(pcall(load, "return +"))
print(load("x ="))

-- Stack overflow is an error like any other, more than once.
local function endless(n) return 1 + endless(n + 1) end
for _ = 1, 3 do
	local ok, e = pcall(endless, 1)
	print(ok, (tostring(e):match("stack overflow")))
end

-- Variables to be closed are closed on the way out.
local log = {}
pcall(function()
	local a <close> = setmetatable({}, { __close = function(_, e)
		log[#log + 1] = "a:" .. tostring(e)
	end })
	local b <close> = setmetatable({}, { __close = function(_, e)
		log[#log + 1] = "b:" .. tostring(e)
	end })
	error("close", 0)
end)
print(table.concat(log, " "))
