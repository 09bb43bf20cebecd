// Command certverify checks certificates of the credit bank without a network
// and without the bank.
//
//	certverify [--trust FILE] [--status FILE] [--proof FILE] [--json] [--at DATE] FILE…
//
// A certificate is JSON, an Open Badges JWT or an SD-JWT VC.
//
// For each certificate it prints one line a check, in Chinese and English, and
// a verdict. What is not given by a flag is looked for beside the certificate:
//
//   - the log proof: <name>.tlog-proof, where the certificate is <name>.json, .jwt or .sd-jwt
//   - the status list: the status*.json, there or in a folder "verify", that says
//     it is the list which the certificate names; else status.json
//   - the trust: trust.json, there or in "verify"
//
// Trust that came with the certificate is worth what its sender is worth: the
// program says so and prints the fingerprint to compare with a published one.
//
// # Exit codes
//
//	0  every certificate is valid
//	1  a certificate is invalid
//	2  wrong usage, or a file could not be read
//	3  none is invalid, but something could not be checked
//
// # JSON
//
// With --json, one document is printed:
//
//	{"certificates": [{"file": "a.json",
//	    "trust": {"file": "trust.json", "fingerprint": "ab12-…", "beside": true},
//	    "verdict": "valid", "at": "…", "credential": {…},
//	    "checks": [{"name": "format", "result": "ok", "code": "format_ok", "zh": "…", "en": "…"}, …]}]}
//
// beside is true if the trust file was found beside the certificate and not
// named by --trust; file is empty if there is none. The rest is a Report of
// package certify.
package main

import (
	"os"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, time.Now))
}
