package backend

import "github.com/rosedblabs/wal"

type rosedb struct {
	log     *wal.WAL
	durable bool
}

func openRosedb(o Options) (batchLog, error) {
	opts := wal.DefaultOptions
	opts.DirPath = o.Dir
	l, err := wal.Open(opts)
	return &rosedb{log: l, durable: o.Durable}, err
}

func (r *rosedb) save(batch [][]byte) error {
	if len(batch) == 1 {
		if _, err := r.log.Write(batch[0]); err != nil {
			return err
		}
	} else {
		for _, p := range batch {
			r.log.PendingWrites(p)
		}
		if _, err := r.log.WriteAll(); err != nil {
			return err
		}
	}
	if !r.durable {
		return nil
	}
	return r.log.Sync()
}

func (r *rosedb) Close() error { return r.log.Close() }
