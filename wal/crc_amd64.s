//go:build !purego

#include "textflag.h"

// SUM goes on from the state in AX with CX bytes at DI. CRC32Q can start each cycle and takes three, so
// that what is long enough goes in three parts side by side, put together by multiplication:
//
//	DI ├── 8·k bytes: AX ──┼── 8·k: BX ──┼── 8·k: DX ──┤ rest, eight bytes after eight
//	     AX·x^(128·k)     +  BX·x^(64·k) +  DX             (mod the polynomial; shifts is its powers)
//
// k is n/24 of up to 3072 bytes, computed as n·43691>>20.
//
// Source: Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel, 2011.
#define SUM \
parts: \
	CMPQ   CX, $96; \
	JLT    words; \
	MOVQ   $3072, R8; \
	CMPQ   CX, R8; \
	CMOVQLT CX, R8; \
	IMULQ  $43691, R8; \
	SHRQ   $20, R8; \
	SHLQ   $3, R8; \
	LEAQ   (DI)(R8*1), R9; \
	LEAQ   (DI)(R8*2), R10; \
	LEAQ   (R8)(R8*2), R11; \
	SUBQ   R11, CX; \
	LEAQ   -8(R9), R11; \
	XORL   BX, BX; \
	XORL   DX, DX; \
sideBySide: \
	CRC32Q (DI), AX; \
	CRC32Q (R9), BX; \
	CRC32Q (R10), DX; \
	ADDQ   $8, DI; \
	ADDQ   $8, R9; \
	ADDQ   $8, R10; \
	CMPQ   DI, R11; \
	JNE    sideBySide; \
	CRC32Q (DI), AX; \
	CRC32Q (R9), BX; \
	LEAQ   ·shifts(SB), R11; \
	MOVQ   AX, X0; \
	MOVQ   BX, X1; \
	MOVQ   (R11)(R8*2), X2; \
	MOVQ   (R11)(R8*1), X3; \
	PCLMULQDQ $0, X2, X0; \
	PCLMULQDQ $0, X3, X1; \
	PXOR   X1, X0; \
	MOVQ   X0, AX; \
	XORQ   (R10), AX; \
	CRC32Q AX, DX; \
	MOVL   DX, AX; \
	LEAQ   8(R10), DI; \
	JMP    parts; \
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

// func sumHeaderSSE42(sum uint32, first, second uint64, third uint32) uint32
TEXT ·sumHeaderSSE42(SB), NOSPLIT, $0-36
	MOVL   sum+0(FP), AX
	NOTL   AX
	CRC32Q first+8(FP), AX
	CRC32Q second+16(FP), AX
	CRC32L third+24(FP), AX
	NOTL   AX
	MOVL   AX, ret+32(FP)
	RET
