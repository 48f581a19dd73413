package engine

import (
	"context"
	"slices"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// Census says which records this directory's log, and the slots that hold it back, may still need.
func (e *Engine) Census(ctx context.Context) (control.Census, error) {
	segments, err := e.segmentsWithLog()
	if err != nil {
		return control.Census{}, err
	}
	end := e.log.InsertLSN()
	held := control.Holder{Kind: control.HolderWAL, To: end}
	if len(segments) > 0 {
		held.From = segments[0].Start
	}
	e.censusReached()
	holders := []control.Holder{e.census.Holder(held, segments, end)}
	for _, slot := range e.o.Slots() {
		holders = append(holders, e.census.Holder(slot, segments, end))
	}
	return control.Census{Holders: holders}, nil
}

// CensusEpoch changes when the census gained or lost an entry.
func (e *Engine) CensusEpoch() uint64 {
	e.censusReached()
	return e.census.Epoch()
}

// censusReached tells the census how far the log was noted: up to where it was read or inserted.
func (e *Engine) censusReached() {
	at := e.log.InsertLSN()
	if e.InRecovery() {
		at = e.replay.readUpTo()
	}
	e.census.Reached(e.History(), at)
}

// segmentsWithLog lists the segments that hold log, without those that are ready ahead.
func (e *Engine) segmentsWithLog() ([]segment.SegmentInfo, error) {
	segments, err := e.log.Segments()
	end := e.log.InsertLSN()
	return slices.DeleteFunc(segments, func(s segment.SegmentInfo) bool { return s.Start >= end }), err
}

// fillCensus reads what lies before the redo point, in the background. A clone has to receive it first.
func (e *Engine) fillCensus(s *start) {
	if err := e.awaitRead(e.ctx, s.redo+1); err != nil {
		return // the engine ends
	}
	segments, err := e.segmentsWithLog()
	if err == nil {
		err = e.census.Fill(e.ctx, segments, s.history, s.redo)
	}
	if err != nil && e.ctx.Err() == nil {
		e.o.Log.Warn("the census of old log could not be made", "reason", err)
	}
}
