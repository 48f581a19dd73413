package control

// A Manifest lists the modules of a node image, as `node modules -o json` prints it.
type Manifest struct {
	APIVersion string   `json:"apiVersion"` // "redoubt.dev/manifest/v1"
	Modules    []Module `json:"modules"`
}

// ManifestVersion is the value of Manifest.APIVersion.
const ManifestVersion = "redoubt.dev/manifest/v1"

// A Module as a node offers or has loaded it.
type Module struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Retiring bool      `json:"retiring,omitempty"` // loaded, replays, refuses new records
	Managers []Manager `json:"rmgrs"`
}

// A Manager is one resource manager of a module.
type Manager struct {
	ID      uint8       `json:"id"`
	Name    string      `json:"name"`
	Writes  FormatRange `json:"writes"`
	Replays FormatRange `json:"replays"`
	Format  uint16      `json:"format,omitempty"` // in force; 0 in a manifest of an image
}

// FormatRange is an inclusive range of record formats.
type FormatRange struct {
	Min uint16 `json:"min"`
	Max uint16 `json:"max"`
}

// Has reports whether f lies in the range.
func (r FormatRange) Has(f uint16) bool { return f != 0 && r.Min <= f && f <= r.Max }
