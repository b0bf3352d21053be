-- factor, step, now
return burn(ARGV[1], ARGV[2], ARGV[3])
