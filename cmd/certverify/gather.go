package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	// A token in a file of its own often ends with a line break, which is none of it.
	if certify.FormOf(in.bundle.Credential) != certify.FormJSON {
		in.bundle.Credential = bytes.TrimRight(in.bundle.Credential, "\r\n")
	}
	dir, base := filepath.Split(name)
	stem := filepath.Join(dir, strings.TrimSuffix(base, filepath.Ext(base)))
	if in.bundle.Proof, _, err = find(o.proof, stem+".tlog-proof"); err != nil {
		return input{}, err
	}
	if in.bundle.Status, _, err = find(o.status, statusNames(dir, in.bundle.Credential)...); err != nil {
		return input{}, err
	}
	data, from, err := find(o.trust, filepath.Join(dir, "trust.json"), filepath.Join(dir, sidecars, "trust.json"))
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

// sidecars is the folder beside the certificates that holds what several of
// them share, so that the certificates stand alone in theirs.
const sidecars = "verify"

// statusNames returns where the status list of a credential may lie, the
// likeliest first: what is named status*.json beside it or in its folder of
// sidecars and says it is the list that the credential names.
func statusNames(dir string, credential []byte) []string {
	var names []string
	if _, list := certify.Names(credential); list != "" {
		for _, name := range candidates(dir) {
			if listID(name) == list {
				names = append(names, name)
			}
		}
	}
	return append(names, filepath.Join(dir, "status.json"))
}

// maxCandidates bounds the files looked into for a status list.
const maxCandidates = 1000

// candidates lists the files that may be status lists.
func candidates(dir string) []string {
	var names []string
	for _, folder := range []string{dir, filepath.Join(dir, sidecars)} {
		found, err := filepath.Glob(filepath.Join(globEscape(folder), "status*.json"))
		if err == nil {
			names = append(names, found...)
		}
	}
	return names[:min(len(names), maxCandidates)]
}

// globEscape keeps the characters of a folder's name from being a pattern.
func globEscape(name string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(name)
}

// listID returns the id of the credential in a file, or "".
func listID(name string) string {
	data, err := read(name)
	if err != nil {
		return ""
	}
	var c struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(data, &c) != nil {
		return ""
	}
	return c.ID
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
