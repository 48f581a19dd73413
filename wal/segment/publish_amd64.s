//go:build !purego && !race

#include "textflag.h"

// func publish(a *atomic.Uint64, v uint64)
//
// A plain store: on x86-64 stores become visible in their order (Intel SDM volume 3, section 9.2.2).
TEXT ·publish(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), AX
	MOVQ v+8(FP), BX
	MOVQ BX, (AX)
	RET
