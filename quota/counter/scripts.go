package counter

import (
	_ "embed" // the scripts

	"github.com/redis/go-redis/v9"
)

// The scripts run in Redis, each in one atomic step. Their headers document
// KEYS and ARGV; common.lua says what Redis holds of a sender.
var (
	//go:embed common.lua
	commonLua string
	//go:embed reserve.lua
	reserveLua string
	//go:embed release.lua
	releaseLua string

	reserveScript = redis.NewScript(commonLua + reserveLua)
	releaseScript = redis.NewScript(commonLua + releaseLua)
)
