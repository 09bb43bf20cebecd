package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"creditbank/certify"
)

// maxFile bounds what is read; certify refuses more anyway.
const maxFile = certify.MaxSize + 1

// An input is one certificate with what belongs to it.
type input struct {
	bundle  certify.Bundle
	trust   *certify.Trust
	trusted trusted
}

// trusted says where the trust came from.
type trusted struct {
	File        string `json:"file"`
	Fingerprint string `json:"fingerprint"`
	Beside      bool   `json:"beside"`
}

// gather reads the files of a certificate: those named by flags must be there,
// those beside it may be.
func gather(o options, name string) (input, error) {
	var in input
	var err error
	if in.bundle.Credential, err = read(name); err != nil {
		return input{}, err
	}
	dir, base := filepath.Split(name)
	stem := filepath.Join(dir, strings.TrimSuffix(base, filepath.Ext(base)))
	if in.bundle.Proof, _, err = find(o.proof, stem+".tlog-proof"); err != nil {
		return input{}, err
	}
	if in.bundle.Status, _, err = find(o.status, statusNames(dir, in.bundle.Credential)...); err != nil {
		return input{}, err
	}
	data, from, err := find(o.trust, filepath.Join(dir, "trust.json"))
	if err != nil {
		return input{}, err
	}
	if data == nil { // trust nobody: the report says what could not be checked
		in.trust, err = certify.NewTrust(certify.TrustSpec{})
		return in, err
	}
	if in.trust, err = certify.ParseTrust(data); err != nil {
		return input{}, fmt.Errorf("%s: %w", from, err)
	}
	in.trusted = trusted{File: from, Fingerprint: in.trust.Fingerprint(), Beside: o.trust == ""}
	return in, nil
}

// statusNames returns where the status list of a credential may lie. The name
// from the credential is cut to its last part, so it cannot point elsewhere.
func statusNames(dir string, credential []byte) []string {
	var c struct {
		Status struct {
			List string `json:"statusListCredential"`
		} `json:"credentialStatus"`
	}
	var names []string
	if err := json.Unmarshal(credential, &c); err == nil && c.Status.List != "" {
		if last := path.Base(c.Status.List); filepath.IsLocal(last) && last != "." && !strings.ContainsAny(last, `/\`) {
			names = append(names, filepath.Join(dir, last), filepath.Join(dir, last+".json"))
		}
	}
	return append(names, filepath.Join(dir, "status.json"))
}

// find reads the file named by a flag, or else the first that is there. No file
// is nil and no error.
func find(flag string, beside ...string) (data []byte, name string, err error) {
	if flag != "" {
		data, err = read(flag)
		return data, flag, err
	}
	for _, name := range beside {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		data, err := read(name)
		return data, name, err
	}
	return nil, "", nil
}

func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}
