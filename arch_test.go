// Package redoubt_test holds the fence around the architecture: who may import whom, which packages
// stay pure, and that every package says what it is. The sources are parsed here rather than asked
// from the go command, because the test cache cannot see what a child process reads.
package redoubt_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/redoubt-wal/redoubt/"

// imports says what of ours a package may import; the first row that matches a package counts.
// "x/..." means x and everything below it.
var imports = []struct{ pkg, may string }{
	{"wal", ""},
	{"wal/vfs", ""},
	{"wal/...", "wal wal/..."},
	{"rmgr", "wal wal/page"},
	{"rmgr/...", "wal wal/page rmgr rmgr/..."},
	{"api/v1", ""},
	{"api/control", "wal"},
	{"node", "wal wal/... rmgr rmgr/modules rmgr/logicalmsg rmgr/generic rmgr/rmgrdesc node/... api/control"},
	{"node/sql/parser", ""},
	{"node/sql/datum", "wal rmgr"},
	{"node/sql/ereport", "rmgr"},
	{"node/sql/guc", "rmgr node/sql/datum"},
	{"node/sql/catalog", "rmgr node/sql/datum"},
	{"node/sql/executor", "wal rmgr node/sql/parser node/sql/datum node/sql/catalog node/sql/ereport"},
	{"node/sql", "wal rmgr node/sql/parser node/sql/datum node/sql/guc node/sql/catalog node/sql/ereport node/sql/executor"},
	{"node/...", "wal wal/... rmgr rmgr/modules rmgr/logicalmsg rmgr/generic rmgr/rmgrdesc node/... api/control"},
	{"controllers/cluster/plan", "api/v1 api/control"},
	{"controllers/cluster/desired", "api/v1 api/control"},
	{"controllers", "api/... controllers/..."},
	{"controllers/...", "api/... controllers/..."},
	{"cmd/operator", "api/... controllers controllers/..."},
	{"cmd/kubectl-redoubt", "api/..."},
	{"cmd/kubectl-redoubt/...", "api/... cmd/kubectl-redoubt/..."},
	{"cmd/node", "rmgr rmgr/... cmd/node/..."},
	{"cmd/node/...", "wal wal/... rmgr rmgr/... node node/... api/control cmd/node/..."},
	{"config/...", ""},
	{"test/...", "..."},
}

// pure packages hold decisions and formats: no files, network, clock or context of their own.
var pure = []struct{ pkg, never string }{
	{"wal", "os net context time"},
	{"wal/page", "os net context time"},
	{"rmgr", "os net"},
	{"node/sql/parser", "os net context time"},
	{"node/sql/datum", "os net context"},
	{"node/sql/ereport", "os net context time"},
	{"node/sql/guc", "os net context"},
	{"node/sql/catalog", "os net time"},
	{"node/sql/executor", "os net time"},
	{"rmgr/...", "os net"},
	{"controllers/cluster/plan", "os net context k8s.io/client-go/... sigs.k8s.io/controller-runtime/..."},
	{"controllers/cluster/desired", "os net context k8s.io/client-go/... sigs.k8s.io/controller-runtime/..."},
}

// handedIn lists what packages below cmd/ get from their caller and never reach for: the clock, the
// network and files. A call in a test file is free.
var handedIn = map[string][]string{
	"wal/... rmgr/... node/... controllers/cluster/plan controllers/cluster/desired": {
		"time.Now", "time.Since", "time.Until", "net.Dial", "net.DialTimeout", "net.Listen",
		"os.Open", "os.Create", "os.OpenFile", "os.ReadFile", "os.WriteFile", "os.Remove", "os.Rename", "os.Getenv", "os.Exit",
	},
}

// exempt: the one file whose job is to be the operating system.
var exempt = []string{"wal/vfs/os.go"}

func TestImports(t *testing.T) {
	eachPackage(t, func(pkg string, files map[string]*ast.File) {
		row := slices.IndexFunc(imports, func(r struct{ pkg, may string }) bool { return matches(r.pkg, pkg) })
		if row < 0 {
			if pkg != "" {
				t.Errorf("package %s has no row in the table of imports: say what it may import", pkg)
			}
			return
		}
		for name, f := range files {
			for _, spec := range f.Imports {
				path, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
				if ours && path != pkg && !anyMatches(imports[row].may, path) {
					t.Errorf("%s imports %s: %s may import only %q", name, path, pkg, imports[row].may)
				}
			}
		}
	})
}

func TestPurePackagesStayPure(t *testing.T) {
	eachPackage(t, func(pkg string, files map[string]*ast.File) {
		for _, row := range pure {
			if !matches(row.pkg, pkg) {
				continue
			}
			for name, f := range files {
				for _, spec := range f.Imports {
					if path := strings.Trim(spec.Path.Value, `"`); anyMatches(row.never, path) {
						t.Errorf("%s imports %s: %s is pure and gets such things handed in", name, path, pkg)
					}
				}
			}
		}
	})
}

func TestClockNetworkAndFilesAreHandedIn(t *testing.T) {
	eachPackage(t, func(pkg string, files map[string]*ast.File) {
		for pkgs, calls := range handedIn {
			if !anyMatches(pkgs, pkg) {
				continue
			}
			for name, f := range files {
				if slices.Contains(exempt, name) {
					continue
				}
				ast.Inspect(f, func(n ast.Node) bool {
					sel, ok := n.(*ast.SelectorExpr)
					if !ok {
						return true
					}
					x, ok := sel.X.(*ast.Ident)
					if ok && x.Obj == nil && slices.Contains(calls, x.Name+"."+sel.Sel.Name) {
						t.Errorf("%s uses %s.%s: below cmd/ it is handed in", name, x.Name, sel.Sel.Name)
					}
					return true
				})
			}
		}
	})
}

func TestPackageCommentsSayWhatAPackageIs(t *testing.T) {
	eachPackage(t, func(pkg string, files map[string]*ast.File) {
		var docs []string
		for name, f := range files {
			if f.Doc != nil && len(f.Doc.Text()) > 0 {
				docs = append(docs, name)
			}
		}
		if len(docs) != 1 && pkg != "" {
			t.Errorf("package %s has %d package comments %v: exactly one, in doc.go or main.go", pkg, len(docs), docs)
		}
	})
}

// eachPackage calls fn for each folder with Go files that are not tests, of this module only.
func eachPackage(t *testing.T, fn func(pkg string, files map[string]*ast.File)) {
	t.Helper()
	packages := map[string]map[string]*ast.File{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			nested, _ := filepath.Glob(filepath.Join(path, "go.mod"))
			if d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "." || path == "bin" || len(nested) > 0 && path != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(d.Name(), "zz_generated") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			pkg = ""
		}
		if packages[pkg] == nil {
			packages[pkg] = map[string]*ast.File{}
		}
		packages[pkg][filepath.ToSlash(path)] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, files := range packages {
		fn(pkg, files)
	}
}

func anyMatches(patterns, path string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(p string) bool { return matches(p, path) })
}

// matches reports whether path is pattern, or below it for a pattern that ends in "/...".
func matches(pattern, path string) bool {
	if pattern == "..." {
		return true
	}
	base, tree := strings.CutSuffix(pattern, "/...")
	return path == base || tree && strings.HasPrefix(path, base+"/")
}
