// Package configs reads the configuration of the service: one YAML file, which
// environment variables may override and which holds no secrets.
//
//	c, err := configs.Load("creditbank.yaml", os.Getenv)
//	secrets, err := c.Secrets()
//
// Reading is strict. An unknown key, a wrong type, a value out of range and
// values that exclude each other are reported all at once, each with file, line
// and column, or with the variable it came from, in Chinese and English.
//
// The variable that overrides a key is its path in capitals: limits.body_bytes
// is CREDITBANK_LIMITS_BODY_BYTES, and elements of a list stand between commas.
// An empty variable overrides nothing.
//
// [Example] is the file with every key, what it means and its default. To add a
// key, add a field with its tags and doc, its default in [Default], and its
// place in creditbank.yaml; the tests of this package say what is missing.
package configs
