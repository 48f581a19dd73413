//go:build !amd64 || purego

package wal

func recordCRC(rec []byte) uint32 { return sumRecord(rec) }

func bodyCRC(rec []byte) uint32 { return sumBody(rec) }

func sealCRC(body uint32, rec []byte) uint32 { return sumHeader(body, rec) }
