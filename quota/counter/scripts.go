package counter

import (
	_ "embed" // the scripts
	"fmt"

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

	reserveScript = redis.NewScript(constantsLua + commonLua + reserveLua)
	releaseScript = redis.NewScript(constantsLua + commonLua + releaseLua)
)

// constantsLua are the bounds of open reservations, in microseconds, for the scripts.
var constantsLua = fmt.Sprintf("local LIFE, CROWD, CROWDED, TOLERANCE, MESSAGES_MOST = %d, %d, %d, %d, %d\n",
	openLife.Microseconds(), maxOpen, crowdedLife.Microseconds(), clockTolerance.Microseconds(), maxMessages)
