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

// SUMHEADER goes on with the first twenty bytes of the record at SI.
#define SUMHEADER \
	CRC32Q (SI), AX; \
	CRC32Q 8(SI), AX; \
	CRC32L 16(SI), AX

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
	SUMHEADER
	NOTL AX
	MOVL AX, ret+16(FP)
	RET

// func sumBodySSE42(p *byte, n int) uint32
TEXT ·sumBodySSE42(SB), NOSPLIT, $0-20
	MOVQ p+0(FP), DI
	MOVQ n+8(FP), CX
	MOVL $0xFFFFFFFF, AX
	SUM
	NOTL AX
	MOVL AX, ret+16(FP)
	RET

// func sumHeaderSSE42(sum uint32, rec *byte) uint32
TEXT ·sumHeaderSSE42(SB), NOSPLIT, $0-20
	MOVL sum+0(FP), AX
	MOVQ rec+8(FP), SI
	NOTL AX
	SUMHEADER
	NOTL AX
	MOVL AX, ret+16(FP)
	RET
