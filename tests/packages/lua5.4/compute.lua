-- SPDX-License-Identifier: Apache-2.0
-- Numbers, strings, tables and the collector, for a second or so.

local function queens(n)
	local count, rows, up, down = 0, {}, {}, {}
	local function place(c)
		if c > n then
			count = count + 1
			return
		end
		for r = 1, n do
			if not (rows[r] or up[r + c] or down[r - c]) then
				rows[r], up[r + c], down[r - c] = 1, 1, 1
				place(c + 1)
				rows[r], up[r + c], down[r - c] = nil, nil, nil
			end
		end
	end
	place(1)
	return count
end
print("queens", queens(7))

local x, words = 1, {}
for i = 1, 20000 do
	x = (x * 69069 + i) % 1048573
	local w = ("w%d"):format(x % 1013)
	words[w] = (words[w] or 0) + 1
end
local list = {}
for w, n in pairs(words) do
	list[#list + 1] = { w, n }
end
table.sort(list, function(a, b)
	return a[2] > b[2] or a[2] == b[2] and a[1] < b[1]
end)
for i = 1, 5 do
	print(list[i][1], list[i][2])
end

print(("%.14g %.17g %a"):format(2 ^ 0.5, 0.1, 1 / 3))
print(math.maxinteger + 1 == math.mininteger, 7 // -2, -7 % 3, 7.5 // 2)
print(string.pack("<i4d", 7, 0.5):byte(1, -1))
print(("hello world"):gsub("o", "0"), ("%d+"):rep(3, ","))
print(#utf8.char(228, 8364, 0x10FFFF), utf8.len("äöü"))

local weak = setmetatable({}, { __mode = "v" })
for i = 1, 1000 do
	weak[i] = { i }
end
collectgarbage()
print("left", #weak, collectgarbage("count") < 10000)

local finalised = 0
for _ = 1, 100 do
	setmetatable({}, { __gc = function() finalised = finalised + 1 end })
end
collectgarbage()
collectgarbage()
print("finalised", finalised)
