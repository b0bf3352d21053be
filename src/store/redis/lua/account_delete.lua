-- ending seq; the mark stays for a while, so that a node that finishes half-done endings finds this one done
end_user(tonumber(ARGV[1]), '')
local there = redis.call('DEL', A)
redis.call('DEL', S, P, D, T)
redis.call('PEXPIRE', M, 3600000)
return there
