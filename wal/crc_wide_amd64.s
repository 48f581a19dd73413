//go:build !purego

#include "textflag.h"

// FOLD moves what acc holds by the distance of constants on, and adds more: per 128-bit lane
//
//	acc = lo(acc)·lo(constants) + hi(acc)·hi(constants) + more
#define FOLD(acc, constants, more, t) \
	VPCLMULQDQ $0x00, constants, acc, t; \
	VPCLMULQDQ $0x11, constants, acc, acc; \
	VPTERNLOGQ $0x96, more, t, acc

// func updateWide(state uint32, p *byte, n int) uint32
//
// n is a multiple of 256 and not 0. Four registers of 64 bytes go side by side, each multiplied by the
// distance to its next; at the end they are added up, then their four lanes, then CRC32 divides.
//
// Source: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction",
// Intel, 2009, with wider registers.
TEXT ·updateWide(SB), NOSPLIT, $0-28
	MOVL   state+0(FP), AX
	MOVQ   p+8(FP), SI
	MOVQ   n+16(FP), CX
	LEAQ   ·foldBy(SB), DI
	VMOVD  AX, X8
	VPXORQ (SI), Z8, Z0
	VMOVDQU64 64(SI), Z1
	VMOVDQU64 128(SI), Z2
	VMOVDQU64 192(SI), Z3
	VBROADCASTI32X4 (DI), Z9   // 256 bytes
	ADDQ   $256, SI
	SUBQ   $256, CX
	JZ     together

four:
	VMOVDQU64 (SI), Z4
	VMOVDQU64 64(SI), Z5
	VMOVDQU64 128(SI), Z6
	VMOVDQU64 192(SI), Z7
	FOLD(Z0, Z9, Z4, Z10)
	FOLD(Z1, Z9, Z5, Z11)
	FOLD(Z2, Z9, Z6, Z12)
	FOLD(Z3, Z9, Z7, Z13)
	ADDQ   $256, SI
	SUBQ   $256, CX
	JNZ    four

together:
	VBROADCASTI32X4 16(DI), Z9 // 64 bytes
	FOLD(Z0, Z9, Z1, Z10)
	FOLD(Z0, Z9, Z2, Z10)
	FOLD(Z0, Z9, Z3, Z10)
	VMOVDQU 32(DI), X9         // 16 bytes
	VEXTRACTI32X4 $1, Z0, X1
	VEXTRACTI32X4 $2, Z0, X2
	VEXTRACTI32X4 $3, Z0, X3
	FOLD(X0, X9, X1, X10)
	FOLD(X0, X9, X2, X10)
	FOLD(X0, X9, X3, X10)
	VMOVQ  X0, BX
	VPEXTRQ $1, X0, DX
	XORL   AX, AX
	CRC32Q BX, AX
	CRC32Q DX, AX
	VZEROUPPER
	MOVL   AX, ret+24(FP)
	RET
