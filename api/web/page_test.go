package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// policy is the one that every page has: nothing inline, nothing from elsewhere.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// checkPage holds what every page must be: it is called on each that any test
// sees.
func checkPage(t testing.TB, b *browser) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
		"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8",
	} {
		if got := b.header.Get(name); got != want {
			t.Errorf("%s: %s: %q, want %q", b.address.Path, name, got, want)
		}
	}
	if b.header.Get("X-Request-Id") == "" {
		t.Errorf("%s has no request id", b.address.Path)
	}
	for _, fault := range faults(b.doc) {
		t.Errorf("%s: %s\n%s", b.address.Path, fault, b.body)
	}
	if unclosed := unbalanced(b.body); unclosed != "" {
		t.Errorf("%s: %s", b.address.Path, unclosed)
	}
}

// faults lists what is wrong with a page for those who cannot see it, and what
// the policy would keep from working.
func faults(doc *html.Node) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	tag := func(names ...string) []*html.Node {
		return all(doc, func(n *html.Node) bool { return slices.Contains(names, n.Data) })
	}
	for name, want := range map[string]int{"html": 1, "h1": 1, "main": 1, "title": 1, "nav": 1} {
		if n := len(tag(name)); n != want {
			say("%d elements %s", n, name)
		}
	}
	if lang := attr(tag("html")[0], "lang"); lang != "zh-CN" && lang != "en" {
		say("lang is %q", lang)
	}
	ids := map[string]int{}
	for _, n := range all(doc, func(n *html.Node) bool { return has(n, "id") }) {
		if ids[attr(n, "id")]++; ids[attr(n, "id")] > 1 {
			say("two elements have the id %s", attr(n, "id"))
		}
	}
	labels := map[string]bool{}
	for _, n := range tag("label") {
		labels[attr(n, "for")] = text(n) != ""
	}
	for _, n := range tag("input", "textarea", "select") {
		if attr(n, "type") != "hidden" && !labels[attr(n, "id")] {
			say("no label for %s", attr(n, "name"))
		}
	}
	for _, n := range tag("a", "button", "h1", "h2", "h3", "th", "label", "title") {
		if text(n) == "" {
			say("an empty %s", n.Data)
		}
	}
	for _, n := range tag("script", "style", "iframe", "object") {
		say("an element %s", n.Data)
	}
	for _, n := range all(doc, func(*html.Node) bool { return true }) {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				say("an attribute %s of %s", a.Key, n.Data)
			}
			if slices.Contains([]string{"aria-describedby", "aria-labelledby"}, a.Key) {
				for id := range strings.FieldsSeq(a.Val) {
					if ids[id] == 0 {
						say("%s names %s, which is not there", a.Key, id)
					}
				}
			}
			if a.Key == "href" && strings.HasPrefix(a.Val, "#") && ids[a.Val[1:]] == 0 {
				say("a link to %s, which is not there", a.Val)
			}
		}
	}
	if !slices.ContainsFunc(tag("meta"), func(n *html.Node) bool { return attr(n, "name") == "viewport" }) {
		say("no viewport")
	}
	if first := tag("a"); len(first) == 0 || attr(first[0], "href") != "#main" {
		say("the first link does not skip to the content")
	}
	last := 0
	for _, n := range tag("h1", "h2", "h3") {
		level := int(n.Data[1] - '0')
		if level > last+1 {
			say("a heading %s after h%d", n.Data, last)
		}
		last = level
	}
	return found
}

// void are the elements that have no end.
var void = []string{"meta", "link", "input", "br"}

// unbalanced reports elements that are not closed in the order in which they
// were opened: the parser would mend them silently.
func unbalanced(body string) string {
	var open []string
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				return "not closed: " + strings.Join(open, " ")
			}
			return ""
		case html.StartTagToken:
			if name, _ := z.TagName(); !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				return fmt.Sprintf("</%s> closes %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}
