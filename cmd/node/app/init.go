package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redoubt-wal/redoubt/node"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// passwordFile keeps the superuser's verifier in the data directory.
const passwordFile = "superuser.password"

func (a *app) initCommand() *cobra.Command {
	var dir, auth, pwfile, preload string
	var segmentMB int
	var checksums bool
	cmd := &cobra.Command{
		Use:   "init -D DIR",
		Short: "Make the data directory of a new cluster",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, err := dataDir(dir)
			if err != nil {
				return err
			}
			return a.initialise(initOptions{dir: dir, auth: auth, pwfile: pwfile, preload: preload, segmentMB: segmentMB})
		},
	}
	dirFlag(cmd, &dir)
	f := cmd.Flags()
	f.IntVar(&segmentMB, "wal-segsize", 16, "size of log segments in `MB`: a power of two from 1 to 1024")
	f.StringVar(&auth, "auth", "trust", "how clients prove who they are: trust or scram-sha-256")
	f.StringVar(&pwfile, "pwfile", "", "`FILE` whose first line is the superuser's password")
	f.StringVar(&preload, "preload", "*", "`MODULES` that the settings file lists in preload_modules; * is all but those with the experimental ID")
	f.BoolVarP(&checksums, "data-checksums", "k", true, "accepted: checksums are always on")
	return cmd
}

type initOptions struct {
	dir, auth, pwfile, preload string
	segmentMB                  int
}

func (a *app) initialise(o initOptions) error {
	if o.segmentMB < 1 || o.segmentMB > 1024 || o.segmentMB&(o.segmentMB-1) != 0 {
		return fmt.Errorf("argument of --wal-segsize must be a power of two between 1 and 1024, not %d", o.segmentMB)
	}
	if o.auth != "trust" && o.auth != "scram-sha-256" {
		return fmt.Errorf("invalid authentication method %q: trust or scram-sha-256", o.auth)
	}
	if o.auth == "scram-sha-256" && o.pwfile == "" {
		return errors.New("--auth=scram-sha-256 needs the superuser's password: say --pwfile=FILE")
	}
	preload := o.preload
	if preload == "*" {
		preload = strings.Join(a.usual(), ", ")
	}
	table, err := node.LoadTable(a.modules, config.SplitList(preload))
	if err != nil {
		return err
	}
	verifier, err := verifierFrom(o.pwfile)
	if err != nil {
		return err
	}
	made := engine.InitOptions{SegmentSize: uint32(o.segmentMB) << 20, Now: time.Now(), Table: table, Files: firstSettings(o, preload, verifier)}
	if _, err := rand.Read(made.Nonce[:]); err != nil {
		return err
	}
	if err := engine.Init(vfs.OS(), filepath.ToSlash(o.dir), made); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Success. Start the node with:\n\n    node run -D %s\n", o.dir)
	return nil
}

// usual are the modules that production may load: none with the experimental ID.
func (a *app) usual() []string {
	var names []string
	for _, m := range a.modules {
		experimental := false
		for _, r := range m.Managers {
			experimental = experimental || r.ID == 128
		}
		if !experimental {
			names = append(names, m.Name)
		}
	}
	return names
}

func verifierFrom(pwfile string) (string, error) {
	if pwfile == "" {
		return "", nil
	}
	text, err := os.ReadFile(pwfile)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimRight(line, "\r"); line == "" {
		return "", fmt.Errorf("password file %q is empty", pwfile)
	}
	return pgwire.NewVerifier(line, rand.Reader)
}

// firstSettings are a settings file to be edited, and what it names.
func firstSettings(o initOptions, preload, verifier string) map[string][]byte {
	text := "# Settings of this node; `node run -c name=value` overrides them.\n" +
		"preload_modules = " + config.Quote(preload) + "\n" +
		"authentication = " + config.Quote(o.auth) + "\n"
	files := map[string][]byte{}
	if verifier != "" {
		text += "superuser_password_file = '" + passwordFile + "'\n"
		files[passwordFile] = []byte(verifier + "\n")
	}
	files[node.ConfigFile] = []byte(text)
	return files
}
