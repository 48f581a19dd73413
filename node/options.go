package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Options are what a node is made of. Dir, FS, Now, Dial and Listen are required.
type Options struct {
	Dir      string // the data directory; must not be a mount point itself, because a clone replaces it
	FS       vfs.FS
	Settings *config.Settings // nil: defaults
	Modules  []rmgr.Module    // that the binary offers; the setting preload_modules says which are loaded

	Now    func() time.Time
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Listen func(network, address string) (net.Listener, error)
	Rand   io.Reader // nil: crypto/rand

	Log     *slog.Logger // nil: silence
	Version string       // of the build, for status

	// Signal makes the process signal itself, as records of the signal module ask; log adds which
	// record does. nil: nothing happens.
	Signal func(log *slog.Logger, sig int, reason string) error
	// ReadConfig returns the settings file's contents for a reload. nil: DIR/redoubt.conf.
	ReadConfig func() ([]byte, error)
}

// ConfigFile is the settings file's name in the data directory.
const ConfigFile = "redoubt.conf"

func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Dir == "":
		return o, errors.New("no data directory given")
	case o.FS == nil || o.Now == nil || o.Dial == nil || o.Listen == nil:
		return o, errors.New("node.Options: FS, Now, Dial and Listen are required")
	}
	if o.Settings == nil {
		o.Settings = config.Defaults()
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Signal == nil {
		o.Signal = func(*slog.Logger, int, string) error { return nil }
	}
	if o.ReadConfig == nil {
		o.ReadConfig = func() ([]byte, error) { return vfs.ReadFile(o.FS, o.Dir+"/"+ConfigFile) }
	}
	return o, nil
}

// LoadTable makes the table of the modules that preload names out of those offered; "*" is all of
// them.
func LoadTable(offered []rmgr.Module, preload []string) (*rmgr.Table, error) {
	if slices.Contains(preload, "*") {
		preload = nil
		for _, m := range offered {
			preload = append(preload, m.Name)
		}
	}
	table := rmgr.NewTable()
	if err := registerBuiltin(table); err != nil {
		return nil, err
	}
	if err := table.Load(offered, preload); err != nil {
		return nil, fmt.Errorf("preload_modules: %w", err)
	}
	table.Seal()
	return table, nil
}
