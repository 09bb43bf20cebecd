package token

// CacheLen returns how many tokens v remembers.
func (v *Verifier) CacheLen() int { return len(v.cache.m) }
