// Package load makes committers and measures what they see.
package load
