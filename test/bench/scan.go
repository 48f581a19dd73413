package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/redoubt-wal/redoubt/test/bench/backend"
	"github.com/redoubt-wal/redoubt/test/bench/floor"
	"github.com/redoubt-wal/redoubt/test/bench/measure"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// scanSuite writes the same records once in our format, once in Pebble's and once in the floor's. Our
// command and PostgreSQL's read the same files, starting their process included.
func scanSuite(ctx context.Context, o *options, dir string) (*suite, error) {
	if err := buildNode(ctx, o); err != nil {
		return nil, err
	}
	s := &suite{About: "records a second read, checked and counted, from the page cache: commands with --stats, and readers"}
	for _, size := range []int{100, 1024} {
		j := job{Size: size, Data: filepath.Join(dir, fmt.Sprint(size)), Node: o.node, PGBin: o.pgbin, Records: 1 << 30 / (size + 56)}
		if o.quick {
			j.Records /= 32
		}
		if err := writeScanned(&j); err != nil {
			return nil, err
		}
		command := &kase{Name: "command, " + bytesOf(size), Unit: "rec/s", Goal: goal{Peer: 1.2}}
		for _, b := range []string{"redoubt waldump", "pg_waldump"} {
			command.Jobs = append(command.Jobs, named(b, j))
		}
		reader := &kase{Name: "reader, " + bytesOf(size), Unit: "rec/s", Goal: goal{Peer: 1.4, Floor: 0.5}}
		if size == 1024 {
			reader.Goal = goal{} // the goals are for 100 B
			command.Goal = goal{}
		}
		for _, b := range []string{"redoubt", "redoubt waldump", "floor", "pebble"} {
			reader.Jobs = append(reader.Jobs, named(b, j))
		}
		s.Cases = append(s.Cases, command, reader)
	}
	return s, settle(dir)
}

const (
	pebbleScanned = "pebble.log"
	floorScanned  = "floor.log"
)

func writeScanned(j *job) error {
	payload := make([]byte, j.Size)
	for i := range payload {
		payload[i] = byte(i * 7)
	}
	pgWAL := filepath.Join(j.Data, "pg_wal")
	if err := mkdir(pgWAL); err != nil {
		return err
	}
	if err := floor.WriteFile(filepath.Join(j.Data, floorScanned), payload, j.Records); err != nil {
		return err
	}
	if err := backend.WritePebble(filepath.Join(j.Data, pebbleScanned), payload, j.Records); err != nil {
		return err
	}
	log, err := segment.Open(segment.Options{FS: vfs.OS(), Dir: filepath.ToSlash(pgWAL), SystemID: 1, Go: func(f func()) { go f() }})
	if err != nil {
		return err
	}
	if err := log.StartInsert(wal.DefaultSegmentSize, 0, 1); err != nil {
		return err
	}
	j.Start = log.NextStart().String()
	var b wal.Builder
	main := wal.LogicalMessage{Database: 5, Prefix: "b", Payload: payload}.Append(nil)
	for i := range j.Records + 1 { // one behind the end
		if i == j.Records {
			j.End = log.InsertLSN().String()
		}
		b.Begin(wal.RmgrLogicalMessage, 0)
		b.AddMain(main)
		if err := b.Finish(); err != nil {
			return err
		}
		if _, _, err := log.Insert(&b, 0); err != nil {
			return err
		}
	}
	return errors.Join(log.Flush(log.InsertLSN()), log.Close())
}

func runScan(ctx context.Context, j job) (measure.Run, error) {
	scan := map[string]func(context.Context, job) (int, error){
		"redoubt": scanOurs, "redoubt waldump": dumpOurs, "pg_waldump": dumpTheirs, "pebble": scanPebble, "floor": scanFloor,
	}[j.Backend]
	if _, err := scan(ctx, j); err != nil { // into the page cache
		return measure.Run{}, err
	}
	start := time.Now()
	n, err := scan(ctx, j)
	took := time.Since(start).Seconds()
	if err == nil && n != j.Records {
		err = fmt.Errorf("read %d records of %d", n, j.Records)
	}
	return measure.Run{Value: float64(n) / took, More: map[string]float64{"MB/s": float64(n*j.Size) / took / 1e6}}, err
}

func scanOurs(_ context.Context, j job) (n int, err error) {
	src := segment.NewSource(vfs.OS(), filepath.ToSlash(filepath.Join(j.Data, "pg_wal")), wal.DefaultSegmentSize, wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SystemID: 1})
	start, err := wal.ParseLSN(j.Start)
	if err != nil {
		return 0, err
	}
	r.Seek(start)
	for n < j.Records {
		if _, err := r.Next(); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func scanPebble(_ context.Context, j job) (int, error) {
	return backend.ScanPebble(filepath.Join(j.Data, pebbleScanned))
}

func scanFloor(_ context.Context, j job) (int, error) {
	return floor.Scan(filepath.Join(j.Data, floorScanned))
}

func dumpOurs(ctx context.Context, j job) (int, error) {
	return dump(ctx, j, j.Node, "waldump", "--stats", "-p", filepath.Join(j.Data, "pg_wal"), "-s", j.Start, "-e", j.End)
}

func dumpTheirs(ctx context.Context, j job) (int, error) {
	return dump(ctx, j, filepath.Join(j.PGBin, "pg_waldump"), "--stats", "-p", filepath.Join(j.Data, "pg_wal"), "-s", j.Start, "-e", j.End)
}

// dump runs a command that reads all records: both fail if they cannot.
func dump(ctx context.Context, j job, program string, args ...string) (int, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout = io.Discard
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w", filepath.Base(program), err)
	}
	return j.Records, nil
}
