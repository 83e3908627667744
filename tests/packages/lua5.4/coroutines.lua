-- SPDX-License-Identifier: Apache-2.0
-- Coroutines that yield across pcall, and many at a time.

local function numbers(n)
	return coroutine.wrap(function()
		for i = 1, n do
			local ok, e = pcall(function()
				coroutine.yield(i)
				if i % 7 == 0 then
					error("seven")
				end
			end)
			if not ok then
				coroutine.yield(-i)
			end
		end
	end)
end

local sum, negative = 0, 0
for i in numbers(3000) do
	sum = sum + i
	if i < 0 then
		negative = negative + 1
	end
end
print(sum, negative)

-- A sieve: one coroutine for each prime.
local function generate(n)
	return coroutine.wrap(function()
		for i = 2, n do
			coroutine.yield(i)
		end
	end)
end

local function filter(p, from)
	return coroutine.wrap(function()
		for i in from do
			if i % p ~= 0 then
				coroutine.yield(i)
			end
		end
	end)
end

local primes, source = {}, generate(300)
while true do
	local p = source()
	if not p then
		break
	end
	primes[#primes + 1] = p
	source = filter(p, source)
end
print(#primes, primes[#primes])
print(coroutine.close(coroutine.create(print)))
