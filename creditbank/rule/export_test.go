package rule

import (
	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// KnownKeys reads files and tells of each mapping that is read: its file and
// path, and the keys that are known there.
func KnownKeys(files Files, observe func(file, path string, known []string)) {
	var problems creditbank.Problems
	in := func(file string) strictyaml.Observer {
		return func(path string, known []string) { observe(file, path, known) }
	}
	set := &Set{byID: map[creditbank.RuleID]*Rule{}, versions: map[creditbank.RuleID][]*Rule{}, programmes: map[creditbank.ProgrammeID]creditbank.Programme{}}
	p := &parser{set: set, problems: &problems, places: map[creditbank.RuleID]creditbank.Place{}, versions: map[*Rule]creditbank.Place{}}
	p.programmes(strictyaml.ParseObserved(ProgrammesFile, files.Programmes, &problems, in(ProgrammesFile)))
	p.rules(strictyaml.ParseObserved(RulesFile, files.Rules, &problems, in(RulesFile)))
}

// Cycles returns the cycles among conversions, each given by the slots it takes
// from and the slots it grants into.
func Cycles(wires ...[2][]creditbank.SlotID) [][]int {
	takes, gives := make([][]port, len(wires)), make([][]port, len(wires))
	for i, w := range wires {
		for _, s := range w[0] {
			takes[i] = append(takes[i], port{programme: "P", slot: s})
		}
		for _, s := range w[1] {
			gives[i] = append(gives[i], port{programme: "P", slot: s})
		}
	}
	return cyclesOf(takes, gives)
}
