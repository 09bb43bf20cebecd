package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// An edition is one version of the rules, taken apart for comparing: what people
// wrote, and what it means.
type edition struct {
	set        *Set
	top        []strictyaml.Leaf // what is about all rules
	rules      []piece
	programmes []piece
}

// A piece is a rule or a programme.
type piece struct {
	kind    string
	id      string
	version int // of a rule that has several
	title   creditbank.Text
	within  []creditbank.ProgrammeID
	leaves  []strictyaml.Leaf
	means   []byte // canonical
}

// Changes implements [creditbank.RuleMaker]. What is written otherwise and means
// the same is no change.
func (Maker) Changes(before, after []byte) ([]creditbank.RuleChange, error) {
	old, err := readEdition(before)
	if err != nil {
		return nil, err
	}
	now, err := readEdition(after)
	if err != nil {
		return nil, err
	}
	var changes []creditbank.RuleChange
	if fields := fieldChanges(old.top, now.top); len(fields) > 0 && old.set != nil {
		changes = append(changes, creditbank.RuleChange{Kind: creditbank.ChangedSet, Change: creditbank.ChangeChanged, Fields: fields})
	}
	changes = append(changes, pieceChanges(old.programmes, now.programmes)...)
	return append(changes, pieceChanges(old.rules, now.rules)...), nil
}

func readEdition(body []byte) (edition, error) {
	if body == nil {
		return edition{}, nil
	}
	loaded, err := Load(0, body)
	if err != nil {
		return edition{}, err
	}
	e := edition{set: loaded.(*Set)}
	files, err := Source(body)
	if err != nil {
		return edition{}, err
	}
	var problems creditbank.Problems // none: it was loaded
	for _, key := range strictyaml.Parse(RulesFile, files.Rules, &problems).Keys() {
		if key.Name == "rules" {
			e.rules, err = e.rulePieces(key.List())
		} else {
			e.top = append(e.top, within(key.Name, key.Leaves(naming...))...)
		}
		if err != nil {
			return edition{}, err
		}
	}
	for _, key := range strictyaml.Parse(ProgrammesFile, files.Programmes, &problems).Keys() {
		if key.Name == "programmes" {
			e.programmes, err = e.programmePieces(key.List())
		} else {
			e.top = append(e.top, within(key.Name, key.Leaves(naming...))...)
		}
		if err != nil {
			return edition{}, err
		}
	}
	return e, nil
}

// naming are the keys by which elements of lists are called.
var naming = []string{"id", "slot", "course", "code", "name"}

// within puts a key before the paths of its leaves.
func within(key string, leaves []strictyaml.Leaf) []strictyaml.Leaf {
	for i, l := range leaves {
		switch {
		case l.Path == "", strings.HasPrefix(l.Path, "["):
			leaves[i].Path = key + l.Path
		default:
			leaves[i].Path = key + "." + l.Path
		}
	}
	return leaves
}

func (e edition) rulePieces(nodes []strictyaml.Node) ([]piece, error) {
	var all []piece
	for i, n := range nodes {
		if i >= len(e.set.rules) {
			break
		}
		r := e.set.rules[i]
		means, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.ID, err)
		}
		p := piece{kind: creditbank.ChangedRule, id: string(r.ID), version: r.Version, title: r.Title, leaves: n.Leaves(naming...), means: means}
		if id := r.programme(); id != "" {
			p.within = []creditbank.ProgrammeID{id}
		}
		p.leaves = append(p.leaves, e.standingLeaves(r)...)
		for _, l := range p.leaves[len(p.leaves)-2:] {
			p.means = append(p.means, l.Text...)
		}
		all = append(all, p)
	}
	return all, nil
}

// standingLeaves returns what a version says beside its files of whether a rule
// may be used, as if it stood in the file.
func (e edition) standingLeaves(r *Rule) []strictyaml.Leaf {
	suspended, retired := strictyaml.Leaf{Path: "suspended"}, strictyaml.Leaf{Path: "retired"}
	if s, ok := e.set.standing.Suspension(r.ID, r.programme()); ok {
		suspended.Text = s.Since.String() + " " + s.Reason
	}
	if x, ok := e.set.standing.Retirement(r.ID, r.programme()); ok {
		retired.Text = x.Through.String() + " " + x.Reason
	}
	return []strictyaml.Leaf{suspended, retired}
}

func (e edition) programmePieces(nodes []strictyaml.Node) ([]piece, error) {
	var all []piece
	for i, n := range nodes {
		if i >= len(e.set.order) {
			break
		}
		pr := e.set.programmes[e.set.order[i]]
		means, err := json.Marshal(pr)
		if err != nil {
			return nil, fmt.Errorf("programme %s: %w", pr.ID, err)
		}
		all = append(all, piece{
			kind: creditbank.ChangedProgramme, id: string(pr.ID), title: pr.Title, within: []creditbank.ProgrammeID{pr.ID}, leaves: n.Leaves(naming...), means: means,
		})
	}
	return all, nil
}

// pieceChanges compares pieces: those that are there now in their order, then
// those that are gone.
func pieceChanges(before, after []piece) []creditbank.RuleChange {
	var changes []creditbank.RuleChange
	find := func(in []piece, like piece) (piece, bool) {
		i := slices.IndexFunc(in, func(p piece) bool { return p.id == like.id && p.version == like.version })
		if i < 0 {
			return piece{}, false
		}
		return in[i], true
	}
	for _, now := range after {
		old, known := find(before, now)
		change := creditbank.ChangeAdded
		if known {
			change = creditbank.ChangeChanged
		}
		fields := fieldChanges(old.leaves, now.leaves)
		if known && (len(fields) == 0 || bytes.Equal(old.means, now.means)) {
			continue
		}
		programmes := slices.Compact(slices.Concat(old.within, now.within))
		changes = append(changes, creditbank.RuleChange{Kind: now.kind, ID: now.id, Version: now.version, Title: now.title, Change: change, Programmes: programmes, Fields: fields})
	}
	for _, old := range before {
		if _, still := find(after, old); !still {
			changes = append(changes, creditbank.RuleChange{
				Kind: old.kind, ID: old.id, Version: old.version, Title: old.title, Change: creditbank.ChangeRemoved, Programmes: old.within, Fields: fieldChanges(old.leaves, nil),
			})
		}
	}
	return changes
}

// fieldChanges compares leaves by their paths.
func fieldChanges(before, after []strictyaml.Leaf) []creditbank.FieldChange {
	old, now := byPath(before), byPath(after)
	var fields []creditbank.FieldChange
	for _, l := range after {
		if was := old[l.Path]; was != l.Text {
			fields = append(fields, creditbank.FieldChange{Path: l.Path, Label: label(l.Path), Old: was, New: l.Text})
		}
	}
	for _, l := range before {
		if _, still := now[l.Path]; !still && l.Text != "" {
			fields = append(fields, creditbank.FieldChange{Path: l.Path, Label: label(l.Path), Old: l.Text})
		}
	}
	return fields
}

func byPath(leaves []strictyaml.Leaf) map[string]string {
	m := make(map[string]string, len(leaves))
	for _, l := range leaves {
		m[l.Path] = l.Text
	}
	return m
}
