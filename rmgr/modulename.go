package rmgr

// ModuleNameRule says in an error what a module may be called. The rule is Kubernetes' for a DNS label
// (RFC 1123), since the name stands in preload_modules, in a WALCluster and in names of images.
const ModuleNameRule = "a DNS label: 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at each end"

// IsModuleName says whether a module may be called s.
func IsModuleName(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
