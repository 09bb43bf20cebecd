package creditbank

import (
	"fmt"
	"strings"
)

// A RuleChange is one difference between two versions of the rules.
type RuleChange struct {
	Kind       string        // "rule", "programme", or "set" for what is about all rules
	ID         string        // of the rule or programme, "" for the set
	Version    int           // of a rule that has several with windows of their own
	Title      Text          // as it is after, or was before where it is gone
	Change     ChangeKind    // added, removed or changed
	Programmes []ProgrammeID // that it grants in, before and after; none for a recognition rule
	Fields     []FieldChange // in the order of the files
}

// Kinds of what changes.
const (
	ChangedRule      = "rule"
	ChangedProgramme = "programme"
	ChangedSet       = "set"
)

// A ChangeKind says what became of something.
type ChangeKind string

// The kinds of change.
const (
	ChangeAdded   ChangeKind = "added"
	ChangeRemoved ChangeKind = "removed"
	ChangeChanged ChangeKind = "changed"
)

// Text returns what k is called.
func (k ChangeKind) Text() Text {
	return textOf(map[ChangeKind]Text{ChangeAdded: {"新增", "added"}, ChangeRemoved: {"删除", "removed"}, ChangeChanged: {"修改", "changed"}}, k)
}

// A FieldChange is one field that says something else, as people wrote it. Old is
// "" where there was none before, New where there is none any more.
type FieldChange struct {
	Path  string // as in the file: "grant[T-A1].credits"
	Label Text   // the same in words
	Old   string
	New   string
}

// Text names what changed: "规则 R05 修改", "rule R05 changed".
func (c RuleChange) Text() Text {
	kind := textOf(map[string]Text{ChangedRule: {"规则", "rule"}, ChangedProgramme: {"专业", "programme"}, ChangedSet: {"规则集", "rule set"}}, c.Kind)
	id := c.ID
	if id != "" {
		id = " " + id
	}
	if c.Version > 0 {
		kind, id = Text{kind.ZH + id + fmt.Sprintf("（版本%d）", c.Version), kind.EN + id + fmt.Sprintf(" (version %d)", c.Version)}, ""
	}
	return Text{kind.ZH + id + " " + c.Change.Text().ZH, kind.EN + id + " " + c.Change.Text().EN}
}

// RuleChanges returns what changed from one published version of the rules to
// another; from may be 0, before there were any.
func (b *Bank) RuleChanges(from, to int) ([]RuleChange, error) {
	if err := b.canMake(); err != nil {
		return nil, err
	}
	cat := b.Catalogue()
	after, err := cat.RuleSet(to)
	if err != nil {
		return nil, err
	}
	before, err := cat.bodyOf(from)
	if err != nil {
		return nil, err
	}
	return b.maker.Changes(before, after.Body)
}

// bodyOf returns the document of a version, nil for version 0.
func (c *Catalogue) bodyOf(version int) ([]byte, error) {
	if version == 0 {
		return nil, nil
	}
	r, err := c.RuleSet(version)
	return r.Body, err
}

// mostNamed bounds how many changes a message names.
const mostNamed = 10

// named lists changes in a message.
func named(changes []RuleChange) Text {
	var zh, en []string
	for i, c := range changes {
		if i == mostNamed {
			zh, en = append(zh, fmt.Sprintf("等共%d处", len(changes))), append(en, fmt.Sprintf("%d in all", len(changes)))
			break
		}
		zh, en = append(zh, c.Text().ZH), append(en, c.Text().EN)
	}
	return Text{strings.Join(zh, "、"), strings.Join(en, ", ")}
}
