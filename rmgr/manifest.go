package rmgr

import "github.com/redoubt-wal/redoubt/wal"

// A Manifest lists the modules of one node build, or those that one node has loaded. Its JSON form
// is what `node modules -o json` prints, what the MODULES record carries and what the operator
// compares: fields are added, never renamed or reused.
type Manifest struct {
	APIVersion string           `json:"apiVersion"` // "redoubt.dev/manifest/v1"
	Modules    []ModuleManifest `json:"modules"`
}

// ManifestVersion is the value of Manifest.APIVersion.
const ManifestVersion = "redoubt.dev/manifest/v1"

// A ModuleManifest is one module of a manifest.
type ModuleManifest struct {
	Name     string            `json:"name"`
	Version  string            `json:"version"`
	Managers []ManagerManifest `json:"rmgrs"`
}

// A ManagerManifest is one resource manager of a module.
type ManagerManifest struct {
	ID      wal.RmgrID  `json:"id"`
	Name    string      `json:"name"`
	Writes  FormatRange `json:"writes"`
	Replays FormatRange `json:"replays"`
}
