//go:build !purego

#include "textflag.h"

// SUM goes on from the state in AX with CX bytes at DI, eight an instruction.
#define SUM \
blocks: \
	CMPQ   CX, $32; \
	JLT    words; \
	CRC32Q (DI), AX; \
	CRC32Q 8(DI), AX; \
	CRC32Q 16(DI), AX; \
	CRC32Q 24(DI), AX; \
	ADDQ   $32, DI; \
	SUBQ   $32, CX; \
	JMP    blocks; \
words: \
	CMPQ   CX, $8; \
	JLT    four; \
	CRC32Q (DI), AX; \
	ADDQ   $8, DI; \
	SUBQ   $8, CX; \
	JMP    words; \
four: \
	TESTQ  $4, CX; \
	JZ     two; \
	CRC32L (DI), AX; \
	ADDQ   $4, DI; \
two: \
	TESTQ  $2, CX; \
	JZ     one; \
	CRC32W (DI), AX; \
	ADDQ   $2, DI; \
one: \
	TESTQ  $1, CX; \
	JZ     done; \
	CRC32B (DI), AX; \
done:

// func sumRecordSSE42(rec *byte, n int) uint32
//
// The body, then the header up to the sum, without coming back to Go in between. n is at least 24.
TEXT ·sumRecordSSE42(SB), NOSPLIT, $0-20
	MOVQ rec+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL $0xFFFFFFFF, AX
	LEAQ 24(SI), DI
	SUBQ $24, CX
	SUM
	CRC32Q (SI), AX
	CRC32Q 8(SI), AX
	CRC32L 16(SI), AX
	NOTL AX
	MOVL AX, ret+16(FP)
	RET

// func updateSSE42(sum uint32, p *byte, n int) uint32
TEXT ·updateSSE42(SB), NOSPLIT, $0-28
	MOVL sum+0(FP), AX
	MOVQ p+8(FP), DI
	MOVQ n+16(FP), CX
	NOTL AX
	SUM
	NOTL AX
	MOVL AX, ret+24(FP)
	RET
