package roster

import (
	"testing"
	"testing/synctest"
	"time"
)
